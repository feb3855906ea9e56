import { createAmount } from '../../../ledger/amounts.ts'
import { uploadPrefix } from '../../../media/keys.ts'
import type { ApiError } from '../../../shared/errors.ts'
import { describeError } from '../../../shared/logger.ts'
import { releaseFilesOf } from '../../file-uploads/take-file-upload.ts'
import { tidyUpload } from '../tidy-upload.ts'
import { uploadErrors } from '../uploads.errors.ts'
import type { IngestionContext } from './ingestion.model.ts'
import { lateWritesMs } from './ingestions.lifecycle.ts'
import {
  failIngestion,
  findIngestionById,
  type IngestionFailure,
  markCleanedUp,
} from './ingestions.repository.ts'

export type EndIngestionContext = Pick<
  IngestionContext,
  'database' | 'ledger' | 'media' | 'clock' | 'logger'
>

/** Gives an upload up: nothing of it can become data any more, and nothing of it stays. False when it has ended otherwise. */
export async function giveUpIngestion(
  context: EndIngestionContext,
  upload: { id: string; leaseId?: string; error: ApiError },
): Promise<boolean> {
  const failure: IngestionFailure = {
    code: upload.error.code,
    status: upload.error.status,
    message: upload.error.message,
    details: upload.error.details,
  }
  const nowMs = context.clock.nowMs()
  const isFailed = await failIngestion(context.database, { ...upload, failure, nowMs })
  if (isFailed) await cleanUpIngestion(context, upload.id)
  return isFailed
}

/**
 * Deletes what a failed upload stored, gives its files in parts back and returns its tokens. It has ended once that was
 * done when nobody could still be writing. Doing it again changes nothing; what fails, the sweep does.
 */
export async function cleanUpIngestion(context: EndIngestionContext, id: string): Promise<void> {
  const { database, ledger, media, clock, logger } = context
  try {
    const row = await findIngestionById(database, id)
    if (row?.state !== 'FAILED') return
    const nowMs = clock.nowMs()
    const upload = { userId: row.userId, uploadId: id }
    await media.deletePrefix(uploadPrefix(upload))
    await releaseFilesOf({ database, nowMs }, upload)
    if (row.reservationId !== null) {
      await ledger.release(row.userId, { reservationId: row.reservationId })
    }
    if (nowMs > row.updatedAt + lateWritesMs) await markCleanedUp(database, id)
  } catch (error) {
    logger.warn('ingestion.clean_up_late', { uploadId: id, ...describeError(error) })
  }
}

/**
 * Tidies and pays for an upload that is committed. Doing it again changes nothing, and so does doing it for one that is
 * not; what fails, the sweep does.
 */
export async function finishIngestion(context: EndIngestionContext, id: string): Promise<void> {
  const { database, ledger, logger } = context
  try {
    const row = await findIngestionById(database, id)
    if (row?.state !== 'COMPLETED' || row.endedAt !== null || row.reservationId === null) return
    await tidyUpload(context, { userId: row.userId, uploadId: id })
    const spent = createAmount(row.spent ?? 0)
    const paid = await ledger.settle(row.userId, { reservationId: row.reservationId, spent })
    if (!paid.ok) logger.error('ingestion.payment_refused', { uploadId: id, code: paid.code })
  } catch (error) {
    logger.warn('ingestion.not_finished', { uploadId: id, ...describeError(error) })
  }
}

export function createProcessingFailedError(reason: string): ApiError {
  return uploadErrors.createError(
    'upload.processing_failed',
    `The upload could not be processed after several tries (${reason}); nothing was charged. Send it again later.`,
  )
}
