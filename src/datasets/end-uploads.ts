import { createAmount } from '../ledger/amounts.ts'
import type { LedgerClient } from '../ledger/ledger.client.ts'
import { uploadPrefix } from '../media/keys.ts'
import type { MediaStore } from '../media/store.ts'
import type { Database } from '../shared/database.ts'
import type { Logger } from '../shared/logger.ts'
import { abandonUncommitted } from './uploads.repository.ts'
import { uploadIdOf } from './uploads.rules.ts'

export interface EndUploadsContext {
  readonly database: Database
  readonly ledger: Pick<LedgerClient, 'settle' | 'release'>
  readonly media: Pick<MediaStore, 'deletePrefix'>
  readonly nowMs: number
  readonly logger: Logger
}

export interface OpenUploadReservation {
  readonly userId: string
  readonly operationId: string
  readonly reservationId: string
}

/**
 * Ends uploads of which nobody knows how far they came: one that became data is paid for; any other is given up, so that
 * it never can, its objects are deleted and its tokens returned. Doing it again changes nothing.
 */
export async function endCutOffUploads(
  context: EndUploadsContext,
  reservations: readonly OpenUploadReservation[],
): Promise<void> {
  const committed = await abandonUncommitted(context.database, {
    operationIds: reservations.map((reservation) => reservation.operationId),
    nowMs: context.nowMs,
  })
  for (const { userId, operationId, reservationId } of reservations) {
    const price = committed.get(operationId)
    context.logger.warn('upload.cut_off', { operationId, becameData: price !== undefined })
    if (price !== undefined) {
      await context.ledger.settle(userId, { reservationId, spent: createAmount(price) })
      continue
    }
    await context.media.deletePrefix(uploadPrefix({ userId, uploadId: uploadIdOf(operationId) }))
    await context.ledger.release(userId, { reservationId, reason: 'The upload was cut off' })
  }
}
