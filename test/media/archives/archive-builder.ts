import { crc32, deflateRawSync } from 'node:zlib'

export interface BuiltFile {
  readonly name: string | Uint8Array
  readonly content?: Uint8Array
  readonly method?: number
  /** In place of what the content compresses to. */
  readonly packed?: Uint8Array
  readonly flags?: number
  readonly host?: number
  readonly attributes?: number
  /** Extra fields, in the directory and in the file's own header. */
  readonly extra?: Uint8Array
  readonly localExtra?: Uint8Array
  readonly comment?: string
  readonly isZip64?: boolean
  readonly hasDescriptor?: boolean
  /** What the directory says in place of the truth. */
  readonly bytes?: number
  readonly compressedBytes?: number
  readonly crc32?: number
  readonly headerOffset?: number
  readonly disk?: number
  /** The file's own header in place of a right one; same length. */
  readonly changeHeader?: (header: Buffer) => void
}

export interface BuiltArchive {
  readonly comment?: string
  readonly isZip64?: boolean
  /** Between the directory and its end. */
  readonly signature?: Uint8Array
  readonly prefix?: Uint8Array
  readonly changeEnd?: (end: Buffer) => void
  readonly changeEnd64?: (end: Buffer) => void
  readonly changeLocator?: (locator: Buffer) => void
}

/** A ZIP made of its parts; right unless the parts are wrong. */
export function createArchive(files: readonly BuiltFile[], archive: BuiltArchive = {}): Uint8Array {
  const written: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const file of files) {
    const { local, record } = createFile(file, offset)
    written.push(local)
    directory.push(record)
    offset += local.length
  }
  const listed = Buffer.concat([...directory, archive.signature ?? Buffer.alloc(0)])
  const end = createEnd(archive, { entries: files.length, bytes: listed.length, offset })
  return Uint8Array.from(
    Buffer.concat([archive.prefix ?? Buffer.alloc(0), ...written, listed, end]),
  )
}

function createFile(file: BuiltFile, offset: number) {
  const content = file.content ?? new Uint8Array(0)
  const method = file.method ?? 8
  const packed = file.packed ?? (method === 0 ? content : deflateRawSync(content))
  const name = typeof file.name === 'string' ? Buffer.from(file.name) : Buffer.from(file.name)
  const flags = (file.flags ?? 0) | (file.hasDescriptor ? 8 : 0)
  const facts = {
    crc32: file.crc32 ?? crc32(content),
    bytes: file.bytes ?? content.length,
    compressedBytes: file.compressedBytes ?? packed.length,
  }
  const common = { name, flags, method, ...facts, isZip64: file.isZip64 ?? false }
  const header = createLocalHeader({ ...common, hasDescriptor: file.hasDescriptor ?? false }, file)
  const local = Buffer.concat([header, packed, createDescriptor(file, facts)])
  const record = createRecord({ ...common, headerOffset: file.headerOffset ?? offset }, file)
  return { local, record }
}

interface Facts {
  readonly crc32: number
  readonly bytes: number
  readonly compressedBytes: number
}

interface Common extends Facts {
  readonly name: Buffer
  readonly flags: number
  readonly method: number
  readonly isZip64: boolean
}

function createLocalHeader(common: Common & { hasDescriptor: boolean }, file: BuiltFile): Buffer {
  const { name, isZip64, hasDescriptor } = common
  const known = hasDescriptor ? { crc32: 0, bytes: 0, compressedBytes: 0 } : common
  const large = isZip64 ? createField(1, [known.bytes, known.compressedBytes]) : Buffer.alloc(0)
  const extra = Buffer.concat([large, file.localExtra ?? file.extra ?? Buffer.alloc(0)])
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(isZip64 ? 45 : 20, 4)
  header.writeUInt16LE(common.flags, 6)
  header.writeUInt16LE(common.method, 8)
  header.writeUInt32LE(known.crc32, 14)
  header.writeUInt32LE(isZip64 ? 0xffffffff : known.compressedBytes, 18)
  header.writeUInt32LE(isZip64 ? 0xffffffff : known.bytes, 22)
  header.writeUInt16LE(name.length, 26)
  header.writeUInt16LE(extra.length, 28)
  file.changeHeader?.(header)
  return Buffer.concat([header, name, extra])
}

