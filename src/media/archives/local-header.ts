import type { ArchiveEntry } from './archive.model.ts'
import { createEntryDamagedError } from './archives.errors.ts'

/** An entry's own header without its name and extra fields. */
export const localHeaderBytesMin = 30

const signature = 0x04034b50
const methodNumbers = { stored: 0, deflated: 8 }
const flagBits = { encrypted: 0x2041, sizesFollow: 0x08 }

/**
 * Where the data begins, from the start of the header (APPNOTE 4.3.7). The directory is believed about everything else;
 * a header that says otherwise is another entry's or damaged. Throws `archive.entry_damaged`.
 */
export function readLocalHeader(bytes: Uint8Array, entry: ArchiveEntry): number {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, localHeaderBytesMin)
  if (header.readUInt32LE(0) !== signature) {
    throw createEntryDamagedError(entry, `no entry begins at byte ${entry.headerOffset}`)
  }
  const flags = header.readUInt16LE(6)
  if ((flags & flagBits.encrypted) !== 0) {
    throw createEntryDamagedError(entry, 'its header says that it is encrypted')
  }
  const method = header.readUInt16LE(8)
  if (method !== methodNumbers[entry.method]) {
    throw createEntryDamagedError(entry, `its header names method ${method}, not ${entry.method}`)
  }
  if ((flags & flagBits.sizesFollow) === 0) ensureSame(header, entry)
  return localHeaderBytesMin + header.readUInt16LE(26) + header.readUInt16LE(28)
}

function ensureSame(header: Buffer, entry: ArchiveEntry): void {
  const facts = [
    ['checksum', header.readUInt32LE(14), entry.crc32],
    ['compressed size', header.readUInt32LE(18), entry.compressedBytes],
    ['size', header.readUInt32LE(22), entry.bytes],
  ] as const
  for (const [name, found, expected] of facts) {
    const isElsewhere = name !== 'checksum' && found === 0xffffffff
    if (found === expected || isElsewhere) continue
    throw createEntryDamagedError(
      entry,
      `its header has the ${name} ${found} where the directory names ${expected}`,
    )
  }
}
