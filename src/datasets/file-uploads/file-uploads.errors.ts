import { defineErrors } from '../../shared/errors.ts'

export const fileUploadErrors = defineErrors({
  'file_uploads.name_invalid': 400,
  'file_uploads.bytes_invalid': 400,
  'file_uploads.too_large': 413,
  'file_uploads.too_many': 409,
  'file_uploads.not_found': 404,
  'file_uploads.parts_missing': 409,
  'file_uploads.taken': 409,
})

export function createFileUploadNotFound(id: string) {
  return fileUploadErrors.createError(
    'file_uploads.not_found',
    `You have no file in parts with the id '${id.slice(0, 100)}': it was deleted or has expired, or never was.`,
  )
}

export function createTakenError(row: { id: string; takenBy: string | null }) {
  return fileUploadErrors.createError(
    'file_uploads.taken',
    `The file ${row.id} was taken by the upload ${row.takenBy}: send a file in parts again for another upload.`,
    { id: row.id, takenBy: row.takenBy },
  )
}

const numbersNamedMax = 20

/** Names the first twenty parts that are not there. */
export function createPartsMissingError(
  file: { id: string; partCount: number },
  missing: readonly number[],
) {
  const named = missing.slice(0, numbersNamedMax)
  const more = missing.length > named.length ? ` and ${missing.length - named.length} more` : ''
  return fileUploadErrors.createError(
    'file_uploads.parts_missing',
    `${missing.length} of the ${file.partCount} parts of the file ${file.id} are missing or of a wrong size: ` +
      `${named.join(', ')}${more}. GET /api/uploads/${file.id} has URLs for them.`,
    { id: file.id, missingCount: missing.length, missing: named },
  )
}
