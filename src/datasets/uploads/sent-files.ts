import type { Settings } from '../../config.ts'
import type { StoredExtension } from '../../media/keys.ts'
import { type ReceivedFile, receiveFile } from '../../media/received-file.ts'
import { detectFormat, type FileFormat, headBytes } from '../../media/stills/kind.ts'
import { createUnknownKindError, type PairFile } from '../../media/stills/still-refusals.ts'
import type { MediaStore } from '../../media/store.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../shared/database.ts'
import { isUuid } from '../../shared/ids.ts'
import { readTakenFile, type TakenFile, takeFileUpload } from '../file-uploads/take-file-upload.ts'
import type { UploadForm } from './upload-form.ts'
import { createKindUnsupportedError, uploadErrors } from './uploads.errors.ts'

/** A video or an archive that was sent in parts and is not one object yet. */
export interface FileInParts {
  readonly kind: 'video' | 'zip'
  readonly key: string
  readonly fileName: string
  readonly bytes: number
  readonly contentType: string
  readonly parts: TakenFile
}

export type SentFile = ReceivedFile | FileInParts

export interface SentFiles {
  readonly image: SentFile | null
  readonly mask: SentFile | null
}

export interface SentFilesContext {
  readonly database: Database
  readonly media: MediaStore
  readonly clock: Clock
  readonly settings: Settings
}

/**
 * The files of an upload: those that came with its form, and those that it names by the ids under which they were sent
 * in parts. Pictures among these are checked as if they came with the form. Throws `file_uploads.…`, `media.…`, `mask.…`
 * and `upload.…`; what was taken until then is in `taken`.
 */
export async function collectSentFiles(
  context: SentFilesContext,
  upload: {
    id: string
    userId: string
    form: UploadForm
    createKey: (extension: StoredExtension) => string
    /** Grows by the id of each file that is taken. */
    taken: string[]
  },
): Promise<SentFiles> {
  const { form } = upload
  const image = form.image ?? (await readReference(context, upload, 'image'))
  const wantsMask = image?.kind !== 'zip'
  const mask = form.mask ?? (wantsMask ? await readReference(context, upload, 'mask') : null)
  return { image, mask }
}

async function readReference(
  context: SentFilesContext,
  upload: Parameters<typeof collectSentFiles>[1],
  file: PairFile,
): Promise<SentFile | null> {
  const id = upload.form.fields[file]?.trim() ?? ''
  if (id === '') return null
  if (!isUuid(id)) throw createNoFileError(file, id)
  const { userId } = upload
  const parts = await takeFileUpload(context, { userId, id, uploadId: upload.id })
  upload.taken.push(id)
  const format = await readFormatOrThrow(context.media, parts, file)
  if (file === 'mask' && format.kind === 'zip') throw createKindUnsupportedError(file, 'zip')
  if (format.kind === 'picture') return receiveParts(context, upload, { file, parts })
  return {
    kind: format.kind,
    key: upload.createKey(format.extension),
    fileName: parts.fileName,
    bytes: parts.bytes,
    contentType: format.contentType,
    parts,
  }
}

async function readFormatOrThrow(
  media: Pick<MediaStore, 'get'>,
  parts: TakenFile,
  file: PairFile,
): Promise<FileFormat> {
  const object = await media.get(parts.partKeys()[0] ?? '', { offset: 0, length: headBytes })
  const head = object ? new Uint8Array(await object.arrayBuffer()) : new Uint8Array(0)
  const format = detectFormat(head)
  if (!format) throw createUnknownKindError(file)
  return format
}

function receiveParts(
  { media, settings }: SentFilesContext,
  upload: Parameters<typeof collectSentFiles>[1],
  { file, parts }: { file: PairFile; parts: TakenFile },
): Promise<ReceivedFile> {
  const bytesMax = file === 'mask' ? settings.MASK_BYTES_MAX : settings.PICTURE_BYTES_MAX
  return receiveFile({
    file,
    fileName: parts.fileName,
    chunks: readTakenFile(media, parts),
    bytesMax,
    // The price is not reserved yet, so that nothing is stored before the file is known to be right.
    memoryBytesMax: bytesMax,
    pixelsMax: settings.PICTURE_PIXELS_MAX,
    store: media,
    createKey: upload.createKey,
  })
}

function createNoFileError(file: PairFile, value: string) {
  return uploadErrors.createError(
    'upload.files_required',
    `Both image and mask files are required: the ${file} is the text '${value.slice(0, 60)}', which is neither a file nor the id of a file that was sent in parts.`,
    { file },
  )
}
