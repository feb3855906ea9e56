import { uploadPrefix } from '../../../media/keys.ts'
import type { ApiError } from '../../../shared/errors.ts'
import { describeError } from '../../../shared/logger.ts'
import { releaseFileUpload } from '../../file-uploads/take-file-upload.ts'
import { uploadErrors } from '../uploads.errors.ts'
import type { IngestionContext, IngestionRequest } from './ingestion.model.ts'
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

/** Deletes what a failed upload stored and returns its tokens. Doing it again changes nothing; what fails, the sweep does. */
export async function cleanUpIngestion(context: EndIngestionContext, id: string): Promise<void> {
  const { database, ledger, media, clock, logger } = context
  try {
    const row = await findIngestionById(database, id)
    if (row?.state !== 'FAILED') return
    await media.deletePrefix(uploadPrefix({ userId: row.userId, uploadId: id }))
    const { fileUploadIds = [] } = JSON.parse(row.request) as Partial<IngestionRequest>
    for (const fileUploadId of fileUploadIds) {
      await releaseFileUpload({ database, clock }, { id: fileUploadId, uploadId: id })
    }
    if (row.reservationId !== null) {
      await ledger.release(row.userId, { reservationId: row.reservationId })
    }
    await markCleanedUp(database, { id, nowMs: clock.nowMs() })
  } catch (error) {
    logger.warn('ingestion.clean_up_late', { uploadId: id, ...describeError(error) })
  }
}

export function createProcessingFailedError(reason: string): ApiError {
  return uploadErrors.createError(
    'upload.processing_failed',
    `The upload could not be processed after several tries (${reason}); nothing was charged. Send it again later.`,
  )
}
