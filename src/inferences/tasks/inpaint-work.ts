import type { PresignedUrls } from '../../media/presigned.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../shared/database.ts'
import type { Logger } from '../../shared/logger.ts'
import { sequenceRunMsMax, taskRunMsMax } from '../inferences.lifecycle.ts'
import type { ClaimedTask } from './claims.repository.ts'
import type { InferenceServiceClient, ItemOutcome } from './inference-service.client.ts'
import { createInpaintRequest } from './inpaint-request.ts'
import { keepLease } from './keep-lease.ts'
import { createOutcomeLog } from './outcome-log.ts'
import { findSequence } from './sequences.repository.ts'
import type { TaskError, TaskWork } from './task-work.ts'
import { taskReasons } from './tasks.errors.ts'

export interface InpaintContext {
  readonly database: Database
  readonly service: InferenceServiceClient
  readonly presignedUrls: PresignedUrls
  readonly clock: Clock
  readonly logger: Logger
}

const unanswered: TaskError = {
  code: taskReasons.code('task.item_unanswered'),
  message:
    'The inference service did not say what became of this item; it was refunded. Start a new inference for it.',
}

/** Has a task's items inpainted; those that ended are not asked for again. */
export function createInpaintWork(context: InpaintContext, task: ClaimedTask): TaskWork {
  const log = createOutcomeLog({ database: context.database, holder: task, clock: context.clock })
  const fail = (error: TaskError) => {
    const outcomes = log.takeRest()
    const left = task.items.filter((item) => !log.has(item.position))
    const failed = left.map((item) => ({ ...error, position: item.position }))
    return {
      kind: 'inpainted' as const,
      outcomes: { ...outcomes, failed: [...outcomes.failed, ...failed] },
    }
  }

  return {
    fail,
    end: () => fail(unanswered),
    takeRest: log.takeRest,
    async run() {
      if (task.items.length === 0) return { kind: 'ended' }
      const retryable: string[] = []
      const onItem = async (outcome: ItemOutcome) => {
        if (outcome.status === 'failed' && outcome.error.retryable) {
          retryable.push(outcome.error.code)
        } else await log.add(outcome)
      }
      const sequence = task.frameCount > 0 ? await findSequence(context.database, task) : null
      const runMsMax = sequence === null ? taskRunMsMax.inpaint : sequenceRunMsMax
      const request = await createInpaintRequest(context, task, {
        sequence,
        expiresInSeconds: Math.ceil(runMsMax / 1000),
      })
      const end = await keepLease(
        context,
        task,
        (signal) => context.service.inpaint(request, { signal, onItem }),
        runMsMax,
      )
      const [reason] = retryable
      return end.kind === 'ended' && reason !== undefined
        ? { kind: 'broken', reason, code: reason }
        : end
    },
  }
}
