import { tellFailure } from '../../inference-service/service.errors.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../shared/database.ts'
import type { ClaimedTask } from './claims.repository.ts'
import type { ItemOutcome } from './inference-service.client.ts'
import {
  type FailedItem,
  type Outcomes,
  recordOutcomes,
  type SucceededItem,
} from './outcomes.repository.ts'

/** Gathers a task's outcomes and writes them down now and then, so that progress moves and a crash loses little. */
export interface OutcomeLog {
  /** Throws an Error when the task is no longer the holder's, so that the call is cut off. */
  add(outcome: ItemOutcome): Promise<void>
  has(position: number): boolean
  /** What was not written down yet, for the statement that ends or returns the task. */
  takeRest(): Outcomes
}

const writeEveryMs = 400

export function createOutcomeLog(options: {
  database: Database
  holder: ClaimedTask
  clock: Clock
}): OutcomeLog {
  const asked = new Set(options.holder.items.map((item) => item.position))
  const known = new Set<number>()
  let succeeded: SucceededItem[] = []
  let failed: FailedItem[] = []
  let writtenAtMs = options.clock.nowMs()

  const takeRest = (): Outcomes => {
    const rest = { succeeded, failed }
    succeeded = []
    failed = []
    return rest
  }

  return {
    takeRest,
    has: (position) => known.has(position),
    async add(outcome) {
      const position = Number(outcome.id)
      if (!asked.has(position) || known.has(position)) return
      known.add(position)
      if (outcome.status === 'succeeded') succeeded.push(toSucceeded(position, outcome))
      else {
        const { code, message } = tellFailure(outcome.error)
        failed.push({ position, code, message })
      }
      const nowMs = options.clock.nowMs()
      if (nowMs - writtenAtMs < writeEveryMs || known.size === asked.size) return
      writtenAtMs = nowMs
      const isHeld = await recordOutcomes(options.database, options.holder, takeRest(), nowMs)
      if (!isHeld) throw new Error('The task is no longer held by this run.')
    },
  }
}

function toSucceeded(
  position: number,
  outcome: ItemOutcome & { status: 'succeeded' },
): SucceededItem {
  return {
    position,
    contentType: outcome.contentType,
    width: outcome.width,
    height: outcome.height,
    sizeBytes: outcome.sizeBytes,
    sha256: outcome.sha256,
    crc32: outcome.crc32,
    joules: outcome.energy.joules,
    energyMethod: outcome.energy.method,
    inpaintMs: outcome.timings.inpaintMs,
  }
}
