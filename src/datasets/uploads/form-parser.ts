import busboy from 'busboy'
import { ApiError } from '../../shared/errors.ts'
import type { BodyReader } from '../../shared/request-body.ts'
import { createFilesRequiredError, uploadErrors } from './uploads.errors.ts'

export const fieldsMax = 50
export const fieldBytesMax = 65_536
const fieldNameBytesMax = 200

/** A parser for the request's form. Throws `upload.files_required` for what is no form, and `upload.form_malformed`. */
export function createParser(request: Request): busboy.Busboy {
  const type = request.headers.get('content-type') ?? ''
  if (!/^multipart\/form-data\b/i.test(type)) {
    throw createFilesRequiredError({ expectedContentType: 'multipart/form-data' })
  }
  try {
    return busboy({
      headers: { 'content-type': type },
      defParamCharset: 'utf8',
      limits: {
        fields: fieldsMax,
        fieldSize: fieldBytesMax,
        fieldNameSize: fieldNameBytesMax,
        parts: fieldsMax + 10,
      },
    })
  } catch (error) {
    throw createParserError(error)
  }
}

/** Feeds a body to the parser as fast as that takes it. Throws `upload.too_large`, `upload.form_malformed` and `request.too_slow`. */
export async function pumpForm(
  body: BodyReader,
  parser: busboy.Busboy,
  uploadBytesMax: number,
): Promise<void> {
  while (!parser.destroyed) {
    const chunk = await body.readOrThrow().catch((error) => {
      const isSilent = error instanceof ApiError && error.code === 'request.too_slow'
      throw isSilent ? error : createMalformedError('the connection ended before the form did')
    })
    if (chunk === null) break
    ensureLength(body.receivedBytes, uploadBytesMax)
    await new Promise<void>((resolve) => parser.write(chunk, () => resolve()))
  }
  parser.end()
}

/** Of a field, perhaps one without a name, that the parser has no text of: nobody knows the encoding that it names. */
export function createCharsetError(name: string | undefined): ApiError {
  return createMalformedError(
    `the field '${name?.slice(0, 60) ?? ''}' is in an unknown charset, not UTF-8`,
  )
}

export function ensureLength(bytes: number, uploadBytesMax: number): void {
  if (bytes <= uploadBytesMax) return
  throw uploadErrors.createError(
    'upload.too_large',
    `A form may have at most ${uploadBytesMax} bytes in all. Send smaller files, or large ones in parts by POST /api/uploads.`,
    { limitBytes: uploadBytesMax },
  )
}

export function createMalformedError(reason: string): ApiError {
  return uploadErrors.createError(
    'upload.form_malformed',
    `The form cannot be read: ${reason}. Send it again as multipart/form-data.`,
  )
}

/** What the parser says, in words that go on after "the form cannot be read:". */
const problems: Readonly<Record<string, string>> = {
  'Unexpected end of form': 'it ends before its closing boundary',
  'Unexpected end of file': 'it ends inside a file, before its closing boundary',
  'Malformed part header': 'the header of one of its parts is malformed',
  'Multipart: Boundary not found': 'its Content-Type names no boundary',
  'Malformed content type': 'its Content-Type is malformed',
}

/** The refusal of a form that the parser threw for. */
export function createParserError(error: unknown): ApiError {
  const said = error instanceof Error ? error.message : ''
  return createMalformedError(problems[said] ?? 'it is malformed')
}
