import { cors } from 'hono/cors'
import { createRouter } from './router.ts'
import { createServices, type Services } from './services.ts'
import { renderError, renderNotFound } from './shared/error-renderer.ts'
import { systemRoutes } from './system.routes.ts'

/** The map of the API: middleware in order, one line per feature. */
export function createApp() {
  const app = createRouter()
  app.onError(renderError)
  app.notFound(renderNotFound)

  app.use(async (context, next) => {
    context.set('requestId', context.req.header('cf-ray') ?? crypto.randomUUID())
    context.header('X-Request-Id', context.get('requestId'))
    context.set('services', servicesOf(context.env))
    await next()
  })
  app.use((context, next) => corsOf(context.get('services'))(context, next))

  app.route('/', systemRoutes)
  return app
}

const servicesByEnv = new WeakMap<Env, Services>()

/** The services of an isolate's environment, made once. */
export function servicesOf(env: Env): Services {
  const known = servicesByEnv.get(env)
  if (known) return known
  const services = createServices(env)
  servicesByEnv.set(env, services)
  return services
}

function corsOf(services: Services) {
  const origins = services.settings.CORS_ORIGINS
  return cors({
    origin: origins === '*' ? '*' : origins.split(','),
    exposeHeaders: ['ETag', 'Content-Range', 'Content-Disposition', 'Retry-After', 'X-Request-Id'],
    maxAge: 86_400,
  })
}
