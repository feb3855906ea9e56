import { isUuid } from '../shared/ids.ts'

/** The extensions that a stored object can have: decided by a file's bytes, never taken from its name. */
export const storedExtensions = [
  'png',
  'jpg',
  'webp',
  'mp4',
  'mov',
  'avi',
  'mkv',
  'webm',
  'zip',
] as const

export type StoredExtension = (typeof storedExtensions)[number]

export interface UploadPlace {
  readonly userId: string
  readonly uploadId: string
}

export interface InferencePlace {
  readonly userId: string
  readonly inferenceId: string
}

const stemPattern = /^[A-Za-z0-9_-]{1,80}$/

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
  const key = `datasets/${ensureUuid(file.userId)}/${file.fileName}`
  return parseKey(key)?.area === 'datasets' ? key : null
}

/** The folder of everything that one inference writes. */
export function inferencePrefix({ userId, inferenceId }: InferencePlace): string {
  return `inferences/${ensureUuid(userId)}/${ensureUuid(inferenceId)}/`
}

/** The key of a result; `stem` is the stem of the key that it was made from. Throws a RangeError for other text. */
export function inferenceKey(
  place: InferencePlace & { readonly stem: string; readonly extension: StoredExtension },
): string {
  const stem = ensureStem(place.stem)
  return `${inferencePrefix(place)}processed_${stem}.${ensureExtension(place.extension)}`
}

export interface KeyParts {
  readonly area: 'datasets' | 'inferences'
  readonly userId: string
  /** The upload's id in `datasets`, the inference's in `inferences`. */
  readonly parentId: string
  /** The last segment: what the API calls the file. */
  readonly fileName: string
  readonly extension: StoredExtension
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const extension = storedExtensions.join('|')
const keyPatterns = {
  datasets: new RegExp(`^datasets/(${uuid})/((${uuid})_${uuid}\\.(${extension}))$`),
  inferences: new RegExp(
    `^inferences/(${uuid})/(${uuid})/(processed_[A-Za-z0-9_-]{1,80}\\.(${extension}))$`,
  ),
}

/** What a key says, or null where the text is none of our keys. */
export function parseKey(key: string): KeyParts | null {
  const upload = keyPatterns.datasets.exec(key)
  if (upload) {
    const [, userId = '', fileName = '', parentId = '', extension] = upload
    return {
      area: 'datasets',
      userId,
      parentId,
      fileName,
      extension: extension as StoredExtension,
    }
  }
  const result = keyPatterns.inferences.exec(key)
  if (!result) return null
  const [, userId = '', parentId = '', fileName = '', extension] = result
  return {
    area: 'inferences',
    userId,
    parentId,
    fileName,
    extension: extension as StoredExtension,
  }
}

/** The last segment of a key. */
export function fileNameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

/** The last segment without its extension. */
export function stemOf(key: string): string {
  const fileName = fileNameOf(key)
  const dot = fileName.lastIndexOf('.')
  return dot < 0 ? fileName : fileName.slice(0, dot)
}

function ensureUuid(id: string): string {
  if (!isUuid(id)) throw new RangeError(`'${id}' is not a UUID`)
  return id.toLowerCase()
}

function ensureStem(stem: string): string {
  if (!stemPattern.test(stem)) throw new RangeError(`'${stem}' cannot be part of a key`)
  return stem
}

function ensureExtension(extension: StoredExtension): StoredExtension {
  if (!storedExtensions.includes(extension))
    throw new RangeError(`'${extension}' cannot be an extension`)
  return extension
}
