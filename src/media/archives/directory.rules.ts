import type { ArchiveEntry, ArchiveLimits } from './archive.model.ts'
import { archiveErrors, quotePath } from './archives.errors.ts'

/** What inflates to no more than this harms nobody, however well it was compressed. */
const ratioFreeBytes = 4 * 1024 * 1024

export function ensureEntryCount(entries: number, { entriesMax }: ArchiveLimits): void {
  if (entries <= entriesMax) return
  throw archiveErrors.createError(
    'archive.too_many_entries',
    `The archive has ${entries} entries; at most ${entriesMax} are taken. Split it into several archives.`,
    { entries, limitEntries: entriesMax },
  )
}

/** `total` is of all entries so far, this one included. */
export function ensureInflatedSize(
  entry: ArchiveEntry,
  total: number,
  { inflatedBytesMax, ratioMax }: ArchiveLimits,
): void {
  if (total > inflatedBytesMax) {
    throw archiveErrors.createError(
      'archive.too_large_inflated',
      `The archive's entries up to ${quotePath(entry.path)} hold ${total} bytes when they are unpacked; at most ${inflatedBytesMax} are taken. Split it into several archives.`,
      { path: entry.path, inflatedBytes: total, limitBytes: inflatedBytesMax },
    )
  }
  if (isRatioTooHigh(entry, ratioMax))
    throw createRatioError(quotePath(entry.path), entry, ratioMax)
}

export function ensureWholeRatio(
  sizes: { readonly bytes: number; readonly compressedBytes: number },
  { ratioMax }: ArchiveLimits,
): void {
  if (isRatioTooHigh(sizes, ratioMax)) throw createRatioError('as a whole', sizes, ratioMax)
}

function isRatioTooHigh(
  { bytes, compressedBytes }: { readonly bytes: number; readonly compressedBytes: number },
  ratioMax: number,
): boolean {
  return bytes > ratioFreeBytes && bytes > compressedBytes * ratioMax
}

function createRatioError(
  what: string,
  { bytes, compressedBytes }: { readonly bytes: number; readonly compressedBytes: number },
  ratioMax: number,
) {
  return archiveErrors.createError(
    'archive.ratio_too_high',
    `The archive, ${what}, unpacks ${compressedBytes} bytes to ${bytes}; more than ${ratioMax} times is taken for a trap above ${ratioFreeBytes} bytes. Pack the files as they are, without compression.`,
    { bytes, compressedBytes, limitRatio: ratioMax },
  )
}

export interface Extent {
  readonly entry: ArchiveEntry
  /** Where its data ends at the earliest. */
  readonly endMin: number
}

/** Each entry has its bytes alone, before the directory: bytes that several entries share multiply what is unpacked. */
export function ensureApart(extents: readonly Extent[], directoryOffset: number): void {
  const inOrder = [...extents].sort((a, b) => a.entry.headerOffset - b.entry.headerOffset)
  for (const [index, { entry, endMin }] of inOrder.entries()) {
    const next = inOrder[index + 1]?.entry
    if (endMin > directoryOffset) {
      throw createOverlapError(entry, endMin, `the directory at byte ${directoryOffset}`)
    }
    if (next && endMin > next.headerOffset) {
      throw createOverlapError(
        entry,
        endMin,
        `the entry ${quotePath(next.path)} at byte ${next.headerOffset}`,
      )
    }
  }
}

function createOverlapError({ path, headerOffset }: ArchiveEntry, endMin: number, what: string) {
  return archiveErrors.createError(
    'archive.entries_overlap',
    `The entry ${quotePath(path)}, from byte ${headerOffset} to ${endMin} of the archive, overlaps ${what}. Pack it again as an ordinary ZIP.`,
    { path },
  )
}
