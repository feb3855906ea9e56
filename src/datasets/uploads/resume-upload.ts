import { createAmount } from '../../ledger/amounts.ts'
import type { LedgerClient } from '../../ledger/ledger.client.ts'
import { findPendingReservation } from '../../ledger/ledger.repository.ts'
import type { Clock } from '../../shared/clock.ts'
import { releaseFilesOf } from '../file-uploads/take-file-upload.ts'
import { type EndUploadsContext, endCutOffUploads } from './end-uploads.ts'
import { cleanUpIngestion, giveUpIngestion } from './ingestion/end-ingestion.ts'
import { findIngestion } from './ingestion/ingestions.repository.ts'
import type { UploadedMedia } from './upload-media.ts'
import { createTooSlowError } from './uploads.errors.ts'
import { abandonUncommitted } from './uploads.repository.ts'
import { uploadOperationId } from './uploads.rules.ts'

export interface ResumeUploadContext extends Omit<EndUploadsContext, 'nowMs' | 'ledger' | 'media'> {
  readonly ledger: Pick<LedgerClient, 'reserveOrThrow' | 'settle' | 'release' | 'balance'>
  readonly media: Parameters<typeof cleanUpIngestion>[0]['media']
  readonly clock: Clock
}

/**
 * What became of an upload whose request broke off: its data, or how it goes on. Null where it had not come that far; it
 * never will then, whoever may still be busy with it: it is given up and its tokens and files are given back.
 */
export async function resumeUpload(
  context: ResumeUploadContext,
  upload: { readonly userId: string; readonly uploadId: string },
): Promise<UploadedMedia | null> {
  const { userId, uploadId: id } = upload
  const ingestion = await findIngestion(context.database, { id, userId })
  if (ingestion?.state === 'RECEIVING') {
    const isGivenUp = await giveUpIngestion(context, { id, error: createTooSlowError() })
    return isGivenUp ? null : resumeUpload(context, upload)
  }
  if (ingestion?.state === 'FAILED') {
    await cleanUpIngestion(context, id)
    return null
  }
  return ingestion ? { kind: 'begun', uploadId: id } : resumePicture(context, upload)
}

async function resumePicture(
  context: ResumeUploadContext,
  upload: { readonly userId: string; readonly uploadId: string },
): Promise<UploadedMedia | null> {
  const { database, ledger } = context
  const { userId, uploadId } = upload
  const nowMs = context.clock.nowMs()
  const operationId = uploadOperationId(uploadId)
  const committed = await abandonUncommitted(database, { operationIds: [operationId], nowMs })
  const pending = await findPendingReservation(database, {
    userId,
    operationType: 'dataset_upload',
    operationId,
  })
  if (pending) await endCutOffUploads({ ...context, nowMs }, [pending])
  const price = committed.get(operationId)
  if (price === undefined) {
    await releaseFilesOf({ database, nowMs }, upload)
    return null
  }
  const spent = createAmount(price)
  return { kind: 'stored', processedItems: 1, spent, balance: await ledger.balance(userId) }
}
