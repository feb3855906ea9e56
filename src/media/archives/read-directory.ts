import type { ArchiveEntry, ArchiveLimits, ArchiveSource } from './archive.model.ts'
import { archiveErrors, createMalformedError } from './archives.errors.ts'
import {
  type Extent,
  ensureApart,
  ensureEntryCount,
  ensureInflatedSize,
  ensureWholeRatio,
} from './directory.rules.ts'
import { type DirectoryPlace, findDirectory } from './directory-end.ts'
import {
  type DirectoryRecord,
  isSignature,
  measureRecord,
  readRecord,
  recordBytesMin,
} from './directory-record.ts'

export type { ArchiveLimits, ArchiveSource } from './archive.model.ts'
export { createArchiveSource } from './archive-source.ts'

/** Room for 65 000 entries with long names; what is kept of a directory is never more. */
const directoryBytesMax = 16 * 1024 * 1024
const pieceBytes = 256 * 1024

/**
 * Every entry of an archive, in the directory's order, once the whole directory is known to be harmless. Nothing is
 * inflated. Throws an `archive.*` error at the first thing that is wrong.
 */
export async function readArchiveDirectory(
  source: ArchiveSource,
  limits: ArchiveLimits,
): Promise<ArchiveEntry[]> {
  const place = await findDirectory(source)
  ensureEntryCount(place.entries, limits)
  ensureDirectorySize(place)
  const extents: Extent[] = []
  let bytes = 0
  let compressedBytes = 0
  for await (const record of readRecords(source, place)) {
    ensureEntryCount(extents.push(record), limits)
    bytes += record.entry.bytes
    compressedBytes += record.entry.compressedBytes
    ensureInflatedSize(record.entry, bytes, limits)
  }
  if (extents.length !== place.entries) {
    throw createMalformedError(
      `its directory lists ${extents.length} entries where its end record counts ${place.entries}`,
    )
  }
  ensureWholeRatio({ bytes, compressedBytes }, limits)
  ensureApart(extents, place.offset)
  return extents.map(({ entry }) => entry)
}

function ensureDirectorySize({ bytes, entries }: DirectoryPlace): void {
  if (bytes > directoryBytesMax) {
    throw archiveErrors.createError(
      'archive.directory_too_large',
      `The archive's directory of ${entries} entries has ${bytes} bytes; at most ${directoryBytesMax} are taken. Shorten the names of its files, or split it into several archives.`,
      { bytes, entries, limitBytes: directoryBytesMax },
    )
  }
  if (bytes < entries * recordBytesMin) {
    throw createMalformedError(
      `its directory of ${bytes} bytes has no room for the ${entries} entries that its end record counts`,
    )
  }
}

/** Reads the directory piece by piece; no more of it is held than one piece and one record. */
async function* readRecords(
  source: ArchiveSource,
  { offset, bytes }: DirectoryPlace,
): AsyncGenerator<DirectoryRecord, void> {
  let held: Buffer = Buffer.alloc(0)
  let number = 1
  let done = 0
  while (done < bytes) {
    const length = Math.min(pieceBytes, bytes - done)
    const piece = await source.read({ offset: offset + done, length })
    done += length
    held = Buffer.concat([held, piece])
    while (held.length >= recordBytesMin) {
      if (isSignature(held)) return
      const recordBytes = measureRecord(held, number)
      if (recordBytes > held.length) break
      yield readRecord(held.subarray(0, recordBytes))
      held = held.subarray(recordBytes)
      number += 1
    }
  }
  if (held.length === 0 || isSignature(held)) return
  throw createMalformedError(`entry ${number} of its directory is cut off by the directory's end`)
}
