/** A file or folder of a ZIP archive, as the archive's directory describes it. */
export interface ArchiveEntry {
  /** With '/' between the parts and none in front; never leads out of the archive. */
  readonly path: string
  readonly isFolder: boolean
  readonly method: 'stored' | 'deflated'
  readonly compressedBytes: number
  readonly bytes: number
  readonly crc32: number
  /** Where the entry's own header is, from the start of the file. */
  readonly headerOffset: number
}

/** What an archive's directory may ask for; beyond it nothing is inflated. */
export interface ArchiveLimits {
  readonly entriesMax: number
  /** How many times its compressed size an entry, and the whole, may inflate to. */
  readonly ratioMax: number
  /** All entries together. */
  readonly inflatedBytesMax: number
}

export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/** A file of which any range can be had. Ranges must lie inside the file. */
export interface ArchiveSource {
  readonly bytes: number
  /** Exactly the range. What is returned may be shared with other readers and must not be changed or transferred. */
  read(range: ByteRange): Promise<Uint8Array>
  /** The same as a byte stream. */
  stream(range: ByteRange): Promise<ReadableStream<Uint8Array>>
}
