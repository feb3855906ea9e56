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
