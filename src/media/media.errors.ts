import { defineErrors } from '../shared/errors.ts'

export const mediaErrors = defineErrors({
  'media.url_invalid': 403,
  'media.url_expired': 403,
  'media.not_found': 404,
  'media.empty': 400,
  'media.kind_unsupported': 400,
  'media.truncated': 400,
  'media.corrupt': 400,
  'media.animated': 400,
  'media.too_many_pixels': 400,
  'media.too_large': 413,
  'media.size_mismatch': 400,
  'mask.not_binary': 400,
  'mask.covers_everything': 400,
  'mask.too_many_pixels': 400,
})
