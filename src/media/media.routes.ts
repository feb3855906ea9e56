import { createRouter } from '../router.ts'
import { refusedWith } from '../shared/route-declaration.ts'
import { mediaErrors } from './media.errors.ts'
import {
  describeObject,
  rangeHeaders,
  servedMedia,
  signedUrlParams,
  signedUrlQuery,
} from './media.schemas.ts'
import { serveObject } from './serve-object.ts'

// ALL /media/*   an object, for whoever holds its signed URL; any method but GET is refused with 403

export const mediaRoutes = createRouter()

// The signature covers the address as it stands: a validator would read it before it is verified.
mediaRoutes.openAPIRegistry.registerPath({
  operationId: 'getMedia',
  summary: 'An object, for whoever holds its signed URL',
  description:
    'The `imageUrl`, `maskUrl` and `downloadUrl` of other answers lead here. Each works for about an hour, for one object, without an access token. Use it as it was given: it cannot be put together.',
  method: 'get',
  path: '/media/{key}',
  tags: ['Media'],
  request: { params: signedUrlParams, query: signedUrlQuery, headers: rangeHeaders },
  responses: {
    ...describeObject(servedMedia.results),
    ...refusedWith(mediaErrors.list('media.url_invalid', 'media.url_expired', 'media.not_found')),
  },
})

mediaRoutes.all('/media/*', async (context) => {
  const services = context.get('services')
  const { key, fileName, expiresAtMs } = await services.signedUrls.verifyOrThrow(context.req.raw)
  return serveObject(services, {
    key,
    fileName,
    maxAgeSeconds: (expiresAtMs - services.clock.nowMs()) / 1000,
    headers: context.req.raw.headers,
  })
})
