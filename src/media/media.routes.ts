import { createRouter } from '../router.ts'
import { serveObject } from './serve-object.ts'

// ALL /media/*   an object, for whoever holds its signed URL; any method but GET is refused with 403

export const mediaRoutes = createRouter()

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
