import { datasetErrors } from './datasets.errors.ts'

const datasetNameLengthMax = 255
const tagLengthMax = 100
const tagCountMax = 100

/** Neither a URL nor a person can carry control characters, nor half a surrogate pair. */
function isPrintable(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text)
}

/** The name without the spaces around it; throws unless it is text of 1 to 255 characters that can stand in a URL. */
export function readDatasetNameOrThrow(
  value: unknown,
  missing = 'Dataset name is required',
): string {
  const name = typeof value === 'string' ? value.trim() : ''
  if (name === '') throw datasetErrors.createError('datasets.name_required', missing)
  if (name.length > datasetNameLengthMax) {
    throw datasetErrors.createError(
      'datasets.name_invalid',
      `name exceeds maximum length of ${datasetNameLengthMax} characters (current: ${name.length})`,
    )
  }
  if (!isPrintable(name) || name === '.' || name === '..') {
    throw datasetErrors.createError(
      'datasets.name_invalid',
      "name must not hold control characters and must not be '.' or '..': it stands in the addresses of its files",
    )
  }
  return name
}

/** The tags as they are kept: trimmed, without blanks, repeats and what is not text; throws on a wrong list. */
export function readTagsOrThrow(value: unknown): string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) {
    throw datasetErrors.createError('datasets.tags_invalid', 'Tags must be an array of strings')
  }
  if (value.length > tagCountMax) {
    throw datasetErrors.createError(
      'datasets.tags_invalid',
      `A dataset may have at most ${tagCountMax} tags (current: ${value.length})`,
    )
  }
  value.forEach(ensureTag)
  const names = value.filter((tag): tag is string => typeof tag === 'string')
  return [...new Set(names.map((tag) => tag.trim()).filter((tag) => tag !== ''))]
}

function ensureTag(tag: unknown, index: number): void {
  if (typeof tag !== 'string') return
  if (tag.length > tagLengthMax) {
    throw datasetErrors.createError(
      'datasets.tags_invalid',
      `tags[${index}] exceeds maximum length of ${tagLengthMax} characters (current: ${tag.length})`,
    )
  }
  if (!isPrintable(tag)) {
    throw datasetErrors.createError(
      'datasets.tags_invalid',
      `tags[${index}] must not hold control characters`,
    )
  }
}

export type DatasetType = 'empty' | 'image-mask' | 'video-frames'

/** What a dataset holds: nothing, frames of videos alone, or images as well. */
export function datasetTypeOf(counts: { itemCount: number; frameCount: number }): DatasetType {
  if (counts.itemCount === 0) return 'empty'
  return counts.frameCount === counts.itemCount ? 'video-frames' : 'image-mask'
}

export interface DatasetChanges {
  readonly nameChanged: boolean
  readonly tagsChanged: boolean
  readonly previousName?: string
}

/** What an update would change; the order of tags says nothing. */
export function compareDataset(
  current: { name: string; tags: readonly string[] },
  wanted: { name: string | undefined; tags: readonly string[] | undefined },
): DatasetChanges {
  const nameChanged = wanted.name !== undefined && wanted.name !== current.name
  const tagsChanged =
    wanted.tags !== undefined &&
    [...wanted.tags].sort().join('\n') !== [...current.tags].sort().join('\n')
  return { nameChanged, tagsChanged, ...(nameChanged ? { previousName: current.name } : {}) }
}
