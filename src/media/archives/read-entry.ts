import { crc32, inflateRawSync } from 'node:zlib'
import type { ArchiveEntry, ArchiveSource, ByteRange } from './archive.model.ts'
import { createEntryDamagedError } from './archives.errors.ts'
import { readPieces } from './byte-pieces.ts'
import { inflateRaw } from './inflate-raw.ts'
import { localHeaderBytesMin, readLocalHeader } from './local-header.ts'

/** Entries of up to so many bytes, packed and unpacked, are read and inflated in one go. */
const smallBytesMax = 1024 * 1024

/** Read with the fixed part of an entry's header: its name and extra fields are rarely longer. */
const headerSlackBytes = 1024

/**
 * The entry's bytes, which are its own when the iteration ends: a small entry comes in one piece and checked, a large one
 * is checked as it comes and fails at its end. Throws `archive.entry_damaged`.
 */
export async function* readArchiveEntry(
  source: ArchiveSource,
  entry: ArchiveEntry,
): AsyncGenerator<Uint8Array, void> {
  if (entry.headerOffset + localHeaderBytesMin + entry.compressedBytes > source.bytes) {
    throw createEntryDamagedError(entry, 'it reaches past the end of the archive')
  }
  if (entry.bytes <= smallBytesMax && entry.compressedBytes <= smallBytesMax) {
    const bytes = await readSmall(source, entry)
    if (bytes.length > 0) yield bytes
    return
  }
  const packed = streamPacked(source, entry)
  yield* check(entry, entry.method === 'stored' ? packed : inflateRaw(packed, entry))
}

async function readSmall(source: ArchiveSource, entry: ArchiveEntry): Promise<Uint8Array> {
  const bytes = unpackSmall(entry, await readSmallPacked(source, entry))
  ensureLength(entry, bytes.length)
  ensureChecksum(entry, crc32(bytes))
  return bytes
}

async function readSmallPacked(source: ArchiveSource, entry: ArchiveEntry): Promise<Uint8Array> {
  const { headerOffset: offset, compressedBytes } = entry
  const read = await source.read(rangeWithHeader(source, entry))
  const dataStart = readLocalHeader(read, entry)
  const dataEnd = dataStart + compressedBytes
  if (dataEnd <= read.length) return read.subarray(dataStart, dataEnd)
  ensureInside(source, entry, dataStart)
  return source.read({ offset: offset + dataStart, length: compressedBytes })
}

function unpackSmall(entry: ArchiveEntry, packed: Uint8Array): Uint8Array {
  // What is read may be shared with other readers, and what is yielded is the caller's.
  if (entry.method === 'stored') return packed.slice()
  if (packed.length === 0) return packed
  // The runtime refuses some outputs well below this maximum, because its buffer grows in strides.
  const options = { info: true, maxOutputLength: 2 * entry.bytes + 65_536 } as const
  const { buffer, engine } = inflateOrThrow(entry, () => inflateRawSync(packed, options)) as {
    buffer: Uint8Array
    engine: { bytesWritten: number }
  }
  if (engine.bytesWritten !== packed.length) {
    const left = packed.length - engine.bytesWritten
    throw createEntryDamagedError(entry, `${left} bytes follow the end of its compressed data`)
  }
  return buffer
}

function inflateOrThrow(entry: ArchiveEntry, inflate: () => unknown): unknown {
  try {
    return inflate()
  } catch {
    throw createEntryDamagedError(
      entry,
      `its ${entry.compressedBytes} compressed bytes do not inflate to the ${entry.bytes} that the directory names`,
    )
  }
}

/** The entry's data as it is stored, by one request that begins with the header, or by two where that is long. */
async function* streamPacked(
  source: ArchiveSource,
  entry: ArchiveEntry,
): AsyncGenerator<Uint8Array, void> {
  const range = rangeWithHeader(source, entry)
  let held: Uint8Array = new Uint8Array(0)
  let next: number | null = null
  let end = 0
  let at = 0
  for await (const piece of streamRange(source, range)) {
    held = next === null ? Buffer.concat([held, piece]) : piece
    at += piece.length
    if (next === null) {
      if (held.length < localHeaderBytesMin) continue
      next = readLocalHeader(held, entry)
      end = next + entry.compressedBytes
      ensureInside(source, entry, next)
    }
    const heldFrom = at - held.length
    const data = held.subarray(Math.max(0, next - heldFrom), Math.max(0, end - heldFrom))
    next += data.length
    if (data.length > 0) yield data
  }
  if (next === null || next === end) return
  yield* streamRange(source, { offset: range.offset + next, length: end - next })
}

async function* streamRange(
  source: ArchiveSource,
  range: ByteRange,
): AsyncGenerator<Uint8Array, void> {
  let left = range.length
  for await (const piece of readPieces(await source.stream(range))) {
    left -= piece.length
    yield piece
  }
  if (left > 0) throw new Error(`the archive's stream ended ${left} bytes too early`)
}

/** An entry's header and data, if the header is not longer than it usually is. */
function rangeWithHeader(source: ArchiveSource, entry: ArchiveEntry): ByteRange {
  const offset = entry.headerOffset
  const length = localHeaderBytesMin + headerSlackBytes + entry.compressedBytes
  return { offset, length: Math.min(length, source.bytes - offset) }
}

async function* check(
  entry: ArchiveEntry,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  let length = 0
  let checksum = 0
  for await (const piece of pieces) {
    length += piece.length
    if (length > entry.bytes) ensureLength(entry, length)
    checksum = crc32(piece, checksum)
    yield piece
  }
  ensureLength(entry, length)
  ensureChecksum(entry, checksum)
}

function ensureInside(source: ArchiveSource, entry: ArchiveEntry, dataStart: number): void {
  if (entry.headerOffset + dataStart + entry.compressedBytes <= source.bytes) return
  throw createEntryDamagedError(entry, 'its data reaches past the end of the archive')
}

function ensureLength(entry: ArchiveEntry, length: number): void {
  if (length === entry.bytes) return
  throw createEntryDamagedError(
    entry,
    length > entry.bytes
      ? `it holds more than the ${entry.bytes} bytes that the directory names`
      : `it holds ${length} bytes where the directory names ${entry.bytes}`,
  )
}

function ensureChecksum(entry: ArchiveEntry, checksum: number): void {
  if (checksum === entry.crc32) return
  throw createEntryDamagedError(
    entry,
    `its checksum is ${formatHex(checksum)} where the directory names ${formatHex(entry.crc32)}`,
  )
}

function formatHex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}
