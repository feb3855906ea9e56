/** What is still read of a body that is refused, so that clients that send before they listen get the answer. */
const dismissedBytesMax = 8 * 1024 * 1024
const dismissMsMax = 1000

/** A request's body, read chunk by chunk, and got rid of politely. */
export class BodyReader {
  receivedBytes = 0
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | null
  /** A read that was given up waiting for; a body has one at a time. */
  #pending: Promise<Uint8Array | null> | null = null

  constructor(body: ReadableStream<Uint8Array> | null) {
    this.#reader = body?.getReader() ?? null
  }

  /** The next chunk; null at the end. */
  read(): Promise<Uint8Array | null> {
    this.#pending ??= this.#next().finally(() => {
      this.#pending = null
    })
    return this.#pending
  }

  /** Reads what is left while it is little and comes soon, and cancels the rest. Never throws. */
  async dismiss(): Promise<void> {
    const timer = setTimeout(() => this.#cancel(), dismissMsMax)
    const bytesMax = this.receivedBytes + dismissedBytesMax
    try {
      while (this.receivedBytes <= bytesMax) {
        if ((await this.read()) === null) return
      }
      await this.#cancel()
    } catch {
      // A body that breaks off is got rid of.
    } finally {
      clearTimeout(timer)
    }
  }

  async #next(): Promise<Uint8Array | null> {
    const { done, value } = (await this.#reader?.read()) ?? { done: true, value: undefined }
    if (done || !value) return null
    this.receivedBytes += value.length
    return value
  }

  async #cancel(): Promise<void> {
    await this.#reader?.cancel().catch(() => undefined)
  }
}
