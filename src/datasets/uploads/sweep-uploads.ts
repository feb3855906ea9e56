import { listPendingReservations } from '../../ledger/ledger.repository.ts'
import type { Clock } from '../../shared/clock.ts'
import { type EndUploadsContext, endCutOffUploads } from './end-uploads.ts'
import { hasOpenIngestion } from './ingestion/sweep.repository.ts'
import { sweepTakenFiles } from './sweep-taken-files.ts'

/** No request lives this long; a reservation this old belongs to an upload whose request died. */
const uploadLostMs = 15 * 60_000
const uploadsPerSweep = 50

/** Ends the uploads that a crash cut off, and takes from them the files that were sent in parts. */
export async function sweepUploads(
  context: Omit<EndUploadsContext, 'nowMs'> & { readonly clock: Clock },
): Promise<void> {
  const nowMs = context.clock.nowMs()
  const pending = await listPendingReservations(context.database, {
    operationType: 'dataset_upload',
    createdBeforeMs: nowMs - uploadLostMs,
    limit: uploadsPerSweep,
    // An archive or a video may take longer than any request, and ends by itself.
    unless: hasOpenIngestion(),
  })
  if (pending.length > 0) await endCutOffUploads({ ...context, nowMs }, pending)
  await sweepTakenFiles(context, { takenBeforeMs: nowMs - uploadLostMs, nowMs })
}
