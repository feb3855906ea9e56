import { crc32 } from 'node:zlib'
import type { ByteQueue, Walk } from './byte-queue.ts'
import { readOrientation } from './exif.ts'
import { ensurePalette, type PngColours, type PngHeader, readPngHeader } from './png-header.ts'
import { PngImageData } from './png-image-data.ts'
import type { RowConsumer } from './png-rows.ts'
import {
  createAnimatedError,
  createCorruptError,
  createTooManyPartsError,
  type StillHeader,
  type StillLimits,
} from './still-refusals.ts'

/** Makes the one who looks at the pixels, when everything that describes them is known. */
export type CreateRowConsumer = (header: PngHeader, colours: PngColours) => RowConsumer

const chunkBytesMax = 0x7fffffff
const keptBytesMax = 1_000_000
/** The largest picture in image data chunks of 1 KiB. Each costs some microseconds, and a small file has room for millions. */
const chunksMax = 65_536

interface WalkState {
  header: PngHeader | null
  readonly colours: PngColours
  imageData: PngImageData | null
  /** Whether a chunk of another type came after image data. */
  isImageDataOver: boolean
  orientation: number
}

/**
 * Walks a PNG's chunks from IHDR to IEND, checks every checksum, and inflates the image data to exactly what the header
 * promises. What follows IEND is not read: editors and cameras leave their notes there.
 */
export function* walkPng(
  bytes: ByteQueue,
  limits: StillLimits,
  createConsumer: CreateRowConsumer | null,
): Walk<StillHeader> {
  yield* bytes.skip(8)
  const state: WalkState = {
    header: null,
    colours: { palette: null, transparency: null },
    imageData: null,
    isImageDataOver: false,
    orientation: 1,
  }
  for (let chunks = 0; ; chunks += 1) {
    if (chunks === chunksMax) throw createTooManyPartsError(limits.file, chunksMax, 'chunks')
    const head = yield* bytes.read(8)
    const length = readUint32(head)
    const type = Buffer.from(head.subarray(4)).toString('latin1')
    ensureOrder(limits, state, type, length)
    let checksum = crc32(head.subarray(4))
    if (type === 'IDAT') {
      const imageData = openImageData(limits, state, createConsumer)
      yield* bytes.visit(length, (piece) => {
        checksum = crc32(piece, checksum)
        return imageData.write(piece)
      })
    } else if (isKept(type) && length <= keptBytesMax) {
      const content = yield* bytes.read(length)
      checksum = crc32(content, checksum)
      ensureChecksum(limits, type, checksum, yield* bytes.read(4))
      takeChunk(limits, state, type, content)
      continue
    } else {
      yield* bytes.visit(length, (piece) => {
        checksum = crc32(piece, checksum)
        return undefined
      })
    }
    ensureChecksum(limits, type, checksum, yield* bytes.read(4))
    if (type === 'IEND') break
  }
  const { header, imageData, orientation } = state
  if (!header || !imageData) throw createCorruptError(limits.file, 'it holds no image data')
  const inflating = imageData.end()
  if (inflating) yield inflating
  return { width: header.width, height: header.height, orientation }
}

function openImageData(
  { file }: StillLimits,
  state: WalkState,
  createConsumer: CreateRowConsumer | null,
): PngImageData {
  if (state.imageData) return state.imageData
  const header = state.header as PngHeader
  ensurePalette(file, header, state.colours.palette)
  const consumer = createConsumer?.(header, state.colours) ?? null
  state.imageData = new PngImageData(file, header, consumer)
  return state.imageData
}

function takeChunk(limits: StillLimits, state: WalkState, type: string, content: Uint8Array): void {
  if (type === 'IHDR') state.header = readPngHeader(content, limits)
  if (type === 'eXIf') state.orientation = readOrientation(content)
  // Their bytes outlive the file's chunks, so they are copied.
  if (type === 'PLTE') state.colours.palette = content.slice()
  if (type === 'tRNS') state.colours.transparency = content.slice()
}

function isKept(type: string): boolean {
  return type === 'IHDR' || type === 'PLTE' || type === 'tRNS' || type === 'eXIf'
}

/** Chunk order and lengths (PNG, third edition, 5.6), as far as what is read depends on them. */
function ensureOrder({ file }: StillLimits, state: WalkState, type: string, length: number): void {
  if (!/^[A-Za-z]{4}$/.test(type) || length > chunkBytesMax) {
    throw createCorruptError(file, `a chunk of ${length} bytes begins where none can`)
  }
  const mayStand = type === 'IHDR' ? state.header === null && length === 13 : state.header !== null
  if (!mayStand) throw createCorruptError(file, `its '${type}' chunk stands where it must not`)
  if (type === 'acTL') throw createAnimatedError(file, 'PNG')
  if (type === 'IDAT' && state.isImageDataOver) {
    throw createCorruptError(file, 'its image data is interrupted by another chunk')
  }
  if (type !== 'IDAT' && state.imageData) state.isImageDataOver = true
  const isLate = state.imageData !== null || state.colours.palette !== null
  if (type === 'PLTE' && (isLate || length > 768)) {
    throw createCorruptError(file, `its palette of ${length} bytes is too late or too long`)
  }
  if (/^[A-Z]/.test(type) && !['IHDR', 'PLTE', 'IDAT', 'IEND'].includes(type)) {
    throw createCorruptError(file, `it needs a reader that knows '${type}' chunks`)
  }
}

function ensureChecksum(
  { file }: StillLimits,
  type: string,
  checksum: number,
  stored: Uint8Array,
): void {
  if (readUint32(stored) === checksum) return
  throw createCorruptError(file, `the checksum of its '${type}' chunk does not fit the content`)
}

function readUint32(bytes: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}
