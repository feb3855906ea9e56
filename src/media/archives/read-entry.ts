import { crc32, inflateRawSync } from 'node:zlib'
import type { ArchiveEntry, ArchiveSource } from './archive.model.ts'
import { createEntryDamagedError } from './archives.errors.ts'
import { inflateRaw } from './inflate-raw.ts'
import { localHeaderBytesMax, localHeaderBytesMin, readLocalHeader } from './local-header.ts'

/** Entries of up to so many bytes, packed and unpacked, are read and inflated in one go. */
const smallBytesMax = 1024 * 1024

/** Beyond the fixed part of a small entry's header, read with it: names and extra fields are rarely longer. */
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
  const length = Math.min(
    localHeaderBytesMin + headerSlackBytes + compressedBytes,
    source.bytes - offset,
  )
  const read = await source.read({ offset, length })
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

/** The entry's data as it is stored, by one request that begins with the header. */
async function* streamPacked(
  source: ArchiveSource,
  entry: ArchiveEntry,
): AsyncGenerator<Uint8Array, void> {
  const { headerOffset: offset, compressedBytes } = entry
  const length = Math.min(localHeaderBytesMax + compressedBytes, source.bytes - offset)
  const reader = (await source.stream({ offset, length })).getReader()
  try {
    let held: Uint8Array = new Uint8Array(0)
    while (held.length < localHeaderBytesMin) {
      held = Buffer.concat([held, await readOrThrow(reader)])
    }
    let skipped = readLocalHeader(held, entry)
    ensureInside(source, entry, skipped)
    let left = compressedBytes
    let piece = held
    for (;;) {
      const start = Math.min(skipped, piece.length)
      const data = piece.subarray(start, start + left)
      skipped -= start
      left -= data.length
      if (data.length > 0) yield data
      if (left === 0) return
      piece = await readOrThrow(reader)
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

async function readOrThrow(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const { done, value } = await reader.read()
  if (done) throw new Error('the archive ended before the range that was asked for')
  return value
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
