import type { PngPass } from './png-header.ts'
import { createCorruptError, type PairFile } from './still-refusals.ts'

/** Who looks at pixels. Rows come in order; a row may be changed in place and kept until the next one came. */
export interface RowConsumer {
  /** `row` begins with its filter type. */
  onRow(row: Uint8Array, pass: PngPass, isFirstOfPass: boolean): void
}

const filterTypeMax = 4

/**
 * Cuts inflated image data into the rows that the header promises and refuses more, less and unknown filter types.
 * Without a consumer it only steps from filter type to filter type; with one it joins rows that come in pieces.
 */
export class PngRows {
  #passIndex = 0
  #row = 0
  /** Bytes of the current row that have come. */
  #filled = 0
  #partial: Uint8Array | null = null

  constructor(
    private readonly file: PairFile,
    private readonly passes: readonly PngPass[],
    private readonly consumer: RowConsumer | null,
  ) {}

  push(raw: Uint8Array): void {
    let offset = 0
    while (offset < raw.length) {
      const pass = this.passes[this.#passIndex]
      if (!pass) throw this.#createLengthError('more')
      const count = Math.min(raw.length - offset, 1 + pass.rowBytes - this.#filled)
      if (this.#filled === 0) this.#ensureFilterType(raw[offset] as number)
      const piece = raw.subarray(offset, offset + count)
      offset += count
      this.#take(piece, pass)
    }
  }

  end(): void {
    if (this.passes[this.#passIndex]) throw this.#createLengthError('less')
  }

  #take(piece: Uint8Array, pass: PngPass): void {
    const length = 1 + pass.rowBytes
    let row = piece
    if (this.consumer && piece.length < length) {
      this.#partial ??= new Uint8Array(length)
      this.#partial.set(piece, this.#filled)
      row = this.#partial
    }
    this.#filled += piece.length
    if (this.#filled < length) return
    this.consumer?.onRow(row, pass, this.#row === 0)
    this.#partial = null
    this.#filled = 0
    this.#row += 1
    if (this.#row < pass.height) return
    this.#row = 0
    this.#passIndex += 1
  }

  #ensureFilterType(type: number): void {
    if (type <= filterTypeMax) return
    throw createCorruptError(
      this.file,
      `a row of its image data has filter type ${type}; 0 to ${filterTypeMax} exist`,
    )
  }

  #createLengthError(comparison: 'more' | 'less') {
    return createCorruptError(this.file, `its image data holds ${comparison} than its header says`)
  }
}
