import type { ZipFile } from './zip-layout.ts'

/** A size or offset from here on, and the count of files from here on, stand in a Zip64 record instead. */
const bytesInZip64 = 0xffff_ffff
const countInZip64 = 0xffff

const versionPlain = 20
const versionZip64 = 45
const madeOnUnix = 3 << 8
const ordinaryFile = (0o100644 << 16) >>> 0
const nameIsUtf8 = 0x0800

/** The extended timestamp (0x5455): the header's own time has no zone and counts in steps of two seconds. */
const timeExtraBytes = 9
const nameBytesMax = 0xffff

export function localHeaderBytes(file: ZipFile): number {
  return 30 + nameBytesOf(file) + timeExtraBytes + (file.bytes >= bytesInZip64 ? 20 : 0)
}

export function directoryHeaderBytes(file: ZipFile, offset: number): number {
  return 46 + nameBytesOf(file) + timeExtraBytes + zip64ExtraBytes(largeValuesOf(file, offset))
}

/** What stands before a file's bytes. */
export function createLocalHeader(file: ZipFile): Uint8Array {
  const large = file.bytes >= bytesInZip64 ? [file.bytes, file.bytes] : []
  const header = Buffer.alloc(localHeaderBytes(file))
  header.writeUInt32LE(0x0403_4b50, 0)
  writeShared(header, 4, file, large)
  return writeNameAndExtras(header, 30, file, large)
}

/** What the archive's directory says of a file whose local header is at `offset`. */
export function createDirectoryHeader(file: ZipFile, offset: number): Uint8Array {
  const large = largeValuesOf(file, offset)
  const header = Buffer.alloc(directoryHeaderBytes(file, offset))
  header.writeUInt32LE(0x0201_4b50, 0)
  header.writeUInt16LE(madeOnUnix | versionOf(large), 4)
  writeShared(header, 6, file, large)
  header.writeUInt32LE(ordinaryFile, 38)
  header.writeUInt32LE(Math.min(offset, bytesInZip64), 42)
  return writeNameAndExtras(header, 46, file, large)
}

/** What closes the archive. */
export function createDirectoryEnd(directory: {
  readonly count: number
  readonly directoryBytes: number
  readonly directoryOffset: number
}): Uint8Array {
  const { count, directoryBytes, directoryOffset } = directory
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x0605_4b50, 0)
  end.writeUInt16LE(Math.min(count, countInZip64), 8)
  end.writeUInt16LE(Math.min(count, countInZip64), 10)
  end.writeUInt32LE(Math.min(directoryBytes, bytesInZip64), 12)
  end.writeUInt32LE(Math.min(directoryOffset, bytesInZip64), 16)
  const isLarge = directoryBytes >= bytesInZip64 || directoryOffset >= bytesInZip64
  if (count < countInZip64 && !isLarge) return end

  const record = Buffer.alloc(56)
  record.writeUInt32LE(0x0606_4b50, 0)
  writeUInt64(record, 4, record.length - 12)
  record.writeUInt16LE(madeOnUnix | versionZip64, 12)
  record.writeUInt16LE(versionZip64, 14)
  writeUInt64(record, 24, count)
  writeUInt64(record, 32, count)
  writeUInt64(record, 40, directoryBytes)
  writeUInt64(record, 48, directoryOffset)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x0706_4b50, 0)
  writeUInt64(locator, 8, directoryOffset + directoryBytes)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([record, locator, end])
}

/** The fields that a local header and the directory have alike; the method is 0, stored. */
function writeShared(header: Buffer, at: number, file: ZipFile, large: readonly number[]): void {
  const { time, date } = toDosTime(file.modifiedMs)
  header.writeUInt16LE(versionOf(large), at)
  header.writeUInt16LE(nameIsUtf8, at + 2)
  header.writeUInt16LE(time, at + 6)
  header.writeUInt16LE(date, at + 8)
  header.writeUInt32LE(file.crc32 >>> 0, at + 10)
  header.writeUInt32LE(Math.min(file.bytes, bytesInZip64), at + 14)
  header.writeUInt32LE(Math.min(file.bytes, bytesInZip64), at + 18)
  header.writeUInt16LE(nameBytesOf(file), at + 22)
  header.writeUInt16LE(timeExtraBytes + zip64ExtraBytes(large), at + 24)
}

function writeNameAndExtras(
  header: Buffer,
  nameAt: number,
  file: ZipFile,
  large: readonly number[],
): Uint8Array {
  let at = nameAt + header.write(file.name, nameAt, 'utf8')
  if (large.length > 0) {
    header.writeUInt16LE(0x0001, at)
    header.writeUInt16LE(large.length * 8, at + 2)
    large.forEach((value, index) => {
      writeUInt64(header, at + 4 + index * 8, value)
    })
    at += zip64ExtraBytes(large)
  }
  header.writeUInt16LE(0x5455, at)
  header.writeUInt16LE(5, at + 2)
  header.writeUInt8(1, at + 4)
  header.writeUInt32LE(clamp(Math.floor(file.modifiedMs / 1000), 0, 0x7fff_ffff), at + 5)
  return header
}

/** What the directory's Zip64 field holds: both sizes, the offset, or all of them, in this order. */
function largeValuesOf(file: ZipFile, offset: number): number[] {
  return [
    ...(file.bytes >= bytesInZip64 ? [file.bytes, file.bytes] : []),
    ...(offset >= bytesInZip64 ? [offset] : []),
  ]
}

function zip64ExtraBytes(large: readonly number[]): number {
  return large.length === 0 ? 0 : 4 + large.length * 8
}

function versionOf(large: readonly number[]): number {
  return large.length === 0 ? versionPlain : versionZip64
}

function nameBytesOf({ name }: ZipFile): number {
  const bytes = Buffer.byteLength(name, 'utf8')
  if (bytes > 0 && bytes <= nameBytesMax) return bytes
  throw new RangeError(`a name of ${bytes} bytes cannot stand in an archive`)
}

/** In UTC; a year that the format cannot say becomes the nearest that it can. */
function toDosTime(ms: number): { time: number; date: number } {
  const first = Date.UTC(1980, 0, 1)
  const last = Date.UTC(2107, 11, 31, 23, 59, 58)
  const moment = new Date(clamp(ms, first, last))
  return {
    time:
      (moment.getUTCHours() << 11) | (moment.getUTCMinutes() << 5) | (moment.getUTCSeconds() >> 1),
    date:
      ((moment.getUTCFullYear() - 1980) << 9) |
      ((moment.getUTCMonth() + 1) << 5) |
      moment.getUTCDate(),
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

function writeUInt64(buffer: Buffer, at: number, value: number): void {
  buffer.writeBigUInt64LE(BigInt(value), at)
}
