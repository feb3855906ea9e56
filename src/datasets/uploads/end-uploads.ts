import { createAmount } from '../../ledger/amounts.ts'
import type { LedgerClient } from '../../ledger/ledger.client.ts'
import { uploadPrefix } from '../../media/keys.ts'
import type { MediaStore } from '../../media/store.ts'
import type { Database } from '../../shared/database.ts'
import { describeError, type Logger } from '../../shared/logger.ts'
import { releaseFilesOf } from '../file-uploads/take-file-upload.ts'
import { tidyUpload } from './tidy-upload.ts'
import { abandonUncommitted } from './uploads.repository.ts'
import { uploadIdOf } from './uploads.rules.ts'

export interface EndUploadsContext {
  readonly database: Database
  readonly ledger: Pick<LedgerClient, 'settle' | 'release'>
  readonly media: Pick<MediaStore, 'list' | 'deleteMany' | 'deletePrefix'>
  readonly nowMs: number
  readonly logger: Logger
}

export interface OpenUploadReservation {
  readonly userId: string
  readonly operationId: string
  readonly reservationId: string
}

/**
 * Ends uploads of which nobody knows how far they came: one that became data is tidied and paid for; any other is given
 * up, so that it never can, its objects are deleted, its files in parts given back and its tokens returned. Doing it again
 * changes nothing. One that cannot be ended keeps no other from it, and is left to the next sweep.
 */
export async function endCutOffUploads(
  context: EndUploadsContext,
  reservations: readonly OpenUploadReservation[],
): Promise<void> {
  const committed = await abandonUncommitted(context.database, {
    operationIds: reservations.map((reservation) => reservation.operationId),
    nowMs: context.nowMs,
  })
  for (const reservation of reservations) {
    const { operationId } = reservation
    const price = committed.get(operationId)
    context.logger.warn('upload.cut_off', { operationId, becameData: price !== undefined })
    try {
      await endReservation(context, reservation, price)
    } catch (error) {
      context.logger.error('upload.not_ended', { operationId, ...describeError(error) })
    }
  }
}

/** @param price in thousandths of a token; undefined where the upload never became data. */
async function endReservation(
  context: EndUploadsContext,
  { userId, operationId, reservationId }: OpenUploadReservation,
  price: number | undefined,
): Promise<void> {
  const { ledger, media } = context
  const upload = { userId, uploadId: uploadIdOf(operationId) }
  if (price !== undefined) {
    await tidyUpload(context, upload)
    await ledger.settle(userId, { reservationId, spent: createAmount(price) })
    return
  }
  await media.deletePrefix(uploadPrefix(upload))
  await releaseFilesOf(context, upload)
  await ledger.release(userId, { reservationId, reason: 'The upload was cut off' })
}
