import type { ArchiveSource } from './archive.model.ts'
import { archiveErrors, createMalformedError } from './archives.errors.ts'

/** Where an archive's directory is and how many entries it lists. */
export interface DirectoryPlace {
  readonly offset: number
  readonly bytes: number
  readonly entries: number
}

const endBytes = 22
const commentBytesMax = 65_535
const locatorBytes = 20
const end64Bytes = 56
const signatures = { end: 0x06054b50, locator: 0x07064b50, end64: 0x06064b50 }

interface EndRecord extends DirectoryPlace {
  /** Where the record that tells all this begins, which is where the directory must end. */
  readonly at: number
}

/** Finds the directory by the records at the file's end (APPNOTE 4.3.14 to 4.3.16). */
export async function findDirectory(source: ArchiveSource): Promise<DirectoryPlace> {
  const length = Math.min(source.bytes, endBytes + commentBytesMax + locatorBytes)
  const tailOffset = source.bytes - length
  const tail = Buffer.from(await source.read({ offset: tailOffset, length }))
  const at = findEnd(tail)
  const locatorAt = at - locatorBytes
  const hasLocator = locatorAt >= 0 && tail.readUInt32LE(locatorAt) === signatures.locator
  const place = hasLocator
    ? await readEnd64(source, tail.subarray(locatorAt, at), tailOffset + locatorAt)
    : readEnd(tail.subarray(at), tailOffset + at)
  ensurePlaced(place)
  return place
}

/** The last record whose comment ends with the file. */
function findEnd(tail: Buffer): number {
  for (let at = tail.length - endBytes; at >= 0; at -= 1) {
    const isEnd = tail.readUInt32LE(at) === signatures.end
    if (isEnd && at + endBytes + tail.readUInt16LE(at + 20) === tail.length) return at
  }
  throw createMalformedError(
    'it does not end with the end record of a ZIP, so it was cut off, has something behind its end, or is no ZIP',
  )
}

function readEnd(record: Buffer, at: number): EndRecord {
  ensureOneDisk([record.readUInt16LE(4), record.readUInt16LE(6)])
  ensureSameCount(record.readUInt16LE(8), record.readUInt16LE(10))
  return {
    at,
    entries: record.readUInt16LE(10),
    bytes: record.readUInt32LE(12),
    offset: record.readUInt32LE(16),
  }
}

async function readEnd64(
  source: ArchiveSource,
  locator: Buffer,
  locatorAt: number,
): Promise<EndRecord> {
  const disks = locator.readUInt32LE(16)
  ensureOneDisk([locator.readUInt32LE(4), Math.max(0, disks - 1)])
  const at = readSafeInteger(locator, 8)
  if (at + end64Bytes > locatorAt) {
    throw createMalformedError(
      `its Zip64 end record is said to be at byte ${at}, where there is no room for it`,
    )
  }
  const record = Buffer.from(await source.read({ offset: at, length: end64Bytes }))
  if (record.readUInt32LE(0) !== signatures.end64) {
    throw createMalformedError(
      `its Zip64 end record is not at byte ${at}, where it is said to be; something may stand before the archive, as in a self-extracting program`,
    )
  }
  ensureOneDisk([record.readUInt32LE(16), record.readUInt32LE(20)])
  ensureSameCount(readSafeInteger(record, 24), readSafeInteger(record, 32))
  return {
    at,
    entries: readSafeInteger(record, 32),
    bytes: readSafeInteger(record, 40),
    offset: readSafeInteger(record, 48),
  }
}

function ensureOneDisk(disks: readonly number[]): void {
  const disk = disks.find((number) => number !== 0)
  if (disk !== undefined) throw createMultiDiskError(disk)
}

function ensureSameCount(entriesOnDisk: number, entries: number): void {
  if (entriesOnDisk === entries) return
  throw archiveErrors.createError(
    'archive.multi_disk',
    `This file holds ${entriesOnDisk} of the ${entries} entries of a ZIP in several parts. Pack everything into one ZIP file.`,
    { entriesOnDisk, entries },
  )
}

export function createMultiDiskError(disk: number) {
  return archiveErrors.createError(
    'archive.multi_disk',
    `The archive goes on in other files: it refers to part ${disk + 1}. Pack everything into one ZIP file.`,
    { disk },
  )
}

function ensurePlaced({ at, offset, bytes }: EndRecord): void {
  const shift = at - (offset + bytes)
  if (shift === 0) return
  throw createMalformedError(
    shift > 0
      ? `its directory of ${bytes} bytes at byte ${offset} ends ${shift} bytes before its end record; something may stand before the archive, as in a self-extracting program`
      : `its directory of ${bytes} bytes at byte ${offset} reaches ${-shift} bytes past where it must end; the beginning may be missing`,
  )
}

/** 64 bits that are an exact number. */
export function readSafeInteger(record: Buffer, at: number): number {
  const value = Number(record.readBigUInt64LE(at))
  if (Number.isSafeInteger(value)) return value
  throw createMalformedError(`it speaks of ${value} bytes or entries, which no file has`)
}
