import { describeError } from '../../../shared/logger.ts'
import type { IngestionContext } from './ingestion.model.ts'
import { hasEnded } from './ingestions.lifecycle.ts'
import { findIngestionById } from './ingestions.repository.ts'
import type { IngestionRow } from './ingestions.table.ts'
import { runIngestion } from './run-ingestion.ts'

const pollMs = 150

/**
 * Runs an upload within a request for at most `waitSeconds`, and answers how far it came. What is left when the time is
 * over goes on through the queue; a step that is under way is kept alive by `keepAlive`, or taken up by the sweep.
 */
export async function awaitIngestion(
  context: IngestionContext,
  upload: {
    id: string
    waitSeconds: number
    keepAlive: (work: Promise<unknown>) => void
  },
): Promise<IngestionRow | null> {
  const untilMs = context.clock.nowMs() + upload.waitSeconds * 1000
  if (upload.waitSeconds === 0) {
    await handOver(context, upload.id, 0)
    return findIngestionById(context.database, upload.id)
  }
  const run = runHere(context, { id: upload.id, untilMs })
  upload.keepAlive(run)
  await Promise.race([run, scheduler.wait(upload.waitSeconds * 1000)])
  for (;;) {
    const row = await findIngestionById(context.database, upload.id)
    if (row === null || hasEnded(row.state) || context.clock.nowMs() >= untilMs) return row
    await scheduler.wait(pollMs)
  }
}

async function runHere(
  context: IngestionContext,
  run: { id: string; untilMs: number },
): Promise<void> {
  const verdict = await runIngestion(context, run)
  if (verdict.kind === 'again') await handOver(context, run.id, verdict.delaySeconds)
}

/** A message that cannot be sent now is sent by the sweep. */
async function handOver(
  context: IngestionContext,
  id: string,
  delaySeconds: number,
): Promise<void> {
  try {
    await context.sendUploads([id], { delaySeconds })
  } catch (error) {
    context.logger.warn('ingestion.send_failed', { uploadId: id, ...describeError(error) })
  }
}
