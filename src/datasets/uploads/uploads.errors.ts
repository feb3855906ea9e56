import { defineErrors } from '../../shared/errors.ts'

export const uploadErrors = defineErrors({
  'upload.files_required': 400,
  'upload.unexpected_file': 400,
  'upload.form_malformed': 400,
  'upload.kind_unsupported': 400,
  'upload.too_large': 413,
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
