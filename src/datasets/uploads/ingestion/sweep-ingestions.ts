import { describeError } from '../../../shared/logger.ts'
import { createTooSlowError } from '../uploads.errors.ts'
import {
  cleanUpIngestion,
  createProcessingFailedError,
  type EndIngestionContext,
  giveUpIngestion,
} from './end-ingestion.ts'
import { ingestionDeadlineMs, receivingMsMax } from './ingestions.lifecycle.ts'
import type { SendUploads } from './ingestions.queue.ts'
import * as repository from './sweep.repository.ts'

/** A message that was sent this long ago and began nothing is sent again. */
const messageLostMs = 45_000
/** What one run of the sweep takes on of each kind; the next minute's run goes on. */
const stepMax = 50

export interface SweepIngestionsContext extends EndIngestionContext {
  readonly sendUploads: SendUploads
}

/** Goes on with, or undoes, whatever a crash or a lost message left of uploads. Running it twice changes nothing. */
export async function sweepIngestions(context: SweepIngestionsContext): Promise<void> {
  for (const step of [resend, endOverdue, cleanUpFailed]) {
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
  const failed = await repository.listUncleanIngestions(context.database, { limit: stepMax })
  for (const { id } of failed) await cleanUpIngestion(context, id)
}