function createDescriptor(file: BuiltFile, facts: Facts): Buffer {
  if (!file.hasDescriptor) return Buffer.alloc(0)
  const descriptor = Buffer.alloc(file.isZip64 ? 24 : 16)
  descriptor.writeUInt32LE(0x08074b50, 0)
  descriptor.writeUInt32LE(facts.crc32, 4)
  descriptor.writeUInt32LE(facts.compressedBytes, 8)
  descriptor.writeUInt32LE(facts.bytes, file.isZip64 ? 16 : 12)
  return descriptor
}

function createRecord(common: Common & { headerOffset: number }, file: BuiltFile): Buffer {
  const { name, isZip64, bytes, compressedBytes, headerOffset } = common
  const large = isZip64 ? createField(1, [bytes, compressedBytes, headerOffset]) : Buffer.alloc(0)
  const extra = Buffer.concat([large, file.extra ?? Buffer.alloc(0)])
  const comment = Buffer.from(file.comment ?? '')
  const record = Buffer.alloc(46)
  record.writeUInt32LE(0x02014b50, 0)
  record.writeUInt8(isZip64 ? 45 : 20, 4)
  record.writeUInt8(file.host ?? 3, 5)
  record.writeUInt16LE(isZip64 ? 45 : 20, 6)
  record.writeUInt16LE(common.flags, 8)
  record.writeUInt16LE(common.method, 10)
  record.writeUInt32LE(common.crc32, 16)
  record.writeUInt32LE(isZip64 ? 0xffffffff : compressedBytes, 20)
  record.writeUInt32LE(isZip64 ? 0xffffffff : bytes, 24)
  record.writeUInt16LE(name.length, 28)
  record.writeUInt16LE(extra.length, 30)
  record.writeUInt16LE(comment.length, 32)
  record.writeUInt16LE(file.disk ?? 0, 34)
  record.writeUInt32LE(file.attributes ?? 0, 38)
  record.writeUInt32LE(isZip64 ? 0xffffffff : headerOffset, 42)
  return Buffer.concat([record, name, extra, comment])
}

/** An extra field: 64-bit numbers, or bytes. */
export function createField(id: number, content: readonly number[] | Uint8Array): Buffer {
  const body =
    content instanceof Uint8Array
      ? Buffer.from(content)
      : Buffer.from(new BigUint64Array(content.map(BigInt)).buffer)
  const field = Buffer.alloc(4)
  field.writeUInt16LE(id, 0)
  field.writeUInt16LE(body.length, 2)
  return Buffer.concat([field, body])
}

/** Info-ZIP's Unicode path for a name in another code page. */
export function createUnicodePath(name: Uint8Array, path: string): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(1, 0)
  head.writeUInt32LE(crc32(name), 1)
  return createField(0x7075, Buffer.concat([head, Buffer.from(path)]))
}

function createEnd(
  archive: BuiltArchive,
  { entries, bytes, offset }: { entries: number; bytes: number; offset: number },
): Buffer {
  const { isZip64 = false } = archive
  const comment = Buffer.from(archive.comment ?? '')
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(isZip64 ? 0xffff : entries, 8)
  end.writeUInt16LE(isZip64 ? 0xffff : entries, 10)
  end.writeUInt32LE(isZip64 ? 0xffffffff : bytes, 12)
  end.writeUInt32LE(isZip64 ? 0xffffffff : offset, 16)
  end.writeUInt16LE(comment.length, 20)
  archive.changeEnd?.(end)
  if (!isZip64) return Buffer.concat([end, comment])
  const end64 = Buffer.alloc(56)
  end64.writeUInt32LE(0x06064b50, 0)
  end64.writeUInt32LE(44, 4)
  end64.writeBigUInt64LE(BigInt(entries), 24)
  end64.writeBigUInt64LE(BigInt(entries), 32)
  end64.writeBigUInt64LE(BigInt(bytes), 40)
  end64.writeBigUInt64LE(BigInt(offset), 48)
  archive.changeEnd64?.(end64)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(offset + bytes), 8)
  locator.writeUInt32LE(1, 16)
  archive.changeLocator?.(locator)
  return Buffer.concat([end64, locator, end, comment])
}
