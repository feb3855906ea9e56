import { ApiError, defineErrors } from '../../shared/errors.ts'

export const uploadErrors = defineErrors({
  'upload.files_required': {
    status: 400,
    meaning:
      'The upload lacks its files: it is no form of the type `multipart/form-data`, it has no file in `image` or none in `mask`, or one of them is text that is not the id of a file in parts. `missing`, `file` or `expectedContentType` says which.',
    remedy:
      'Send a form with a file field `image` and a file field `mask`: `curl -F datasetName=… -F image=@picture.png -F mask=@mask.png`. Let your HTTP library set `Content-Type`, since it knows the boundary. An archive needs no mask beside it. Nothing was stored and nothing was charged.',
  },
  'upload.unexpected_file': {
    status: 400,
    meaning:
      'A file came in a field that an upload does not have, or a second one in the same field. `field` is the name of that field, `expected` those that are taken: one file as `image` and one as `mask`.',
    remedy:
      'Rename the field, and send one pair a request. To send many at once, put them into a ZIP archive and send that as `image`. Nothing was stored and nothing was charged.',
  },
  'upload.form_malformed': {
    status: 400,
    meaning:
      'The form could not be read to its end: the boundary is missing or wrong, it broke off, a field is in another charset than UTF-8 or has more than 65536 bytes, or there are more than 50 fields. `message` says which.',
    remedy:
      'Let an HTTP library build the form, and do not set `Content-Type` yourself. If the connection ended, send the request again; over an unsteady line send the files in parts by `POST /api/uploads`. Nothing was stored and nothing was charged.',
  },
  'upload.kind_unsupported': {
    status: 400,
    meaning:
      'The mask is of a kind that its image cannot have: an archive as mask, or a video as the mask of a picture. `file` says which file it is about, `kind` what it was found to be.',
    remedy:
      'Send a PNG, JPEG or WebP mask with a picture; a picture or a video as mask of a video; and an archive alone, as `image`, with its masks inside it. Nothing was stored and nothing was charged.',
  },
  'upload.too_large': {
    status: 413,
    meaning:
      'The request as a whole is larger than a form may be. `limitBytes` is the most; whoever runs the API sets it by `UPLOAD_BYTES_MAX` (95 MB unless told otherwise).',
    remedy:
      'Send large files in parts: open each by `POST /api/uploads`, send its parts by `PUT`, and then name the ids as `image` and `mask` in `POST /api/datasets/data`. That way a file may have up to 5 GB. Nothing was stored and nothing was charged.',
  },
  'upload.too_slow': {
    status: 400,
    meaning:
      'The upload did not become data within 15 minutes of its beginning and was given up, so that a request that nobody waits for any more cannot take effect later.',
    remedy:
      'Send it again over a faster line, or in parts by `POST /api/uploads`, where a broken part is sent again alone. What it stored was deleted, its tokens were returned, and nothing was charged.',
  },
  'upload.kind_mismatch': {
    status: 400,
    meaning:
      'The name of a file in an archive and its bytes disagree: it is named as a picture or as a video, and its first bytes are of something else. `upload.report` tells of which file that is, and what its bytes are.',
    remedy:
      'Give the file the ending of what it is, or save it anew in the format that its name promises; renaming a file does not convert it. Then send it again. Nothing is charged for a file that is rejected.',
  },
  'upload.nothing_valid': {
    status: 400,
    meaning:
      'The archive was read, but nothing in it can become data: there is no picture or video with its mask, or every such pair was refused. `report` tells of the first hundred files what became of each, and why.',
    remedy:
      "Put pairs into folders: a mask's file name contains `mask`, and both names hold the same number, as in `image_1.png` and `mask_1.png`. The only pair of a folder needs no number. Then send the archive again. Nothing was stored and nothing was charged.",
  },
  'upload.fps_invalid': {
    status: 400,
    meaning:
      '`fps` is neither `source` nor a number from 0.01 to 240 with at most six decimals. `fps` in the answer is what came, `minimum` and `maximum` are the bounds.',
    remedy:
      'Send how many frames a second are to become items, such as `fps=5`, or `fps=source` for every frame of the video, or leave it out for one frame a second. Every frame costs tokens. Nothing was stored and nothing was charged.',
  },
  'upload.not_found': {
    status: 404,
    meaning:
      "You have no archive or video upload with this id: the id is mistyped, the upload is somebody else's, or it was a single picture, which is answered at once and not watched.",
    remedy:
      'Take the id from `upload.id` or from the header `Location` of the 202 answer to `POST /api/datasets/data`. What an upload made shows in `GET /api/datasets/:name/data`.',
  },
  'upload.processing_failed': {
    status: 503,
    meaning:
      'The upload could not be processed though its steps were tried several times, because something on our side kept failing; `message` says what. Nothing of it became data: uploads are taken as a whole or not at all.',
    remedy:
      'Send it again some minutes later. Files in parts that it used are kept for at least an hour, so that only the request that names them has to be sent again. Everything that was reserved was returned, and nothing was charged.',
  },
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
    'The upload could not be received because of a failure on our side; nothing was charged. Send it again.',
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
