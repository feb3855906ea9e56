import { priceUpload, type UploadToPrice } from '../../../ledger/pricing.ts'
import { uploadOperationId } from '../uploads.rules.ts'
import type { Ingestion, IngestionContext } from './ingestion.model.ts'
import { ingestionReservationMs } from './ingestions.lifecycle.ts'

/** Reserves what the upload may cost, once however often its step is run; throws `tokens.insufficient`. */
export async function reservePrice(
  context: Pick<IngestionContext, 'ledger' | 'pricePlan'>,
  ingestion: Pick<Ingestion, 'id' | 'userId' | 'createdAt'>,
  media: UploadToPrice,
): Promise<{ id: string; amount: number }> {
  const amount = priceUpload(context.pricePlan, media)
  const { reservationId } = await context.ledger.reserveOrThrow(ingestion.userId, {
    operationId: uploadOperationId(ingestion.id),
    operationType: 'dataset_upload',
    amount,
    expiresAtMs: ingestion.createdAt + ingestionReservationMs,
  })
  return { id: reservationId, amount }
}
