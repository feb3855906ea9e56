import { defineErrors } from '../../shared/errors.ts'

export const uploadErrors = defineErrors({
  'upload.files_required': 400,
  'upload.unexpected_file': 400,
  'upload.form_malformed': 400,
  'upload.kind_unsupported': 400,
  'upload.too_large': 413,
  'upload.too_slow': 400,
})

export function createFilesRequiredError(details: Record<string, unknown> = {}) {
  return uploadErrors.createError(
    'upload.files_required',
    'Both image and mask files are required',
    details,
  )
}

/** For media that the API's documents name and this version does not take in. */
export function createKindUnsupportedError(file: 'image' | 'mask', kind: 'video' | 'zip') {
  const name = kind === 'zip' ? 'ZIP archive' : 'video'
  return uploadErrors.createError(
    'upload.kind_unsupported',
    `The ${file} is a ${name}; this version takes pictures alone. Send a PNG, JPEG or WebP picture with its mask.`,
    { file, kind },
  )
}

/** For an upload that took so long that it was held for cut off and given up. */
export function createTooSlowError() {
  return uploadErrors.createError(
    'upload.too_slow',
    'The upload took longer than 15 minutes and was given up; nothing was charged. Send it over a faster line, or compress the picture.',
  )
}
