import { z } from '@hono/zod-openapi'
import { describeHeader } from '../shared/route-declaration.ts'

/** Bytes in a body, for the document: OpenAPI 3.1 says so by the media type, older tools by the format. */
const bytes = { schema: { type: 'string' as const, format: 'binary' } }

const pictureTypes = ['image/png', 'image/jpeg', 'image/webp'] as const
const videoTypes = ['video/mp4'] as const

/** The media types of a route's files. */
export const servedMedia = {
  pictures: pictureTypes,
  results: [...pictureTypes, ...videoTypes],
} as const

const fileHeaders = {
  ETag: describeHeader('Names these bytes, for `If-None-Match` and `If-Range`'),
  'Accept-Ranges': describeHeader('`bytes`'),
  'Content-Length': describeHeader('How many bytes come'),
  'Content-Disposition': describeHeader(
    'The name to save the file under, in ASCII and as `filename*` in UTF-8',
  ),
  'Cache-Control': describeHeader('How long the client may keep it'),
}

const storedHeaders = {
  ...fileHeaders,
  'Last-Modified': describeHeader('When the file was stored'),
}

const contentRange = describeHeader('Which bytes come, and of how many')

/** The successes of a route that answers with a file or the part of it that the request's headers ask for. */
function describeFile(types: readonly string[], headers: typeof fileHeaders) {
  const content = Object.fromEntries(types.map((type) => [type, bytes]))
  return {
    200: { description: 'The file', headers, content },
    206: {
      description: 'The part of the file that `Range` asks for',
      headers: { ...headers, 'Content-Range': contentRange },
      content,
    },
    304: { description: 'The file is what `If-None-Match` names', headers },
    416: {
      description: 'The file has no such range',
      headers: {
        'Content-Range': describeHeader('`bytes */` and how many the file has'),
      },
    },
  }
}

/** What `serveObject` answers of such files. */
export function describeObject(types: readonly string[]) {
  return {
    ...describeFile(types, storedHeaders),
    302: {
      description:
        "Where the file is, on the storage's own host, for five minutes: so where `MEDIA_DELIVERY` is `redirect`",
      headers: { Location: describeHeader('A signed URL of the file') },
    },
  }
}

/** What a route answers that makes an archive as it sends it. */
export const archiveResponses = describeFile(['application/zip'], fileHeaders)

/** The headers by which a client asks for a part of a file, or for none of what it has. */
export const rangeHeaders = z.object({
  range: z
    .string()
    .optional()
    .openapi({
      param: {
        description:
          'One range of bytes, such as `bytes=0-1023`: the first byte is 0 and the last is part of it. Several ranges, or what cannot be read, get the whole file',
      },
    }),
  'if-range': z
    .string()
    .optional()
    .openapi({
      param: {
        description: 'An `ETag`: `Range` is followed only while the file is still that one',
      },
    }),
  'if-none-match': z
    .string()
    .optional()
    .openapi({ param: { description: '`ETag`s that the client has: one of them is a 304' } }),
})

export const signedUrlParams = z.object({
  key: z.string().openapi({
    param: { description: 'The object; its slashes stand in the address as they are' },
    example:
      'datasets/98ba966c-595a-4c79-9ac3-4285400a126a/1715ddf7-c718-42a3-bbc0-a1fb9628ef8f_f4b0a3c1-6a0b-4c53-8a5e-1f6f0a0d9b11.jpg',
  }),
})

export const signedUrlQuery = z.object({
  expires: z.string().openapi({
    param: { description: 'Until when the URL works, in seconds since 1970' },
    example: '1763712000',
  }),
  filename: z
    .string()
    .optional()
    .openapi({
      param: { description: 'The name to save the file under' },
      example: 'chelsea-scratch.jpg',
    }),
  signature: z.string().openapi({
    param: { description: 'Made by the API over all that stands before it' },
    example: 'rZ0n1lq3m8a4Vbq4mZ0T8cYw2oWl3Yk0bYQ9d1cE7uI',
  }),
})
