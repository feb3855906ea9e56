import { cleanFileName } from './file-names.ts'
import type { StoredExtension } from './keys.ts'
import { createSpool, type Spool, type SpoolOptions } from './spool.ts'
import { detectFormat, type FileFormat, type FileKind, headBytes } from './stills/kind.ts'
import { createMaskChecker, type MaskFacts } from './stills/mask.ts'
import { createStillChecker, type StillChecker, type StillFacts } from './stills/still-checker.ts'
import {
  createEmptyError,
  createTooLargeError,
  createUnknownKindError,
  type PairFile,
} from './stills/still-refusals.ts'
import type { StoredFacts } from './store.ts'

/** A file that came in whole and was found right, and is not stored yet. */
export interface ReceivedFile extends StoredFacts {
  readonly file: PairFile
  readonly kind: FileKind
  readonly format: FileFormat['format']
  readonly contentType: string
  /** The user's name for it, fit for a header; never part of the key. */
  readonly fileName: string
  readonly key: string
  /** Null for videos and archives, which are not looked into here. */
  readonly still: StillFacts | null
  /** What a still mask marks; null for everything else. */
  readonly mask: MaskFacts | null
  store(): Promise<void>
  /** Leaves nothing in the store. Never throws. */
  discard(): Promise<void>
}

export interface ReceiveFileOptions extends Pick<SpoolOptions, 'store' | 'memoryBytesMax'> {
  /** Awaited once before the first byte is stored; what it throws ends the file. */
  readonly onSpill?: ((kind: FileKind) => Promise<void>) | undefined
  readonly file: PairFile
  readonly fileName: string
  readonly chunks: AsyncIterable<Uint8Array>
  readonly bytesMax: number
  /** For a video or an archive, where that is another limit. */
  readonly mediaBytesMax?: number
  readonly pixelsMax: number
  readonly createKey: (extension: StoredExtension) => string
  /** Called when the first bytes have told the kind; refuses it by throwing, before more is read. */
  readonly acceptKind?: ((kind: FileKind) => void | Promise<void>) | undefined
}

/**
 * Takes a file from a stream: decides its kind by its first bytes, checks it and hashes it on the way, and holds it
 * until `store` or `discard`. Whatever it throws, it leaves nothing in the store.
 */
export async function receiveFile(options: ReceiveFileOptions): Promise<ReceivedFile> {
  let reception: Reception | null = null
  let head: Uint8Array = new Uint8Array(0)
  try {
    for await (const chunk of options.chunks) {
      if (reception) {
        await reception.write(chunk)
        continue
      }
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
      if (head.length < headBytes) continue
      reception = await openReception(options, head)
      await reception.write(head)
    }
    if (!reception) {
      if (head.length === 0) throw createEmptyError(options.file)
      reception = await openReception(options, head)
      await reception.write(head)
    }
    return await reception.finish()
  } catch (error) {
    await reception?.spool.discard()
    throw error
  }
}

/** A file whose kind is known, on its way to the checker and the spool. */
class Reception {
  #bytes = 0

  constructor(
    private readonly options: ReceiveFileOptions,
    private readonly format: FileFormat,
    private readonly key: string,
    readonly spool: Spool,
    private readonly checker: StillChecker<StillFacts | MaskFacts> | null,
  ) {}

  async write(chunk: Uint8Array): Promise<void> {
    const { file } = this.options
    const bytesMax = bytesMaxOf(this.options, this.format)
    this.#bytes += chunk.length
    if (this.#bytes > bytesMax) throw createTooLargeError(file, bytesMax)
    await this.checker?.push(chunk)
    await this.spool.write(chunk)
  }

  async finish(): Promise<ReceivedFile> {
    const still = this.checker ? await this.checker.end() : null
    const { kind, format, contentType } = this.format
    return {
      ...this.spool.finish(),
      file: this.options.file,
      kind,
      format,
      contentType,
      fileName: nameOf(this.options, this.format),
      key: this.key,
      still,
      mask: still && isMask(still) ? still : null,
      store: () => this.spool.store(),
      discard: () => this.spool.discard(),
    }
  }
}

async function openReception(options: ReceiveFileOptions, head: Uint8Array): Promise<Reception> {
  const { file, store, onSpill, memoryBytesMax, acceptKind, createKey } = options
  const format = detectFormat(head.subarray(0, headBytes))
  if (!format) throw createUnknownKindError(file)
  await acceptKind?.(format.kind)
  const key = createKey(format.extension)
  const object = { key, contentType: format.contentType, fileName: nameOf(options, format) }
  const spool = createSpool({
    object,
    store,
    onSpill: onSpill && (() => onSpill(format.kind)),
    ...(memoryBytesMax && { memoryBytesMax }),
  })
  return new Reception(options, format, key, spool, createChecker(options, format))
}

function isMask(still: StillFacts | MaskFacts): still is MaskFacts {
  return 'holePixels' in still
}

function createChecker({ file, bytesMax, pixelsMax }: ReceiveFileOptions, { kind }: FileFormat) {
  if (kind !== 'picture') return null
  if (file === 'mask') return createMaskChecker({ bytesMax, pixelsMax })
  return createStillChecker({ file, bytesMax, pixelsMax })
}

function bytesMaxOf({ bytesMax, mediaBytesMax }: ReceiveFileOptions, { kind }: FileFormat): number {
  return kind === 'picture' ? bytesMax : (mediaBytesMax ?? bytesMax)
}

function nameOf({ file, fileName }: ReceiveFileOptions, { extension }: FileFormat): string {
  return cleanFileName(fileName) || `${file}.${extension}`
}
