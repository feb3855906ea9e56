import type { Settings } from '../../config.ts'
import type { TokenAmount } from '../../ledger/amounts.ts'
import type { Database } from '../../shared/database.ts'
import { createDatasetNotFound } from '../datasets.errors.ts'
import { findDatasetId } from '../datasets.repository.ts'
import { readDatasetNameOrThrow } from '../datasets.rules.ts'
import { readPairOrThrow } from './picture-pair.ts'
import { receiveUploadForm, type UploadForm } from './upload-form.ts'
import { openUpload, type UploadContext } from './upload-transaction.ts'
import { createKindUnsupportedError, createTooSlowError } from './uploads.errors.ts'

export interface UploadMediaContext extends UploadContext {
  readonly settings: Settings
}

export interface UploadedMedia {
  readonly processedItems: number
  readonly spent: TokenAmount
  readonly balance: TokenAmount
}

/**
 * Takes a picture and its mask into a dataset: checks both as they stream in, reserves the price, stores the bytes,
 * makes them an item and pays. All of it or nothing: a refusal costs nothing and leaves nothing behind.
 */
export async function uploadMedia(
  context: UploadMediaContext,
  wanted: { userId: string; request: Request },
): Promise<UploadedMedia> {
  const { settings, database } = context
  const upload = openUpload(context, { userId: wanted.userId, kind: 'image-pair', count: 1 })
  let form: UploadForm | undefined
  try {
    form = await receiveUploadForm(wanted.request, {
      limits: {
        uploadBytesMax: settings.UPLOAD_BYTES_MAX,
        pictureBytesMax: settings.PICTURE_BYTES_MAX,
        maskBytesMax: settings.MASK_BYTES_MAX,
        pixelsMax: settings.PICTURE_PIXELS_MAX,
      },
      store: context.media,
      createKey: (_file, extension) => upload.createKey(extension),
      acceptKind(file, kind) {
        if (kind !== 'picture') throw createKindUnsupportedError(file, kind)
      },
      onSpill: upload.reserve,
    })
    const name = readDatasetNameOrThrow(form.fields.datasetName)
    const pair = readPairOrThrow(form)
    const datasetId = await findDatasetIdOrThrow(database, { userId: wanted.userId, name })
    await upload.reserve()
    await storeBoth(pair)
    if (!(await upload.commit({ datasetId, items: [pair.item] }))) {
      const liveId = await findDatasetId(database, { userId: wanted.userId, name })
      throw liveId === datasetId ? createTooSlowError() : createNotFound()
    }
  } catch (error) {
    await upload.undo([form?.image, form?.mask])
    throw error
  }
  return { processedItems: 1, ...(await upload.pay()) }
}

/** Waits for both, so that nothing is still being written when a failure is undone. */
async function storeBoth(pair: ReturnType<typeof readPairOrThrow>): Promise<void> {
  const outcomes = await Promise.allSettled([pair.image.store(), pair.mask.store()])
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

async function findDatasetIdOrThrow(
  database: Database,
  query: { userId: string; name: string },
): Promise<string> {
  const id = await findDatasetId(database, query)
  if (id === null) throw createNotFound()
  return id
}

function createNotFound() {
  return createDatasetNotFound('Dataset not found.')
}
