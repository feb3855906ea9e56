import { mediaErrors } from '../media.errors.ts'
import type { Histogram } from './luminance.ts'

/** Levels from here up mark pixels to remove. */
const holeLevelMin = 128

/** Levels above `blackMax` and below `whiteMin` are grey; docs/decisions/media-mask-rule.md says why these. */
const blackMax = 48
const whiteMin = 207
const greyShareMax = 0.03

export interface MaskMeasures {
  /** Pixels to remove. */
  readonly holePixels: number
  /** Grey pixels among all, 0 to 1. */
  readonly greyShare: number
}

/** What a mask's levels say. Throws `mask.not_binary` and `mask.covers_everything`. */
export function judgeMask(histogram: Histogram): MaskMeasures {
  let pixels = 0
  let greyPixels = 0
  let holePixels = 0
  for (let level = 0; level < 256; level += 1) {
    const count = histogram[level] as number
    pixels += count
    if (level > blackMax && level < whiteMin) greyPixels += count
    if (level >= holeLevelMin) holePixels += count
  }
  const greyShare = greyPixels / pixels
  if (greyShare > greyShareMax) {
    throw mediaErrors.createError(
      'mask.not_binary',
      `${formatPercent(greyShare)} of the mask's pixels are grey (brightness ${blackMax + 1} to ${whiteMin - 1} of 255); at most ${formatPercent(greyShareMax)} may be. Paint what to remove white and the rest black, without soft edges.`,
      { file: 'mask', greyShare, limitShare: greyShareMax },
    )
  }
  if (holePixels === pixels) {
    throw mediaErrors.createError(
      'mask.covers_everything',
      'The mask is white everywhere, so nothing is left to fill from. Paint only what to remove white and leave the rest black.',
      { file: 'mask', holePixels },
    )
  }
  return { holePixels, greyShare }
}

/** Upwards to a tenth, so that what is over the limit never reads as the limit. */
function formatPercent(share: number): string {
  return `${(Math.ceil(share * 1000 - 1e-9) / 10).toFixed(1)} %`
}
