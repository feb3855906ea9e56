import { isUuid } from '../../shared/ids.ts'

/** Whose a stored object is, by its key alone. */
export type KeyOwner =
  | { readonly kind: 'upload'; readonly userId: string; readonly uploadId: string }
  | { readonly kind: 'inference'; readonly userId: string; readonly inferenceId: string }
  | { readonly kind: 'part'; readonly userId: string; readonly fileUploadId: string }

/** Reads a key as `media/keys.ts` makes them; null for one that is none of them. */
export function ownerOf(key: string): KeyOwner | null {
  const [root, userId = '', third = '', ...rest] = key.split('/')
  if (!isUuid(userId)) return null
  if (root === 'datasets' && rest.length === 0) {
    const uploadId = third.slice(0, third.indexOf('_'))
    return isUuid(uploadId) ? { kind: 'upload', userId, uploadId } : null
  }
  if (rest.length !== 1 || !isUuid(third)) return null
  if (root === 'inferences') return { kind: 'inference', userId, inferenceId: third }
  return root === 'parts' ? { kind: 'part', userId, fileUploadId: third } : null
}

/** Beyond every deadline: what nothing names after so long, nothing will name. */
export const unnamedMsMax = 48 * 60 * 60_000

export interface KeyRange {
  readonly after: string
  /** The last key that is looked at; null where the end of all keys is. */
  readonly upTo: string | null
}

/**
 * The part of a range that both sides were read to the end of. Each side is a sorted list that was cut off at its last
 * key, or not at all.
 */
export function narrowRange(
  after: string,
  sides: readonly { readonly keys: readonly string[]; readonly isCutOff: boolean }[],
): KeyRange {
  const ends = sides.flatMap(({ keys, isCutOff }) => {
    const last = keys.at(-1)
    return isCutOff && last !== undefined ? [last] : []
  })
  return { after, upTo: ends.sort()[0] ?? null }
}

export function isInRange(key: string, { upTo }: KeyRange): boolean {
  return upTo === null || key <= upTo
}
