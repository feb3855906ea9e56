import { requestErrors } from '../../shared/errors.ts'
import { readJsonObjectOrThrow } from '../../shared/validation.ts'
import { ContentDigest } from './content-digest.ts'
import { digestForm } from './digest-form.ts'
import { receiveUploadForm, type UploadForm, type UploadFormOptions } from './upload-form.ts'

const fieldNames = ['datasetName', 'image', 'mask', 'fps'] as const

/** What an upload sends: a form with its files, or JSON with the ids of files that were sent in parts. */
export async function readUpload(
  request: Request,
  options: UploadFormOptions,
): Promise<UploadForm> {
  if (!isJson(request)) return receiveUploadForm(request, options)
  return readJson(request, options.digest)
}

function isJson(request: Request): boolean {
  return /^application\/json\b/i.test(request.headers.get('content-type') ?? '')
}

/**
 * The digest of what an upload sends, for one that has been answered before: its body is read to its end, and nothing of
 * it is looked at or kept. Throws as `readUpload` does for what is no form.
 */
export async function digestUpload(
  request: Request,
  { uploadBytesMax }: { readonly uploadBytesMax: number },
): Promise<string> {
  const digest = new ContentDigest()
  if (isJson(request)) await readJson(request, digest)
  else await digestForm(request, { digest, uploadBytesMax })
  return digest.finish()
}

async function readJson(request: Request, digest: ContentDigest | undefined): Promise<UploadForm> {
  const body = await readJsonObjectOrThrow(request)
  const fields = fieldNames.map((name) => [name, readFieldOrThrow(name, body[name])] as const)
  for (const [name, value] of fields) {
    if (value !== undefined) digest?.addField(name, value)
  }
  return { fields: Object.fromEntries(fields), image: null, mask: null }
}

function readFieldOrThrow(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  if (name === 'fps' && typeof value === 'number') return String(value)
  throw requestErrors.createError(
    'request.invalid',
    `The field '${name}' must be text. Received: ${describe(value)}`,
    { field: name },
  )
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
