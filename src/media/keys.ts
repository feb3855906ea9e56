import { isUuid } from '../shared/ids.ts'

/** The extensions that a stored object can have: decided by a file's bytes, never taken from its name. */
const storedExtensions = ['png', 'jpg', 'webp', 'mp4', 'mov', 'avi', 'mkv', 'webm', 'zip'] as const

export type StoredExtension = (typeof storedExtensions)[number]

export interface UploadPlace {
  readonly userId: string
  readonly uploadId: string
}

export interface InferencePlace {
  readonly userId: string
  readonly inferenceId: string
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const datasetFileName = new RegExp(`^${uuid}_${uuid}\\.(${storedExtensions.join('|')})$`)

/** What the keys of everything that one upload stores begin with: what a sweep deletes. */
export function uploadPrefix({ userId, uploadId }: UploadPlace): string {
  return `datasets/${ensureUuid(userId)}/${ensureUuid(uploadId)}_`
}

/**
 * The key of an uploaded file. Its last segment begins with the upload's id, so that the name alone tells the key;
 * `fileId` tells the files of one upload apart. Throws a RangeError where an id is no UUID.
 */
export function datasetKey(
  place: UploadPlace & { readonly fileId: string; readonly extension: StoredExtension },
): string {
  return `${uploadPrefix(place)}${ensureUuid(place.fileId)}.${ensureExtension(place.extension)}`
}

/** The key of a user's uploaded file by its last segment alone; null where that is none of ours. */
export function datasetKeyOf(file: {
  readonly userId: string
  readonly fileName: string
}): string | null {
  if (!datasetFileName.test(file.fileName)) return null
  return `datasets/${ensureUuid(file.userId)}/${file.fileName}`
}

/** The folder of everything that one inference writes. */
export function inferencePrefix({ userId, inferenceId }: InferencePlace): string {
  return `inferences/${ensureUuid(userId)}/${ensureUuid(inferenceId)}/`
}

/**
 * What the keys of one inference's results begin with; the rest is the upload's id, the item's position and the
 * extension: `<uploadId>_<position>.png`.
 */
export function resultPrefix(place: InferencePlace): string {
  return `${inferencePrefix(place)}processed_`
}

/** The key of a stretch of a result video, which is deleted when the video is made. */
export function segmentKey(
  place: InferencePlace & { readonly videoId: string; readonly firstPosition: number },
): string {
  return `${inferencePrefix(place)}segment_${ensureUuid(place.videoId)}_${place.firstPosition}.mp4`
}

/** A file that is sent in parts. */
export interface FileUploadPlace {
  readonly userId: string
  readonly fileUploadId: string
}

/** What the keys of all parts of all files begin with. */
export const partsRoot = 'parts/'

/** The folder of one file's parts. */
export function fileUploadPrefix({ userId, fileUploadId }: FileUploadPlace): string {
  return `${partsRoot}${ensureUuid(userId)}/${ensureUuid(fileUploadId)}/`
}

/** The key of a part, numbered from 1 to 99999: the order of the keys is that of the parts. */
export function partKey(place: FileUploadPlace & { readonly number: number }): string {
  const { number } = place
  if (!Number.isInteger(number) || number < 1 || number > 99_999) {
    throw new RangeError(`${number} is no number of a part`)
  }
  return `${fileUploadPrefix(place)}${String(number).padStart(5, '0')}`
}

/** The last segment of a key. */
export function fileNameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

function ensureUuid(id: string): string {
  if (!isUuid(id)) throw new RangeError(`'${id}' is not a UUID`)
  return id.toLowerCase()
}

function ensureExtension(extension: StoredExtension): StoredExtension {
  if (!storedExtensions.includes(extension))
    throw new RangeError(`'${extension}' cannot be an extension`)
  return extension
}
