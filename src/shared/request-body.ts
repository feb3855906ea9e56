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

/** What the platform gives at a time without a buffer of ours is 4 KiB: each time costs more than the work on the bytes. */
const chunkBytes = 65_536

interface Reader {
  read(): Promise<Uint8Array | null>
  cancel(): Promise<void>
}

/** A request's body, read chunk by chunk, and got rid of politely. */
export class BodyReader {
  receivedBytes = 0
  readonly #reader: Reader | null
  /** A read that was given up waiting for; a body has one at a time. */
  #pending: Promise<Uint8Array | null> | null = null

  constructor(body: ReadableStream<Uint8Array> | null) {
    this.#reader = body && openReader(body)
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
    const chunk = (await this.#reader?.read()) ?? null
    this.receivedBytes += chunk?.length ?? 0
    return chunk
  }

  async #cancel(): Promise<void> {
    await this.#reader?.cancel().catch(() => undefined)
  }
}

function openReader(body: ReadableStream<Uint8Array>): Reader {
  const reader = openReaderOfBytes(body)
  if (reader === null) {
    const ofChunks = body.getReader()
    return {
      read: async () => (await ofChunks.read()).value ?? null,
      cancel: () => ofChunks.cancel(),
    }
  }
  return {
    async read() {
      const { done, value } = await reader.read(new Uint8Array(chunkBytes))
      if (done || !value) return null
      // Of a sender who says little at a time not a whole buffer is held for every byte.
      return value.length < chunkBytes / 2 ? value.slice() : value
    },
    cancel: () => reader.cancel(),
  }
}

/** Null for a stream of chunks that are somebody else's, which takes no buffers. */
function openReaderOfBytes(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return body.getReader({ mode: 'byob' })
  } catch {
    return null
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
