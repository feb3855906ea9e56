import { ApiError, defineErrors } from '../../shared/errors.ts'

export const uploadErrors = defineErrors({
  'upload.files_required': 400,
  'upload.unexpected_file': 400,
  'upload.form_malformed': 400,
  'upload.kind_unsupported': 400,
  'upload.too_large': 413,
  'upload.too_slow': 400,
  'upload.kind_mismatch': 400,
  'upload.nothing_valid': 400,
  'upload.fps_invalid': 400,
  'upload.not_found': 404,
  'upload.processing_failed': 503,
})

export function createFilesRequiredError(details: Record<string, unknown> = {}) {
  return uploadErrors.createError(
    'upload.files_required',
    'Both image and mask files are required',
    details,
  )
}

/** For a mask that is of a kind which the image beside it cannot have as a mask. */
export function createKindUnsupportedError(file: 'image' | 'mask', kind: 'video' | 'zip') {
  const name = kind === 'zip' ? 'ZIP archive' : 'video'
  return uploadErrors.createError(
    'upload.kind_unsupported',
    kind === 'zip'
      ? `The ${file} is a ${name}. Send an archive as image; its masks are inside it.`
      : `The ${file} is a ${name} and the image a picture. Send a PNG, JPEG or WebP mask of the picture's size.`,
    { file, kind },
  )
}

/** Any failure as the error that is kept with the upload. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return uploadErrors.createError(
    'upload.processing_failed',
    'The upload could not be received; nothing was charged. Send it again.',
  )
}

/** For an upload that took so long that it was held for cut off and given up. */
export function createTooSlowError() {
  return uploadErrors.createError(
    'upload.too_slow',
    'The upload took longer than 15 minutes and was given up; nothing was charged. Send it over a faster line, or compress the picture.',
  )
}

/** For an entry whose name says picture and whose bytes are something else that is known. */
export function createNotAPictureError(file: 'image' | 'mask', kind: string) {
  return uploadErrors.createError(
    'upload.kind_mismatch',
    `The ${file} is named as a picture, but its bytes are a ${kind}. Name it by what it is.`,
    { file, kind },
  )
}

/** For an archive in which no file can become data; the reasons of its first files go with it. */
export function createNothingValidError(
  entries: readonly { path: string; state: string; reason: string | null }[],
) {
  const report = entries.slice(0, 100).map(({ path, state, reason }) => ({
    path,
    status: state.toLowerCase(),
    reason,
  }))
  return uploadErrors.createError(
    'upload.nothing_valid',
    `None of the archive's ${entries.length} entries is a picture or video with its mask. Put pairs like image_1.png and mask_1.png into a folder each; the report says what is wrong with every file.`,
    { report },
  )
}

/** For an entry whose name says video and whose bytes are something else that is known. */
export function createNotAVideoError(file: 'image' | 'mask', kind: string) {
  return uploadErrors.createError(
    'upload.kind_mismatch',
    `The ${file === 'mask' ? 'mask of a video' : 'video'} is a ${kind} by its bytes, whatever its name says. Send a video with a mask that is a picture or a video.`,
    { file, kind },
  )
}
