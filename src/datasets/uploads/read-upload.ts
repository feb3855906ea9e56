import { requestErrors } from '../../shared/errors.ts'
import { readJsonObjectOrThrow } from '../../shared/validation.ts'
import { receiveUploadForm, type UploadForm, type UploadFormOptions } from './upload-form.ts'

const fieldNames = ['datasetName', 'image', 'mask', 'fps'] as const

/** What an upload sends: a form with its files, or JSON with the ids of files that were sent in parts. */
export async function readUpload(
  request: Request,
  options: UploadFormOptions,
): Promise<UploadForm> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\b/i.test(type)) return receiveUploadForm(request, options)
  const body = await readJsonObjectOrThrow(request)
  const fields = fieldNames.map((name) => [name, readFieldOrThrow(name, body[name])] as const)
  return { fields: Object.fromEntries(fields), image: null, mask: null }
}

function readFieldOrThrow(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  if (name === 'fps' && typeof value === 'number') return String(value)
  throw requestErrors.createError(
    'request.invalid',
    `The field '${name}' must be text. Received: ${Array.isArray(value) ? 'an array' : `a ${typeof value}`}`,
    { field: name },
  )
}
