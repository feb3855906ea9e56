import { AwsV4Signer } from 'aws4fetch'
import type { Clock } from '../shared/clock.ts'
import { formatInlineDisposition } from './file-names.ts'

export interface PresignedUrlSettings {
  /** The S3 API of R2, without a slash at the end; its host is part of every signature. */
  readonly endpoint: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly clock: Clock
}

/** URLs of R2's S3 API, each for one object and one method: bytes that never pass through the Worker. */
export interface PresignedUrls {
  /** Reads an object. `fileName` and `contentType` override what the object was stored with. */
  presignGet(object: {
    readonly key: string
    readonly expiresInSeconds: number
    readonly fileName?: string | null
    readonly contentType?: string
  }): Promise<string>
  /** Writes an object; the writer must send exactly the Content-Type and as many bytes as are given here. */
  presignPut(object: {
    readonly key: string
    readonly expiresInSeconds: number
    readonly contentType?: string
    readonly bytes?: number
  }): Promise<string>
}

/** What S3 takes for `X-Amz-Expires`: one second to seven days. */
const expiresInSecondsMax = 604_800

export function createPresignedUrls(settings: PresignedUrlSettings): PresignedUrls {
  const { endpoint, bucket, accessKeyId, secretAccessKey, clock } = settings
  // One derived key a day; without the cache each signature costs four more HMACs.
  const cache = new Map<string, ArrayBuffer>()

  async function presign(
    method: 'GET' | 'PUT',
    object: { readonly key: string; readonly expiresInSeconds: number },
    {
      parameters = {},
      headers = {},
    }: Partial<Record<'parameters' | 'headers', Record<string, string>>>,
  ): Promise<string> {
    const url = new URL(`${endpoint}/${bucket}/${object.key}`)
    url.searchParams.set('X-Amz-Expires', String(ensureLifetime(object.expiresInSeconds)))
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    const datetime = new Date(clock.nowMs()).toISOString().replace(/[:-]|\.\d{3}/g, '')
    const signer = new AwsV4Signer({
      method,
      url: url.toString(),
      headers,
      accessKeyId,
      secretAccessKey,
      service: 's3',
      region: 'auto',
      signQuery: true,
      allHeaders: true,
      datetime,
      cache,
    })
    return (await signer.sign()).url.toString()
  }

  return {
    presignGet({ fileName = null, contentType, ...object }) {
      const parameters: Record<string, string> = {}
      if (fileName !== null) {
        parameters['response-content-disposition'] = formatInlineDisposition(fileName)
      }
      if (contentType !== undefined) parameters['response-content-type'] = contentType
      return presign('GET', object, { parameters })
    },

    presignPut({ contentType, bytes, ...object }) {
      const headers: Record<string, string> = {}
      if (contentType !== undefined) headers['content-type'] = contentType
      if (bytes !== undefined) headers['content-length'] = String(bytes)
      return presign('PUT', object, { headers })
    },
  }
}

function ensureLifetime(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= expiresInSecondsMax) return seconds
  throw new RangeError(
    `${seconds} s is no lifetime of a presigned URL (1 to ${expiresInSecondsMax})`,
  )
}
