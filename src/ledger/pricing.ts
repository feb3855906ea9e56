import { createAmount, formatTokens, type TokenAmount } from './amounts.ts'

/** `standard` is the README's table, `specification` the one of the earlier data-model document. */
export type PricePlan = 'standard' | 'specification'

export type UploadKind = 'image-pair' | 'zip' | 'video'

interface Prices {
  readonly upload: Readonly<Record<UploadKind, TokenAmount>>
  readonly inference: { readonly image: TokenAmount; readonly frame: TokenAmount }
}

/** The one price table: thousandths of a token for each image, sampled frame or valid media file. */
const pricesByPlan: Readonly<Record<PricePlan, Prices>> = {
  standard: {
    upload: {
      'image-pair': createAmount(650),
      video: createAmount(400),
      zip: createAmount(700),
    },
    inference: { image: createAmount(2750), frame: createAmount(1500) },
  },
  specification: {
    upload: { 'image-pair': createAmount(1), video: createAmount(1), zip: createAmount(1) },
    inference: { image: createAmount(2), frame: createAmount(2) },
  },
}

export interface UploadToPrice {
  readonly kind: UploadKind
  /** Image + mask pairs, sampled frames, or valid media files of a ZIP without its masks. */
  readonly count: number
}

export interface InferencePrice {
  readonly imagesPrice: TokenAmount
  readonly framesPrice: TokenAmount
  readonly total: TokenAmount
}

/** Throws a RangeError when the count is no whole number from 0, or the price beyond what an amount holds. */
export function priceUpload(plan: PricePlan, upload: UploadToPrice): TokenAmount {
  return multiply(pricesByPlan[plan].upload[upload.kind], upload.count)
}

/** Throws a RangeError when a count is no whole number from 0, or the price beyond what an amount holds. */
export function priceInference(
  plan: PricePlan,
  media: { readonly images: number; readonly frames: number },
): InferencePrice {
  const { image, frame } = pricesByPlan[plan].inference
  const imagesPrice = multiply(image, media.images)
  const framesPrice = multiply(frame, media.frames)
  return { imagesPrice, framesPrice, total: createAmount(imagesPrice + framesPrice) }
}

/** The `tokenPricing` object of the API, in tokens. */
export function formatPricing(plan: PricePlan) {
  const { upload, inference } = pricesByPlan[plan]
  return {
    dataset_upload: {
      single_image: formatTokens(upload['image-pair']),
      video_frame: formatTokens(upload.video),
      zip_file: formatTokens(upload.zip),
    },
    inference: {
      single_image: formatTokens(inference.image),
      video_frame: formatTokens(inference.frame),
    },
  }
}

function multiply(price: TokenAmount, count: number): TokenAmount {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`A count to price must be a whole number from 0; received ${count}.`)
  }
  return createAmount(price * count)
}
