/**
 * A parser that reads as if the whole file were there. It yields nothing when it needs more bytes, and a promise when
 * it waits for something else.
 */
export type Walk<Result> = Generator<Promise<void> | undefined, Result, void>

/** Bytes that have come and are not read yet. Chunks are kept as they are; nothing is copied unless a read spans two. */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = []
  #buffered = 0

  append(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
  }

  get buffered(): number {
    return this.#buffered
  }

  /** The next bytes without taking them: as many as asked for, or all there are. */
  peek(count: number): Uint8Array {
    const first = this.#chunks[0]
    if (first && first.length >= count) return first.subarray(0, count)
    return Buffer.concat(this.#chunks, Math.min(count, this.#buffered))
  }

  /** Exactly `count` bytes in one piece; for headers, which are small. */
  *read(count: number): Walk<Uint8Array> {
    while (this.#buffered < count) yield
    const bytes = this.peek(count)
    this.#drop(count)
    return bytes
  }

  /** Hands over `count` bytes in the pieces they came in, waiting for each visit that takes its time. */
  *visit(count: number, onPiece: (piece: Uint8Array) => Promise<void> | undefined): Walk<void> {
    let left = count
    while (left > 0) {
      const piece = yield* this.takePiece(left)
      left -= piece.length
      const busy = onPiece(piece)
      if (busy) yield busy
    }
  }

  *skip(count: number): Walk<void> {
    let left = count
    while (left > 0) left -= (yield* this.takePiece(left)).length
  }

  /** At least one byte and at most `countMax`, without copying. */
  *takePiece(countMax: number): Walk<Uint8Array> {
    for (;;) {
      const first = this.#chunks[0]
      if (first) {
        const piece = first.length <= countMax ? first : first.subarray(0, countMax)
        this.#drop(piece.length)
        return piece
      }
      yield
    }
  }

  /** Puts back what was taken and not used. */
  putBack(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.#chunks.unshift(piece)
    this.#buffered += piece.length
  }

  #drop(count: number): void {
    this.#buffered -= count
    let left = count
    while (left > 0) {
      const first = this.#chunks[0] as Uint8Array
      if (first.length > left) {
        this.#chunks[0] = first.subarray(left)
        return
      }
      left -= first.length
      this.#chunks.shift()
    }
  }
}
