import { z } from '@hono/zod-openapi'

const bytes = z.string().openapi({ type: 'string', format: 'binary' })

/** The successes of a route that serves an object, as `serveObject` answers them. */
export const objectResponses = {
  200: { description: 'The file', content: { '*/*': { schema: bytes } } },
  206: { description: 'The part that `Range` asks for', content: { '*/*': { schema: bytes } } },
  302: { description: 'Where the file is, when `MEDIA_DELIVERY` is `redirect`' },
  304: { description: 'The file is what `If-None-Match` names' },
  416: { description: 'The file has no such range' },
}

export const signedUrlParams = z.object({
  key: z.string().openapi({ description: 'The object, slashes included' }),
})

export const signedUrlQuery = z.object({
  expires: z.string().openapi({ description: 'Seconds since the epoch' }),
  filename: z.string().optional(),
  signature: z.string(),
})
