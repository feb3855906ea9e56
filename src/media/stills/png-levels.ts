import { createHistogram, dim, type Histogram, luminanceOf, narrow } from './luminance.ts'
import { channelsOf, type PngColours, type PngHeader, type PngPass } from './png-header.ts'
import type { RowConsumer } from './png-rows.ts'
import { unfilterRow } from './png-unfilter.ts'

/** A consumer of rows that knows in the end how many pixels have which luminance, laid over black. */
export interface LevelCounter extends RowConsumer {
  finish(): Histogram
}

/** Counts a PNG's levels of any colour type and depth. Holds one row beside the histogram. */
export function createLevelCounter(header: PngHeader, colours: PngColours): LevelCounter {
  const step = Math.max(1, (channelsOf(header) * header.bitDepth) >> 3)
  const samples =
    header.colourType === 3 || (header.colourType === 0 && header.bitDepth <= 8)
      ? new SingleSamples(header, colours)
      : new ColourSamples(header, colours)
  let previous: Uint8Array | null = null
  return {
    onRow(row, pass, isFirstOfPass) {
      unfilterRow(row, isFirstOfPass ? null : previous, step)
      previous = row
      samples.count(row, pass)
    },
    finish: () => samples.finish(),
  }
}

/** One sample of at most 8 bits a pixel: bytes are counted first, and what they mean is looked up once in the end. */
class SingleSamples {
  readonly #byteCounts = createHistogram()
  readonly #sampleCounts = createHistogram()

  constructor(
    private readonly header: PngHeader,
    private readonly colours: PngColours,
  ) {}

  count(row: Uint8Array, pass: PngPass): void {
    const counts = this.#byteCounts
    const { bitDepth } = this.header
    const wholeBytes = Math.floor((pass.width * bitDepth) / 8)
    for (let i = 1; i <= wholeBytes; i += 1) {
      const byte = row[i] as number
      counts[byte] = (counts[byte] as number) + 1
    }
    const left = pass.width - (wholeBytes * 8) / bitDepth
    if (left > 0) this.#spread(row[wholeBytes + 1] as number, left, 1)
  }

  finish(): Histogram {
    for (let byte = 0; byte < 256; byte += 1) {
      this.#spread(byte, 8 / this.header.bitDepth, this.#byteCounts[byte] as number)
    }
    const histogram = createHistogram()
    for (let sample = 0; sample < 2 ** this.header.bitDepth; sample += 1) {
      const level = this.#levelOf(sample)
      histogram[level] = (histogram[level] as number) + (this.#sampleCounts[sample] as number)
    }
    return histogram
  }

  /** Counts the first `samples` samples of a byte, `times` times. */
  #spread(byte: number, samples: number, times: number): void {
    const { bitDepth } = this.header
    const mask = 2 ** bitDepth - 1
    for (let index = 0; index < samples; index += 1) {
      const sample = (byte >> (8 - bitDepth * (index + 1))) & mask
      this.#sampleCounts[sample] = (this.#sampleCounts[sample] as number) + times
    }
  }

  #levelOf(sample: number): number {
    const { palette, transparency } = this.colours
    if (this.header.colourType === 3) {
      const [red = 0, green = 0, blue = 0] = palette?.subarray(sample * 3) ?? []
      return dim(luminanceOf(red, green, blue), transparency?.[sample] ?? 255)
    }
    if (transparency && readUint16(transparency, 0) === sample) return 0
    return Math.round((sample * 255) / (2 ** this.header.bitDepth - 1))
  }
}

/** Several samples a pixel, or 16 bits each. */
class ColourSamples {
  readonly #histogram = createHistogram()
  readonly #transparent: readonly number[] | null

  constructor(
    private readonly header: PngHeader,
    { transparency }: PngColours,
  ) {
    const isNamed = transparency !== null && (header.colourType === 0 || header.colourType === 2)
    const samples = channelsOf(header)
    this.#transparent = isNamed
      ? Array.from({ length: samples }, (_, index) => readUint16(transparency, index * 2))
      : null
  }

  count(row: Uint8Array): void {
    const { bitDepth, colourType } = this.header
    const isPlain = bitDepth === 8 && this.#transparent === null
    if (isPlain && colourType === 2) countEightBit(this.#histogram, row, 3)
    else if (isPlain && colourType === 6) countEightBit(this.#histogram, row, 4)
    else this.#countAny(row, bitDepth === 16)
  }

  finish(): Histogram {
    return this.#histogram
  }

  #countAny(row: Uint8Array, isWide: boolean): void {
    const histogram = this.#histogram
    const channels = channelsOf(this.header)
    const sampleBytes = isWide ? 2 : 1
    const isColour = channels >= 3
    const hasAlpha = channels === 2 || channels === 4
    const length = row.length
    for (let i = 1; i < length; i += channels * sampleBytes) {
      const red = readLevel(row, i, isWide)
      let level = red
      if (isColour) {
        const green = readLevel(row, i + sampleBytes, isWide)
        level = luminanceOf(red, green, readLevel(row, i + 2 * sampleBytes, isWide))
      }
      if (hasAlpha) level = dim(level, readLevel(row, i + (channels - 1) * sampleBytes, isWide))
      else if (this.#transparent && this.#isTransparent(row, i, isWide)) level = 0
      histogram[level] = (histogram[level] as number) + 1
    }
  }

  #isTransparent(row: Uint8Array, offset: number, isWide: boolean): boolean {
    const transparent = this.#transparent as readonly number[]
    return transparent.every((wanted, index) =>
      isWide ? readUint16(row, offset + 2 * index) === wanted : row[offset + index] === wanted,
    )
  }
}

/** What programs write most, in a loop of its own: a mask is long runs of one colour, and a run is counted at once. */
function countEightBit(histogram: Histogram, row: Uint8Array, channels: 3 | 4): void {
  const length = row.length
  let [red, green, blue, alpha] = [0, 0, 0, 0]
  let level = 0
  let run = 0
  for (let i = 1; i < length; i += channels) {
    const nextRed = row[i] as number
    const nextGreen = row[i + 1] as number
    const nextBlue = row[i + 2] as number
    const nextAlpha = channels === 4 ? (row[i + 3] as number) : 255
    if (nextRed === red && nextGreen === green && nextBlue === blue && nextAlpha === alpha) {
      run += 1
      continue
    }
    histogram[level] = (histogram[level] as number) + run
    red = nextRed
    green = nextGreen
    blue = nextBlue
    alpha = nextAlpha
    level = dim(luminanceOf(red, green, blue), alpha)
    run = 1
  }
  histogram[level] = (histogram[level] as number) + run
}

function readLevel(row: Uint8Array, offset: number, isWide: boolean): number {
  return isWide ? narrow(readUint16(row, offset)) : (row[offset] as number)
}

function readUint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number)
}
