import type { ArchiveEntry } from './archive.model.ts'
import { archiveErrors, createMalformedError, quotePath } from './archives.errors.ts'
import { createMultiDiskError, readSafeInteger } from './directory-end.ts'
import { decodePath } from './entry-path.ts'
import { findExtraField } from './extra-fields.ts'

/** A record of the directory without its name, extra fields and comment. */
export const recordBytesMin = 46
const recordSignature = 0x02014b50
const digitalSignature = 0x05054b50

const zip64Field = 0x0001
const unicodePathField = 0x7075
const unixHosts = [3, 19]
const flagBits = { encrypted: 0x2041, patch: 0x20, utf8: 0x800 }

const methods: Readonly<Record<number, ArchiveEntry['method']>> = { 0: 'stored', 8: 'deflated' }
const otherMethods: Readonly<Record<number, string>> = {
  1: 'Shrink',
  6: 'Implode',
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'xz',
  98: 'PPMd',
}

const fileTypes: Readonly<Record<number, string>> = {
  4096: 'a named pipe',
  8192: 'a device',
  24576: 'a device',
  40960: 'a symbolic link',
  49152: 'a socket',
}

export interface DirectoryRecord {
  readonly entry: ArchiveEntry
  /** Where the entry's data ends at the earliest: its own header's extra fields are not known yet. */
  readonly endMin: number
}

/** Whether the directory's records end here, with a signature over them. */
export function isSignature(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32LE(0) === digitalSignature
}

/** How long the record is that begins here, of which at least the fixed part is there. */
export function measureRecord(bytes: Buffer, number: number): number {
  if (bytes.readUInt32LE(0) !== recordSignature) {
    throw createMalformedError(`entry ${number} of its directory does not begin as one`)
  }
  const variable = bytes.readUInt16LE(28) + bytes.readUInt16LE(30) + bytes.readUInt16LE(32)
  return recordBytesMin + variable
}

/** Reads one whole record (APPNOTE 4.3.12). Refuses what cannot be taken in whatever its size. */
export function readRecord(record: Buffer): DirectoryRecord {
  const nameEnd = recordBytesMin + record.readUInt16LE(28)
  const extra = record.subarray(nameEnd, nameEnd + record.readUInt16LE(30))
  const name = record.subarray(recordBytesMin, nameEnd)
  const hostSystem = record.readUInt8(5)
  const flags = record.readUInt16LE(8)
  const path = decodePath({
    bytes: name,
    isUtf8: (flags & flagBits.utf8) !== 0,
    unicodePath: findExtraField(extra, unicodePathField),
    hostSystem,
  })
  const attributes = record.readUInt32LE(38)
  const fileType = unixHosts.includes(hostSystem) ? (attributes >>> 16) & 0xf000 : 0
  ensureOrdinary(path, fileType)
  ensurePlain(path, flags)
  const entry = {
    path,
    method: readMethod(path, record.readUInt16LE(10), flags),
    crc32: record.readUInt32LE(16),
    ...readSizes(path, record, extra),
  }
  ensureStoredSize(entry)
  const endMin = entry.headerOffset + 30 + name.length + entry.compressedBytes
  return { entry: { ...entry, isFolder: judgeFolder(entry, fileType, attributes) }, endMin }
}

function ensureOrdinary(path: string, fileType: number): void {
  if (fileType === 0 || fileType === 0x8000 || fileType === 0x4000) return
  throw archiveErrors.createError(
    'archive.link',
    `The entry ${quotePath(path)} is ${fileTypes[fileType] ?? 'neither a file nor a folder'}; only files and folders are taken. Put the file itself into the archive.`,
    { path },
  )
}

function ensurePlain(path: string, flags: number): void {
  if ((flags & flagBits.encrypted) === 0) return
  throw archiveErrors.createError(
    'archive.encrypted',
    `The entry ${quotePath(path)} is encrypted. Pack the archive without a password.`,
    { path },
  )
}

function readMethod(path: string, method: number, flags: number): ArchiveEntry['method'] {
  const known = methods[method]
  if (known && (flags & flagBits.patch) === 0) return known
  const named = known ? 'patched data' : (otherMethods[method] ?? 'an unknown method')
  throw archiveErrors.createError(
    'archive.method_unsupported',
    `The entry ${quotePath(path)} is compressed by method ${method} (${named}); methods 0 (stored) and 8 (Deflate) are taken. Pack the archive with Deflate.`,
    { path, method },
  )
}

/** Sizes that do not fit 32 bits stand in the Zip64 field, in this order and only those (APPNOTE 4.5.3). */
function readSizes(path: string, record: Buffer, extra: Buffer) {
  const large = findExtraField(extra, zip64Field)
  let at = 0
  function widen(value: number): number {
    if (value !== 0xffffffff) return value
    if (!large || at + 8 > large.length) {
      throw createMalformedError(`the entry ${quotePath(path)} lacks a size of its Zip64 field`)
    }
    at += 8
    return readSafeInteger(large, at - 8)
  }
  const bytes = widen(record.readUInt32LE(24))
  const compressedBytes = widen(record.readUInt32LE(20))
  const headerOffset = widen(record.readUInt32LE(42))
  const disk = record.readUInt16LE(34)
  if (disk !== 0 && disk !== 0xffff) throw createMultiDiskError(disk)
  return { bytes, compressedBytes, headerOffset }
}

function ensureStoredSize(entry: Omit<ArchiveEntry, 'isFolder'>): void {
  const { path, bytes, compressedBytes } = entry
  const isPossible = entry.method === 'stored' ? bytes === compressedBytes : true
  if (isPossible && (compressedBytes > 0 || bytes === 0)) return
  throw createMalformedError(
    `the entry ${quotePath(path)} is said to hold ${bytes} bytes in ${compressedBytes}, ${entry.method}`,
  )
}

function judgeFolder(
  { path, bytes }: Omit<ArchiveEntry, 'isFolder'>,
  fileType: number,
  attributes: number,
): boolean {
  if (path.endsWith('/') && bytes > 0) {
    throw createMalformedError(`${quotePath(path)} is a folder by its name and has ${bytes} bytes`)
  }
  return path.endsWith('/') || (bytes === 0 && (fileType === 0x4000 || (attributes & 0x10) !== 0))
}
