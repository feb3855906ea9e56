import { createAmount } from '../ledger/amounts.ts'
import type { LedgerClient } from '../ledger/ledger.client.ts'
import { listPendingReservations } from '../ledger/ledger.repository.ts'
import { uploadPrefix } from '../media/keys.ts'
import type { MediaStore } from '../media/store.ts'
import type { Clock } from '../shared/clock.ts'
import type { Database } from '../shared/database.ts'
import type { Logger } from '../shared/logger.ts'
import { abandonUncommitted } from './uploads.repository.ts'
import { uploadIdOf } from './uploads.rules.ts'

/** No request lives this long; a reservation this old belongs to an upload whose request died. */
const uploadLostMs = 15 * 60_000
const uploadsPerSweep = 50

export interface SweepUploadsContext {
  readonly database: Database
  readonly ledger: Pick<LedgerClient, 'settle' | 'release'>
  readonly media: Pick<MediaStore, 'deletePrefix'>
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Ends the reservations of uploads that a crash cut off: one that became data is paid for, any other is given up, its
 * tokens returned and its objects deleted. Running it twice changes nothing.
 */
export async function sweepUploads(context: SweepUploadsContext): Promise<void> {
  const nowMs = context.clock.nowMs()
  const pending = await listPendingReservations(context.database, {
    operationType: 'dataset_upload',
    createdBeforeMs: nowMs - uploadLostMs,
    limit: uploadsPerSweep,
  })
  const committed = await abandonUncommitted(context.database, {
    operationIds: pending.map((reservation) => reservation.operationId),
    nowMs,
  })
  for (const { userId, operationId, reservationId } of pending) {
    const price = committed.get(operationId)
    context.logger.warn('sweep.upload_ended', { operationId, committed: price !== undefined })
    if (price !== undefined) {
      await context.ledger.settle(userId, { reservationId, spent: createAmount(price) })
      continue
    }
    await context.media.deletePrefix(uploadPrefix({ userId, uploadId: uploadIdOf(operationId) }))
    await context.ledger.release(userId, { reservationId, reason: 'The upload was cut off' })
  }
}
