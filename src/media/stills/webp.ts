import type { ByteQueue, Walk } from './byte-queue.ts'
import { readOrientation } from './exif.ts'
import {
  createAnimatedError,
  createCorruptError,
  createTooManyPartsError,
  ensureSize,
  type StillHeader,
  type StillLimits,
} from './still-refusals.ts'

interface Size {
  readonly width: number
  readonly height: number
}

const animationFlag = 0x02
const exifBytesMax = 1_000_000
/** A still picture needs six; a file has room for millions. */
const chunksMax = 1000

/**
 * Walks a WebP's chunks to the end that its RIFF header promises (RFC 9649): one VP8 or VP8L picture, whose size is
 * the canvas's where there is one. What follows that end is not read.
 */
export function* walkWebp(bytes: ByteQueue, limits: StillLimits): Walk<StillHeader> {
  const { file } = limits
  let left = readUint32(yield* bytes.read(12), 4) - 4
  let canvas: Size | null = null
  let picture: Size | null = null
  let orientation = 1
  let chunks = 0
  while (left >= 8) {
    chunks += 1
    if (chunks > chunksMax) throw createTooManyPartsError(file, chunksMax, 'chunks')
    const head = yield* bytes.read(8)
    const type = Buffer.from(head.subarray(0, 4)).toString('latin1')
    const length = readUint32(head, 4)
    left -= 8
    if (length > left) {
      throw createCorruptError(
        file,
        `its '${type}' chunk says it is ${length} bytes long and ${left} are left`,
      )
    }
    let unread = length
    if (type === 'VP8X') {
      canvas = readCanvas(yield* bytes.read(Math.min(length, 10)), limits)
      unread -= 10
    } else if (type === 'ANIM' || type === 'ANMF') {
      throw createAnimatedError(file, 'WebP')
    } else if (type === 'VP8 ' || type === 'VP8L') {
      if (picture !== null) throw createCorruptError(file, 'it holds two pictures')
      const headLength = Math.min(length, 10)
      const header = yield* bytes.read(headLength)
      picture = type === 'VP8L' ? readLossless(header, limits) : readLossy(header, length, limits)
      unread -= headLength
    } else if (type === 'EXIF' && length <= exifBytesMax) {
      orientation = readOrientation(yield* bytes.read(length))
      unread = 0
    }
    const padding = Math.min(length % 2, left - length)
    yield* bytes.skip(unread + padding)
    left -= length + padding
  }
  yield* bytes.skip(Math.max(0, left))
  if (picture === null) throw createCorruptError(file, 'it holds no picture')
  if (canvas && (canvas.width !== picture.width || canvas.height !== picture.height)) {
    throw createCorruptError(
      file,
      `its canvas is ${canvas.width}×${canvas.height} and its picture ${picture.width}×${picture.height}`,
    )
  }
  return { ...picture, orientation }
}

function readCanvas(header: Uint8Array, limits: StillLimits): Size {
  if (header.length < 10) throw createCorruptError(limits.file, "its 'VP8X' chunk is too short")
  if (((header[0] as number) & animationFlag) !== 0) throw createAnimatedError(limits.file, 'WebP')
  const size = { width: readUint24(header, 4) + 1, height: readUint24(header, 7) + 1 }
  ensureSize(limits, size)
  return size
}

/** A key frame's header (RFC 6386, section 9.1). */
function readLossy(header: Uint8Array, length: number, limits: StillLimits): Size {
  const isKeyFrame = header.length === 10 && ((header[0] as number) & 1) === 0
  if (!isKeyFrame || readUint24(header, 3) !== 0x2a019d) {
    throw createCorruptError(limits.file, "its 'VP8 ' chunk does not begin with a key frame")
  }
  const firstPartition = readUint24(header, 0) >> 5
  if (firstPartition > length - 10) {
    throw createCorruptError(
      limits.file,
      `its first partition says ${firstPartition} bytes and ${length - 10} are left`,
    )
  }
  const size = {
    width: readUint24(header, 6) & 0x3fff,
    height: (readUint24(header, 7) >> 8) & 0x3fff,
  }
  ensureSize(limits, size)
  return size
}

function readLossless(header: Uint8Array, limits: StillLimits): Size {
  if (header.length < 5 || header[0] !== 0x2f || (header[4] as number) >> 5 !== 0) {
    throw createCorruptError(limits.file, "its 'VP8L' chunk has no lossless header")
  }
  const bits = readUint32(header, 1)
  const size = { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  ensureSize(limits, size)
  return size
}

function readUint24(bytes: Uint8Array, offset: number): number {
  const [low = 0, middle = 0, high = 0] = bytes.subarray(offset, offset + 3)
  return low | (middle << 8) | (high << 16)
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset, true)
}
