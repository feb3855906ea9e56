import { createInflate } from 'node:zlib'

/** Small enough that what one write inflates to stays small, large enough that few calls are made. */
const outputBytes = 65_536

/** Inflates a zlib stream piece by piece in flat memory. */
export class InflateStream {
  readonly #inflate = createInflate({ chunkSize: outputBytes })
  readonly #ended: Promise<void>

  /** `onOutput` gets pieces of its own; what it throws ends the stream and reaches the writer. */
  constructor(onOutput: (piece: Uint8Array) => void) {
    this.#ended = new Promise((resolve, reject) => {
      this.#inflate.on('data', (piece: Uint8Array) => {
        try {
          onOutput(piece)
        } catch (error) {
          reject(error)
          this.#inflate.destroy()
        }
      })
      this.#inflate.on('end', resolve)
      this.#inflate.on('error', reject)
    })
    this.#ended.catch(() => undefined)
  }

  /** Resolves when more may be written; at once when the stream had ended before. */
  async write(piece: Uint8Array): Promise<void> {
    const written = new Promise<void>((resolve) => {
      this.#inflate.write(piece, () => resolve())
    })
    await Promise.race([this.#ended, written])
  }

  /** Resolves when everything was put out; rejects where the stream is damaged or incomplete. */
  async end(): Promise<void> {
    this.#inflate.end()
    await this.#ended
  }
}
