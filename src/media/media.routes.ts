import { createRouter } from '../router.ts'
import { errorResponses } from '../shared/route-declaration.ts'
import { objectResponses, signedUrlParams, signedUrlQuery } from './media.schemas.ts'
import { serveObject } from './serve-object.ts'

// ALL /media/*   an object, for whoever holds its signed URL; any method but GET is refused with 403

export const mediaRoutes = createRouter()

// The signature covers the address as it stands: a validator would read it before it is verified.
mediaRoutes.openAPIRegistry.registerPath({
  operationId: 'getMedia',
  method: 'get',
  path: '/media/{key}',
  tags: ['Media'],
  summary: 'An object, for whoever holds its signed URL',
  request: { params: signedUrlParams, query: signedUrlQuery },
  responses: { ...objectResponses, ...errorResponses(403, 404) },
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
