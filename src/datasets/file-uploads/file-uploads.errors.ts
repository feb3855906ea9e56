import { defineErrors } from '../../shared/errors.ts'

export const fileUploadErrors = defineErrors({
  'file_uploads.name_invalid': {
    status: 400,
    meaning:
      '`fileName` cannot be the name of a file in parts: it is missing or not text, is longer than 255 characters, or nothing is left of it once folders and characters that no name can have are taken away.',
    remedy:
      'Send the plain name of the file, such as `"fileName": "film.mp4"`. Nothing was opened and nothing was charged.',
  },
  'file_uploads.bytes_invalid': {
    status: 400,
    meaning:
      '`bytes` is not the size of a file: it must be a whole number, as a JSON number, from 1 to `limitBytes`.',
    remedy:
      'Send the exact size in bytes, such as `"bytes": 734003200`: parts are planned by it, and the file counts as whole only when they add up to it. Nothing was opened and nothing was charged.',
  },
  'file_uploads.too_large': {
    status: 413,
    meaning:
      'The file is larger than one that is sent in parts may be. `bytes` is what you asked for, `limitBytes` the most that is taken; whoever runs the API sets it by `FILE_BYTES_MAX` (5 GB unless told otherwise).',
    remedy:
      'Cut a video into several, encode it smaller, or split an archive, and send each as a file of its own. Nothing was opened and nothing was charged.',
  },
  'file_uploads.too_many': {
    status: 409,
    meaning:
      'You have as many files in parts open as one account may: `limit` of them that no upload has used yet. They go away by themselves when they expire.',
    remedy:
      'See them by `GET /api/uploads`. Use them in `POST /api/datasets/data`, or delete those that you do not need by `DELETE /api/uploads/:id`, and send this request again. Nothing was charged.',
  },
  'file_uploads.not_found': {
    status: 404,
    meaning:
      'You have no file in parts with this id: it was deleted, has expired (after `FILE_UPLOAD_TTL_HOURS`, 24 unless told otherwise), was made data by an upload, or belongs to somebody else.',
    remedy:
      'Look at `GET /api/uploads` for those that are there. If it has gone, open it anew by `POST /api/uploads` and send its parts again. Nothing was charged.',
  },
  'file_uploads.parts_missing': {
    status: 409,
    meaning:
      'Not all parts of the file have come in full. `missingCount` says how many are missing or of a wrong size, and `missing` holds the numbers of the first twenty; `id` is the file.',
    remedy:
      'Ask `GET /api/uploads/:id` for signed URLs of the missing parts, send each by `PUT` with exactly the bytes that it names, and send this request again. Parts that are there need not be sent again. Nothing was charged.',
  },
  'file_uploads.taken': {
    status: 409,
    meaning:
      "The file in parts belongs to an upload already: `takenBy` is that upload's id, `id` the file's. Each file is used once.",
    remedy:
      'If that upload is yours and still runs, watch it by `GET /api/datasets/uploads/:uploadId`: should it fail, the file is free again. To use the same content twice, open it again by `POST /api/uploads`. Nothing was charged by this request.',
  },
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
