import { mediaErrors } from '../media.errors.ts'
import { countPixels, createHistogram, type Histogram } from './luminance.ts'
import { judgeMask, type MaskMeasures } from './mask-rule.ts'
import { pixelDecoders } from './pixel-decoders.ts'
import { createLevelCounter, type LevelCounter } from './png-levels.ts'
import { createStillChecker, type StillChecker, type StillFacts } from './still-checker.ts'
import { createCorruptError } from './still-refusals.ts'

export type MaskFacts = StillFacts & MaskMeasures

/** A codec holds 8 bytes a pixel beside the file; with more of either an isolate's 128 MB get tight. */
const codecPixelsMax = 8_388_608
const codecBytesMax = 8_388_608

export interface MaskLimits {
  readonly bytesMax: number
  readonly pixelsMax: number
}

/**
 * Checks a still mask: its structure as every picture's, and its pixels by the mask rule. A PNG is counted row by row
 * while it comes; JPEG and WebP are decoded whole, up to 8388608 pixels.
 */
export function createMaskChecker(limits: MaskLimits): StillChecker<MaskFacts> {
  let counter: LevelCounter | null = null
  let kept: Uint8Array[] = []
  let keptBytes = 0
  const checker = createStillChecker({
    ...limits,
    file: 'mask',
    createRowConsumer(header, colours) {
      counter = createLevelCounter(header, colours)
      kept = []
      return counter
    },
  })

  return {
    async push(chunk) {
      keptBytes += chunk.length
      if (counter === null && keptBytes <= codecBytesMax) kept.push(chunk)
      await checker.push(chunk)
    },

    async end() {
      const facts = await checker.end()
      if (counter !== null) return { ...facts, ...judgeMask(counter.finish()) }
      ensureCodecCanHold(facts, keptBytes)
      return { ...facts, ...judgeMask(await countDecoded(facts, Buffer.concat(kept))) }
    },
  }
}

/** Refuses a mask whose upright size differs from its picture's: `media.size_mismatch` with both sizes. */
export function ensureSameSize(image: StillFacts, mask: StillFacts): void {
  if (image.uprightWidth === mask.uprightWidth && image.uprightHeight === mask.uprightHeight) return
  const imageSize = `${image.uprightWidth}×${image.uprightHeight}`
  const maskSize = `${mask.uprightWidth}×${mask.uprightHeight}`
  throw mediaErrors.createError(
    'media.size_mismatch',
    `The image is ${imageSize} pixels and the mask ${maskSize}; both must be the same. Scale the mask to ${imageSize}.`,
    { imageSize, maskSize },
  )
}

function ensureCodecCanHold({ width, height }: StillFacts, bytes: number): void {
  const pixels = width * height
  if (pixels <= codecPixelsMax && bytes <= codecBytesMax) return
  throw mediaErrors.createError(
    'mask.too_many_pixels',
    `The mask has ${width}×${height} = ${pixels} pixels in ${bytes} bytes; as JPEG or WebP at most ${codecPixelsMax} pixels and ${codecBytesMax} bytes are taken. Save it as a PNG, which may be larger.`,
    { file: 'mask', pixels, limitPixels: codecPixelsMax, bytes, limitBytes: codecBytesMax },
  )
}

async function countDecoded(facts: StillFacts, file: Uint8Array): Promise<Histogram> {
  const decode = pixelDecoders[facts.format === 'webp' ? 'webp' : 'jpeg']
  const pixels = await decode(file).catch(() => null)
  if (pixels === null || pixels.width !== facts.width || pixels.height !== facts.height) {
    throw createCorruptError(
      'mask',
      `its ${facts.format} data is broken, or is in CMYK, which a mask cannot be`,
    )
  }
  const histogram = createHistogram()
  countPixels(histogram, pixels.data)
  return histogram
}
