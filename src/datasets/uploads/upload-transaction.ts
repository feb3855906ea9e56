import type { TokenAmount } from '../../ledger/amounts.ts'
import type { GrantedReservation, LedgerClient } from '../../ledger/ledger.client.ts'
import { type PricePlan, priceUpload, type UploadToPrice } from '../../ledger/pricing.ts'
import { datasetKey, type StoredExtension } from '../../media/keys.ts'
import type { ReceivedFile } from '../../media/received-file.ts'
import type { MediaStore } from '../../media/store.ts'
import type { Database } from '../../shared/database.ts'
import { describeError, type Logger } from '../../shared/logger.ts'
import { endCutOffUploads } from './end-uploads.ts'
import { commitUpload, type NewItem } from './uploads.repository.ts'
import { uploadOperationId } from './uploads.rules.ts'

export interface UploadContext {
  readonly database: Database
  readonly ledger: Pick<LedgerClient, 'reserveOrThrow' | 'settle' | 'release'>
  readonly media: MediaStore
  readonly pricePlan: PricePlan
  readonly createId: () => string
  readonly nowMs: number
  readonly logger: Logger
}

/** Long enough that the sweep has always decided first; the account's own alarm is the last resort. */
const reservationMs = 24 * 60 * 60_000

/**
 * One upload from its reservation to its payment:
 *
 *   reserve -> (objects are stored) -> commit -> pay
 *           -> undo, from anywhere before the commit has answered
 *
 * The commit decides. What a crash leaves before it, the sweep gives back and deletes; after it, the sweep pays.
 */
export function openUpload(
  context: UploadContext,
  wanted: UploadToPrice & { readonly id: string; readonly userId: string },
) {
  const { id, userId } = wanted
  const price = priceUpload(context.pricePlan, wanted)
  let asked: Promise<GrantedReservation> | undefined
  let granted: GrantedReservation | undefined
  let commitIsUnclear = false

  return {
    id,

    createKey: (extension: StoredExtension): string =>
      datasetKey({ userId, uploadId: id, fileId: context.createId(), extension }),

    /** Reserves the price, once however often it is asked; throws `tokens.insufficient`. */
    async reserve(): Promise<void> {
      asked ??= context.ledger.reserveOrThrow(userId, {
        operationId: uploadOperationId(id),
        operationType: 'dataset_upload',
        amount: price,
        expiresAtMs: context.nowMs + reservationMs,
      })
      granted = await asked
    },

    /** Makes the files items of the dataset; false when the dataset is gone. */
    async commit(data: { datasetId: string; items: readonly NewItem[] }): Promise<boolean> {
      if (!granted) throw new Error('An upload must be reserved before it is committed.')
      commitIsUnclear = true
      const isDone = await commitUpload(context.database, {
        id,
        userId,
        reservationId: granted.reservationId,
        price,
        nowMs: context.nowMs,
        ...data,
      })
      commitIsUnclear = false
      return isDone
    },

    /** Pays for what was committed. The tokens are gone since `reserve`: a failure here is left to the sweep. */
    async pay(): Promise<{ spent: TokenAmount; balance: TokenAmount }> {
      if (!granted) throw new Error('An upload must be reserved before it is paid.')
      try {
        const { reservationId } = granted
        const settled = await context.ledger.settle(userId, { reservationId, spent: price })
        if (settled.ok) return { spent: price, balance: settled.balance }
        context.logger.error('upload.payment_refused', { uploadId: id, code: settled.code })
      } catch (error) {
        context.logger.warn('upload.payment_late', { uploadId: id, ...describeError(error) })
      }
      return { spent: price, balance: granted.balance }
    },

    /** Leaves no object and no reservation of an upload that did not become data. Never throws: the sweep comes after it. */
    async undo(files: readonly (ReceivedFile | null | undefined)[]): Promise<void> {
      try {
        await asked?.catch(() => undefined)
        if (granted && commitIsUnclear) {
          const { reservationId } = granted
          const operationId = uploadOperationId(id)
          return await endCutOffUploads(context, [{ userId, operationId, reservationId }])
        }
        for (const file of files) await file?.discard()
        if (!granted) return
        await context.ledger.release(userId, { reservationId: granted.reservationId })
      } catch (error) {
        context.logger.warn('upload.undo_late', { uploadId: id, ...describeError(error) })
      }
    },
  }
}
