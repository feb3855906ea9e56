import type { ByteQueue, Walk } from './byte-queue.ts'
import { readOrientation } from './exif.ts'
import {
  createCorruptError,
  createTooManyPartsError,
  createUnsupportedError,
  ensureSize,
  type StillHeader,
  type StillLimits,
} from './still-refusals.ts'

/** An ordinary progressive file has about ten; thousands in a small file keep a decoder busy for minutes. */
const scansMax = 100

/** A profile or a preview of many megabytes has some hundreds; a file has room for millions. */
const segmentsMax = 10_000

const endOfImage = 0xd9
const startOfScan = 0xda
const exifSegment = 0xe1

/**
 * Walks a JPEG's markers from the first to EOI (ITU-T T.81, annex B): one frame of 8 bits in baseline, extended or
 * progressive Huffman coding, then at least one scan. What follows EOI is not read: cameras put previews there.
 */
export function* walkJpeg(bytes: ByteQueue, limits: StillLimits): Walk<StillHeader> {
  const { file } = limits
  yield* bytes.skip(2)
  let size: { width: number; height: number } | null = null
  let orientation = 0
  let scans = 0
  let segments = 0
  let marker = yield* readMarker(bytes, limits)
  while (marker !== endOfImage) {
    if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8)) {
      throw createCorruptError(file, `a marker ff${formatByte(marker)} stands where none may`)
    }
    segments += 1
    if (segments > segmentsMax) throw createTooManyPartsError(file, segmentsMax, 'segments')
    const length = readUint16(yield* bytes.read(2), 0)
    if (length < 2) throw createCorruptError(file, `a segment says it is ${length} bytes long`)
    if (isFrameMarker(marker)) {
      if (size !== null) throw createCorruptError(file, 'it has two frame headers')
      size = readFrame(marker, yield* bytes.read(length - 2), limits)
    } else if (marker === exifSegment && orientation === 0) {
      const segment = yield* bytes.read(length - 2)
      if (isExif(segment)) orientation = readOrientation(segment)
    } else {
      yield* bytes.skip(length - 2)
    }
    if (marker === startOfScan) {
      if (size === null) throw createCorruptError(file, 'its image data begins before its header')
      scans += 1
      if (scans > scansMax) {
        throw createCorruptError(file, `it has more than ${scansMax} scans, which no camera writes`)
      }
      marker = yield* readMarkerAfterScan(bytes)
    } else {
      marker = yield* readMarker(bytes, limits)
    }
  }
  if (size === null || scans === 0) throw createCorruptError(file, 'it holds no picture')
  return { ...size, orientation: orientation === 0 ? 1 : orientation }
}

function* readMarker(bytes: ByteQueue, { file }: StillLimits): Walk<number> {
  const first = (yield* bytes.read(1))[0] as number
  if (first !== 0xff) {
    throw createCorruptError(file, `a byte ${formatByte(first)} stands where a marker must begin`)
  }
  yield* skipFill(bytes)
  return (yield* bytes.read(1))[0] as number
}

/** Any number of 0xff may stand before a marker's code (B.1.1.2): taken piece by piece, because it can be all of a file. */
function* skipFill(bytes: ByteQueue): Walk<void> {
  for (;;) {
    const piece = yield* bytes.takePiece(Number.POSITIVE_INFINITY)
    const end = piece.findIndex((value) => value !== 0xff)
    if (end < 0) continue
    bytes.putBack(piece.subarray(end))
    return
  }
}

/** In coded data 0xff is followed by 0 or a restart marker; anything else ends the scan. */
function* readMarkerAfterScan(bytes: ByteQueue): Walk<number> {
  let afterEscape = false
  for (;;) {
    const piece = yield* bytes.takePiece(Number.POSITIVE_INFINITY)
    let position = 0
    while (position < piece.length) {
      if (!afterEscape) {
        const found = piece.indexOf(0xff, position)
        if (found < 0) break
        afterEscape = true
        position = found + 1
        continue
      }
      const value = piece[position] as number
      position += 1
      if (value === 0xff) continue
      afterEscape = false
      if (value !== 0 && (value < 0xd0 || value > 0xd7)) {
        bytes.putBack(piece.subarray(position))
        return value
      }
    }
  }
}

function readFrame(marker: number, segment: Uint8Array, limits: StillLimits) {
  const { file } = limits
  if (marker > 0xc2) {
    throw createUnsupportedError(
      file,
      `The ${file} is a lossless, hierarchical or arithmetic JPEG (ff${formatByte(marker)}); save it as an ordinary one.`,
    )
  }
  if (segment.length < 6) throw createCorruptError(file, 'its frame header is too short')
  const precision = segment[0] as number
  const components = segment[5] as number
  if (precision !== 8) {
    throw createUnsupportedError(
      file,
      `The ${file} is a JPEG of ${precision} bits a channel; save it with 8, or as a PNG.`,
    )
  }
  if (![1, 3, 4].includes(components) || segment.length !== 6 + 3 * components) {
    throw createCorruptError(file, `its frame header names ${components} colour channels`)
  }
  const size = { width: readUint16(segment, 3), height: readUint16(segment, 1) }
  ensureSize(limits, size)
  return size
}

/** SOF0 to SOF15; c4, c8 and cc in their midst are tables and a reserved code. */
function isFrameMarker(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
}

function isExif(segment: Uint8Array): boolean {
  return Buffer.from(segment.subarray(0, 6)).toString('latin1') === 'Exif\0\0'
}

function readUint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number)
}

function formatByte(value: number): string {
  return value.toString(16).padStart(2, '0')
}
