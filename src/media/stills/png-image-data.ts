import { inflateSync } from 'node:zlib'
import { ApiError } from '../../shared/errors.ts'
import { InflateStream } from './inflate-stream.ts'
import { type PngHeader, passesOf, rawBytesOf } from './png-header.ts'
import { PngRows, type RowConsumer } from './png-rows.ts'
import { createCorruptError, type PairFile } from './still-refusals.ts'

/** Up to here image data is inflated in one native call, which is several times as fast as in pieces. */
const rawBytesAtOnceMax = 4 * 1024 * 1024

/** Deflate adds some 0.1 % to what does not compress; much more than the pixels is not held in memory. */
const collectedBytesMax = rawBytesAtOnceMax + 65_536

/** A PNG's image data: inflated to exactly what the header promises, row by row, in flat memory when it is large. */
export class PngImageData {
  readonly #rows: PngRows
  readonly #rawBytes: number
  #collected: Uint8Array[] = []
  #collectedBytes = 0
  #stream: InflateStream | null = null

  constructor(
    private readonly file: PairFile,
    header: PngHeader,
    consumer: RowConsumer | null,
  ) {
    const passes = passesOf(header)
    this.#rawBytes = rawBytesOf(passes)
    this.#rows = new PngRows(file, passes, consumer)
    if (this.#rawBytes > rawBytesAtOnceMax) this.#stream = this.#createStream()
  }

  /** Takes the next compressed bytes; a promise where the writer must wait. */
  write(piece: Uint8Array): Promise<void> | undefined {
    if (this.#stream) return this.#guard(this.#stream.write(piece))
    this.#collected.push(piece)
    this.#collectedBytes += piece.length
    if (this.#collectedBytes <= collectedBytesMax) return undefined
    this.#stream = this.#createStream()
    return this.#guard(this.#stream.write(Buffer.concat(this.#takeCollected())))
  }

  end(): Promise<void> | undefined {
    if (this.#stream) return this.#guard(this.#stream.end().then(() => this.#rows.end()))
    try {
      // The runtime refuses some outputs well below this maximum, because its buffer grows in strides.
      const options = { maxOutputLength: 2 * this.#rawBytes + 65_536 }
      this.#rows.push(inflateSync(this.#joinCollected(), options))
      this.#rows.end()
    } catch (error) {
      throw this.#explain(error)
    }
    return undefined
  }

  #createStream(): InflateStream {
    return new InflateStream((piece) => this.#rows.push(piece))
  }

  #takeCollected(): Uint8Array[] {
    const pieces = this.#collected
    this.#collected = []
    return pieces
  }

  #joinCollected(): Uint8Array {
    const pieces = this.#takeCollected()
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
  }

  async #guard(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      throw this.#explain(error)
    }
  }

  #explain(error: unknown) {
    if (error instanceof ApiError) return error
    if (error instanceof RangeError) {
      return createCorruptError(this.file, 'its image data holds more than its header says')
    }
    const reason = error instanceof Error ? error.message : String(error)
    return createCorruptError(this.file, `its image data cannot be inflated (${reason})`)
  }
}
