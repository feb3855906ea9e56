import { BodyReader } from '../../shared/request-body.ts'
import type { ContentDigest } from './content-digest.ts'
import { createCharsetError, createParser, createParserError, pumpForm } from './form-parser.ts'

/**
 * Reads a form to its end and takes what it sends into the digest, as `receiveUploadForm` would; nothing is kept. Throws
 * `upload.files_required`, `upload.form_malformed` and `upload.too_large`.
 */
export async function digestForm(
  request: Request,
  { digest, uploadBytesMax }: { digest: ContentDigest; uploadBytesMax: number },
): Promise<void> {
  const body = new BodyReader(request.body)
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => undefined)
  try {
    const parser = createParser(request)
    parser.on('field', (name, value: string | undefined) => {
      if (value === undefined) failure.reject(createCharsetError(name))
      else digest.addField(name, value)
    })
    parser.on('file', (name, stream, { filename }) => {
      stream.on('error', () => undefined)
      const isChosen = typeof filename === 'string' && filename !== ''
      const hash = isChosen ? digest.beginFile(name, filename) : null
      stream.on('data', (chunk: Uint8Array) => hash?.update(chunk))
    })
    parser.on('error', (error) => failure.reject(createParserError(error)))
    const closed = new Promise((resolve) => parser.on('close', resolve))
    await Promise.race([failure.promise, pumpForm(body, parser, uploadBytesMax)])
    await Promise.race([failure.promise, closed])
  } catch (error) {
    await body.dismiss()
    throw error
  }
}
