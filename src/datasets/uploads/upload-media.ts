import type { TokenAmount } from '../../ledger/amounts.ts'
import type { ReceivedFile } from '../../media/received-file.ts'
import { describeError } from '../../shared/logger.ts'
import { createDatasetNotFound } from '../datasets.errors.ts'
import { findDatasetId } from '../datasets.repository.ts'
import { readDatasetNameOrThrow } from '../datasets.rules.ts'
import { deleteFilesOf, releaseFilesOf } from '../file-uploads/take-file-upload.ts'
import { ContentDigest } from './content-digest.ts'
import { beginIngestionOf } from './ingestion/begin-ingestion.ts'
import { giveUpIngestion } from './ingestion/end-ingestion.ts'
import type { IngestionContext } from './ingestion/ingestion.model.ts'
import { openIngestion } from './ingestion/ingestions.repository.ts'
import { readPairOrThrow } from './picture-pair.ts'
import { readUpload } from './read-upload.ts'
import { collectSentFiles, type SentFile, type SentFiles } from './sent-files.ts'
import { storeAll } from './store-all.ts'
import { openUpload } from './upload-transaction.ts'
import { createKindUnsupportedError, createTooSlowError, toApiError } from './uploads.errors.ts'

export interface UploadMediaContext extends IngestionContext {
  readonly nowMs: number
}

export type UploadedMedia =
  | {
      readonly kind: 'stored'
      readonly processedItems: number
      readonly spent: TokenAmount
      readonly balance: TokenAmount
    }
  /** Its files are stored, and become items step by step. */
  | { readonly kind: 'begun'; readonly uploadId: string }

export interface WantedUpload {
  readonly userId: string
  readonly request: Request
  /** Nothing was ever uploaded under it. */
  readonly uploadId?: string
  /** Awaited with the digest of what was sent, before it can become data; what it throws ends the upload. */
  readonly ensureContent?: ((digest: string) => Promise<void>) | null
}

/**
 * Takes media into a dataset. A picture and its mask are checked as they stream in, reserved, stored, made an item and
 * paid; a video or an archive is stored and begun. All of it or nothing: a refusal costs nothing and leaves nothing behind.
 */
export async function uploadMedia(
  context: UploadMediaContext,
  wanted: WantedUpload,
): Promise<UploadedMedia> {
  const { settings, database, nowMs } = context
  const { userId, uploadId: id = context.createId(), ensureContent } = wanted
  const digest = ensureContent ? new ContentDigest() : undefined
  const upload = openUpload(context, { id, userId, kind: 'image-pair', count: 1 })
  let isIngestion = false
  const openIngestionOnce = async (kind: 'zip' | 'video') => {
    isIngestion = true
    await openIngestion(database, { id: upload.id, userId, kind, nowMs })
  }
  const taken: string[] = []
  let files: Partial<SentFiles> = {}
  try {
    const form = await readUpload(wanted.request, {
      limits: {
        uploadBytesMax: settings.UPLOAD_BYTES_MAX,
        pictureBytesMax: settings.PICTURE_BYTES_MAX,
        maskBytesMax: settings.MASK_BYTES_MAX,
        pixelsMax: settings.PICTURE_PIXELS_MAX,
      },
      store: context.media,
      createKey: (_file, extension) => upload.createKey(extension),
      acceptKind(file, kind) {
        if (file === 'mask' && kind === 'zip') throw createKindUnsupportedError(file, kind)
      },
      onSpill: (_file, kind) => (kind === 'picture' ? upload.reserve() : openIngestionOnce(kind)),
      digest,
    })
    files = form
    if (digest) await ensureContent?.(digest.finish())
    const name = readDatasetNameOrThrow(form.fields.datasetName)
    files = await collectSentFiles(context, { ...upload, userId, form, taken })
    const { image, mask } = files
    if (image && image.kind !== 'picture') {
      const datasetId = await findDatasetIdOrThrow(context, { userId, name })
      await openIngestionOnce(image.kind)
      await beginIngestionOf(context, {
        uploadId: upload.id,
        datasetId,
        name,
        files: { image, mask: mask ?? null },
        fps: form.fields.fps,
      })
      return { kind: 'begun', uploadId: upload.id }
    }
    if (image && mask?.kind === 'video') throw createKindUnsupportedError('mask', 'video')
    const pair = readPairOrThrow({ image: asReceived(image), mask: asReceived(mask) })
    const datasetId = await findDatasetIdOrThrow(context, { userId, name })
    await upload.reserve()
    await storeAll([pair.image, pair.mask])
    if (!(await upload.commit({ datasetId, items: [pair.item] }))) {
      const liveId = await findDatasetId(database, { userId, name })
      throw liveId === datasetId ? createTooSlowError() : createNotFound()
    }
  } catch (error) {
    await upload.undo([asReceived(files.image), asReceived(files.mask)])
    await tryTo(context, upload.id, async () => {
      const failure = { id: upload.id, error: toApiError(error) }
      if (isIngestion && (await giveUpIngestion(context, failure))) return
      if (taken.length > 0) await releaseFilesOf(context, { userId, uploadId: upload.id })
    })
    throw error
  }
  const paid = await upload.pay()
  if (taken.length > 0) {
    await tryTo(context, upload.id, () => deleteFilesOf(context, { userId, uploadId: upload.id }))
  }
  return { kind: 'stored', processedItems: 1, ...paid }
}

/** For what changes no answer: where it fails, the sweep does it. */
async function tryTo(
  { logger }: Pick<UploadMediaContext, 'logger'>,
  uploadId: string,
  tidy: () => Promise<void>,
): Promise<void> {
  try {
    await tidy()
  } catch (error) {
    logger.warn('upload.tidied_late', { uploadId, ...describeError(error) })
  }
}

function asReceived(file: SentFile | null | undefined): ReceivedFile | null {
  return file && !('parts' in file) ? file : null
}

async function findDatasetIdOrThrow(
  { database }: Pick<UploadMediaContext, 'database'>,
  query: { userId: string; name: string },
): Promise<string> {
  const id = await findDatasetId(database, query)
  if (id === null) throw createNotFound()
  return id
}

function createNotFound() {
  return createDatasetNotFound('Dataset not found.')
}
