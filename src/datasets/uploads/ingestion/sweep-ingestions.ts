import { describeError } from '../../../shared/logger.ts'
import { createTooSlowError } from '../uploads.errors.ts'
import {
  cleanUpIngestion,
  createProcessingFailedError,
  type EndIngestionContext,
  giveUpIngestion,
} from './end-ingestion.ts'
import {
  ingestionDeadlineMs,
  lateWritesMs,
  receivingMsMax,
  reportDays,
} from './ingestions.lifecycle.ts'
import type { SendUploads } from './ingestions.queue.ts'
import { forgetEntriesOf, listOldReports } from './old-reports.repository.ts'
import * as repository from './sweep.repository.ts'

/** A message that was sent this long ago and began nothing is sent again. */
const messageLostMs = 45_000
/** Rows that one run deletes of reports. */
const entriesMax = 10_000
const dayMs = 24 * 60 * 60_000
/** What one run of the sweep takes on of each kind; the next minute's run goes on. */
const stepMax = 50

export interface SweepIngestionsContext extends EndIngestionContext {
  readonly sendUploads: SendUploads
  readonly createId: () => string
}

/** Goes on with, or undoes, whatever a crash or a lost message left of uploads. Running it twice changes nothing. */
export async function sweepIngestions(context: SweepIngestionsContext): Promise<void> {
  for (const step of [resend, endOverdue, cleanUpFailed, forgetOldReports]) {
    try {
      await step(context)
    } catch (error) {
      context.logger.error('sweep.step_failed', { step: step.name, ...describeError(error) })
    }
  }
}

async function resend(context: SweepIngestionsContext): Promise<void> {
  const nowMs = context.clock.nowMs()
  const lost = await repository.takeLostIngestions(context.database, {
    sentBeforeMs: nowMs - messageLostMs,
    nowMs,
    limit: stepMax,
  })
  if (lost.length > 0) await context.sendUploads(lost)
}

async function endOverdue(context: SweepIngestionsContext): Promise<void> {
  const nowMs = context.clock.nowMs()
  const overdue = await repository.listOverdueIngestions(context.database, {
    receivingBeforeMs: nowMs - receivingMsMax,
    runningBeforeMs: nowMs - ingestionDeadlineMs,
    limit: stepMax,
  })
  for (const { id, state } of overdue) {
    const error =
      state === 'RECEIVING'
        ? createTooSlowError()
        : createProcessingFailedError('it had not ended after 12 hours')
    await giveUpIngestion(context, { id, error })
  }
}

async function cleanUpFailed(context: SweepIngestionsContext): Promise<void> {
  const failed = await repository.listUncleanIngestions(context.database, {
    failedBeforeMs: context.clock.nowMs() - lateWritesMs,
    limit: stepMax,
  })
  for (const { id } of failed) await cleanUpIngestion(context, id)
}

/** Looks at reports from a random place on: each run at others, so that in time it has seen them all. */
async function forgetOldReports({
  database,
  clock,
  createId,
}: SweepIngestionsContext): Promise<void> {
  const old = await listOldReports(database, {
    after: createId(),
    endedBeforeMs: clock.nowMs() - reportDays * dayMs,
    lookedAt: stepMax,
  })
  let left = entriesMax
  for (const id of old) {
    if (left <= 0) return
    left -= await forgetEntriesOf(database, { id, limit: left })
  }
}
