import {
  createDirectoryEnd,
  createDirectoryHeader,
  createLocalHeader,
  directoryHeaderBytes,
  localHeaderBytes,
} from './zip-headers.ts'

/** A file of a ZIP archive that is to be made; it is stored as it is. */
export interface ZipFile {
  /** Its path in the archive, with `/` between folders. */
  readonly name: string
  readonly bytes: number
  readonly crc32: number
  readonly modifiedMs: number
}

export interface ByteSpan {
  readonly offset: number
  readonly length: number
}

/** A stretch of the archive: bytes that are here, or a span of one of its files. */
export type ZipPiece =
  | { readonly kind: 'made'; readonly bytes: Uint8Array }
  | ({ readonly kind: 'file'; readonly index: number } & ByteSpan)

export interface ZipLayout {
  readonly totalBytes: number
  /** What the span of the archive consists of, in order, made one by one as it is asked for. */
  pieces(span: ByteSpan): Generator<ZipPiece>
}

/** Entries of the directory that are made at once: some 60 kB. */
const directoryEntriesAtOnce = 512

/**
 * Where every byte of a ZIP of stored files lies (APPNOTE 6.3.10): known before a file is read, so that the archive has
 * a length and any range of it can be sent. Zip64 where a size, an offset or the count needs it. Takes 16 bytes of
 * memory a file.
 */
export function createZipLayout(files: readonly ZipFile[]): ZipLayout {
  const fileOffsets = sumUp(files, (file) => localHeaderBytes(file) + file.bytes)
  const directoryOffset = at(fileOffsets, files.length)
  const entryOffsets = sumUp(files, (file, index) =>
    directoryHeaderBytes(file, at(fileOffsets, index)),
  )
  const directoryBytes = at(entryOffsets, files.length)
  const end = createDirectoryEnd({ count: files.length, directoryBytes, directoryOffset })
  const endOffset = directoryOffset + directoryBytes
  const totalBytes = endOffset + end.length

  function* filePieces(first: number, last: number): Generator<ZipPiece> {
    for (let index = findHolder(fileOffsets, first); index < files.length; index += 1) {
      const start = at(fileOffsets, index)
      if (start >= last) return
      const file = fileAt(files, index)
      const dataStart = start + localHeaderBytes(file)
      if (first < dataStart) yield* cut(createLocalHeader(file), start, first, last)
      const from = Math.max(first, dataStart)
      const to = Math.min(last, dataStart + file.bytes)
      if (from < to) yield { kind: 'file', index, offset: from - dataStart, length: to - from }
    }
  }

  function* directoryPieces(first: number, last: number): Generator<ZipPiece> {
    let index = findHolder(entryOffsets, first - directoryOffset)
    while (index < files.length) {
      const start = directoryOffset + at(entryOffsets, index)
      if (start >= last) return
      const group = files.slice(index, index + directoryEntriesAtOnce)
      const headers = group.map((file, place) =>
        createDirectoryHeader(file, at(fileOffsets, index + place)),
      )
      yield* cut(Buffer.concat(headers), start, first, last)
      index += group.length
    }
  }

  return {
    totalBytes,
    *pieces({ offset, length }) {
      const last = offset + length
      if (offset < 0 || length < 0 || last > totalBytes) {
        throw new RangeError(`${length} bytes at ${offset} are not within ${totalBytes} bytes`)
      }
      if (offset < directoryOffset) yield* filePieces(offset, last)
      if (last > directoryOffset) yield* directoryPieces(Math.max(offset, directoryOffset), last)
      if (last > endOffset) yield* cut(end, endOffset, offset, last)
    },
  }
}

/** What of `bytes`, which begin at `start`, lies from `first` to before `last`. */
function* cut(bytes: Uint8Array, start: number, first: number, last: number): Generator<ZipPiece> {
  const part = bytes.subarray(Math.max(0, first - start), Math.max(0, last - start))
  if (part.length > 0) yield { kind: 'made', bytes: part }
}

/** Where each begins when they lie one after another, and at the end where the last one ends. */
function sumUp(files: readonly ZipFile[], bytesOf: (file: ZipFile, index: number) => number) {
  const offsets = new Float64Array(files.length + 1)
  files.forEach((file, index) => {
    offsets[index + 1] = at(offsets, index) + bytesOf(file, index)
  })
  return offsets
}

/** The last that begins at or before the position. */
function findHolder(offsets: Float64Array, position: number): number {
  let [low, high] = [0, offsets.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (at(offsets, middle) <= position) low = middle
    else high = middle - 1
  }
  return low
}

function at(offsets: Float64Array, index: number): number {
  return offsets[index] ?? 0
}

function fileAt(files: readonly ZipFile[], index: number): ZipFile {
  const file = files[index]
  if (file) return file
  throw new RangeError(`there is no file ${index}`)
}
