/** What R2 asks of every part but the last: at least this many bytes, and all the same. */
const partBytes = 5 * 1024 * 1024

/**
 * Writes a stream of unknown length as an R2 multipart upload of equal parts. Holds at most two parts in memory: the
 * one being filled and the one on its way.
 */
export class MultipartWriter {
  #part = new Uint8Array(partBytes)
  #filled = 0
  #partNumber = 0
  #onItsWay: Promise<void> = Promise.resolve()
  readonly #uploaded: R2UploadedPart[] = []

  constructor(private readonly upload: R2MultipartUpload) {}

  /** Resolves when more may be written; rejects when an earlier part could not be stored. */
  async write(chunk: Uint8Array): Promise<void> {
    let offset = 0
    while (offset < chunk.length) {
      const count = Math.min(chunk.length - offset, partBytes - this.#filled)
      this.#part.set(chunk.subarray(offset, offset + count), this.#filled)
      this.#filled += count
      offset += count
      if (this.#filled === partBytes) await this.#send()
    }
  }

  async complete(): Promise<void> {
    if (this.#filled > 0 || this.#partNumber === 0) await this.#send()
    await this.#onItsWay
    await this.upload.complete(this.#uploaded)
  }

  async abort(): Promise<void> {
    await this.#onItsWay.catch(() => undefined)
    await this.upload.abort()
  }

  async #send(): Promise<void> {
    const bytes = this.#part.subarray(0, this.#filled)
    this.#part = new Uint8Array(partBytes)
    this.#filled = 0
    await this.#onItsWay
    this.#partNumber += 1
    this.#onItsWay = this.upload.uploadPart(this.#partNumber, bytes).then((part) => {
      this.#uploaded.push(part)
    })
    this.#onItsWay.catch(() => undefined)
  }
}
