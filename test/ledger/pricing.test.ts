import { describe, expect, it } from 'vitest'
import { formatTokens } from '../../src/ledger/amounts.ts'
import {
  formatPricing,
  type PricePlan,
  priceInference,
  priceUpload,
  type UploadKind,
} from '../../src/ledger/pricing.ts'

describe('the price of an upload', () => {
  it.each<[PricePlan, UploadKind, number, number]>([
    ['standard', 'image-pair', 1, 0.65],
    ['standard', 'image-pair', 3, 1.95],
    ['standard', 'video', 9, 3.6],
    ['standard', 'zip', 1, 0.7],
    ['standard', 'zip', 41, 28.7],
    ['standard', 'zip', 0, 0],
    ['specification', 'image-pair', 1, 0.001],
    ['specification', 'video', 250, 0.25],
    ['specification', 'zip', 12, 0.012],
  ])('by the %s plan, %s of %d, is %d tokens', (plan, kind, count, tokens) => {
    expect(formatTokens(priceUpload(plan, { kind, count }))).toBe(tokens)
  })

  it.each([-1, 0.5, Number.NaN, Number.MAX_SAFE_INTEGER])(
    'refuses to price %d of them',
    (count) => {
      expect(() => priceUpload('standard', { kind: 'zip', count })).toThrow(RangeError)
    },
  )
})

describe('the price of an inference', () => {
  it.each<[PricePlan, number, number, number, number]>([
    ['standard', 0, 0, 0, 0],
    ['standard', 1, 0, 2.75, 0],
    ['standard', 0, 8, 0, 12],
    ['standard', 3, 8, 8.25, 12],
    ['standard', 71, 10, 195.25, 15],
    ['specification', 1, 0, 0.002, 0],
    ['specification', 7, 100, 0.014, 0.2],
  ])('by the %s plan, for %d images and %d frames, is %d + %d', (plan, images, frames, a, b) => {
    const price = priceInference(plan, { images, frames })
    expect(formatTokens(price.imagesPrice)).toBe(a)
    expect(formatTokens(price.framesPrice)).toBe(b)
    expect(price.total).toBe(price.imagesPrice + price.framesPrice)
  })

  it.each([
    [-1, 0],
    [0, 1.5],
  ])('refuses to price %d images and %d frames', (images, frames) => {
    expect(() => priceInference('standard', { images, frames })).toThrow(RangeError)
  })
})

describe('the price list that a user is told', () => {
  it('is the README’s with the standard plan', () => {
    expect(formatPricing('standard')).toEqual({
      dataset_upload: { single_image: 0.65, video_frame: 0.4, zip_file: 0.7 },
      inference: { single_image: 2.75, video_frame: 1.5 },
    })
  })

  it('is the earlier document’s with the specification plan', () => {
    expect(formatPricing('specification')).toEqual({
      dataset_upload: { single_image: 0.001, video_frame: 0.001, zip_file: 0.001 },
      inference: { single_image: 0.002, video_frame: 0.002 },
    })
  })
})
