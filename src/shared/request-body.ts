import { requestErrors } from './errors.ts'

export interface DismissLimits {
  readonly bytesMax: number
  readonly msMax: number
  /** How long to wait for a sender who says no more. */
  readonly idleMsMax: number
}

/** More than any request may hold, and time for a slow line to send it. */
const dismissLimits: DismissLimits = {
  bytesMax: 128 * 1024 * 1024,
  msMax: 60_000,
  idleMsMax: 2_000,
}

/** Who says nothing for so long is not waited for. */
const silentMsMax = 30_000

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

  /**
   * As `read`, of a sender who may go away or fall silent: throws `request.broken_off` where the body ends before all of
   * it was sent, and `request.too_slow` after so many milliseconds without a byte.
   */
  async readOrThrow(msMax = silentMsMax): Promise<Uint8Array | null> {
    let isSilent = false
    const silence = setTimeout(() => {
      isSilent = true
      void this.#cancel()
    }, msMax)
    try {
      const chunk = await this.read()
      if (!isSilent) return chunk
    } catch {
      if (!isSilent) throw createBrokenOffError(this.receivedBytes)
    } finally {
      clearTimeout(silence)
    }
    // A read that is cut off ends or fails, as the stream likes.
    throw createTooSlowError(this.receivedBytes, msMax)
  }

  /**
   * Reads a refused body to its end: most clients send all of it before they listen, and a body that is cut off costs
   * them the answer. Only what passes the limits is cut off. Never throws.
   */
  async dismiss(limits: DismissLimits = dismissLimits): Promise<void> {
    const deadline = setTimeout(() => this.#cancel(), limits.msMax)
    const bytesMax = this.receivedBytes + limits.bytesMax
    try {
      while (this.receivedBytes <= bytesMax) {
        if ((await this.#readSoon(limits.idleMsMax)) === null) return
      }
      await this.#cancel()
    } catch {
      // A body that breaks off is got rid of.
    } finally {
      clearTimeout(deadline)
    }
  }

  async #readSoon(idleMsMax: number): Promise<Uint8Array | null> {
    const idle = setTimeout(() => this.#cancel(), idleMsMax)
    try {
      return await this.read()
    } finally {
      clearTimeout(idle)
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

function createBrokenOffError(receivedBytes: number) {
  return requestErrors.createError(
    'request.broken_off',
    `The body broke off after ${receivedBytes} bytes: the connection ended before all of it was sent. Send the request again.`,
    { receivedBytes },
  )
}

function createTooSlowError(receivedBytes: number, msMax: number) {
  return requestErrors.createError(
    'request.too_slow',
    `No more of the body came for ${msMax / 1000} seconds, after ${receivedBytes} bytes of it. Send the request again, with a Content-Length that is right.`,
    { receivedBytes },
  )
}
