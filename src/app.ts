import { cors } from 'hono/cors'
import { adminRoutes } from './admin/admin.routes.ts'
import { datasetRoutes } from './datasets/datasets.routes.ts'
import { fileUploadRoutes } from './datasets/file-uploads/file-uploads.routes.ts'
import { itemRoutes } from './datasets/items.routes.ts'
import { uploadRoutes } from './datasets/uploads/uploads.routes.ts'
import { inferenceRoutes } from './inferences/inferences.routes.ts'
import { resultRoutes } from './inferences/results.routes.ts'
import { resultsArchiveRoutes } from './inferences/results-archive.routes.ts'
import { mediaRoutes } from './media/media.routes.ts'
import { modelRoutes } from './models/models.routes.ts'
import { readinessRoutes } from './operations/readiness.routes.ts'
import { createRouter } from './router.ts'
import { createServices, type Services } from './services.ts'
import { renderError, renderNotFound } from './shared/error-renderer.ts'
import { systemRoutes } from './system.routes.ts'
import { usersRoutes } from './users/users.routes.ts'

/** The map of the API: middleware in order, one line per feature. */
export function createApp(findServices: (env: Env) => Services = servicesOf) {
  const app = createRouter()
  app.onError(renderError)
  app.notFound(renderNotFound)

  app.use(async (context, next) => {
    context.set('requestId', context.req.header('cf-ray') ?? crypto.randomUUID())
    context.header('X-Request-Id', context.get('requestId'))
    context.set('services', findServices(context.env))
    await next()
  })
  app.use((context, next) => corsOf(context.get('services'))(context, next))

  app.route('/', systemRoutes)
  app.route('/', readinessRoutes)
  app.route('/api/users', usersRoutes)
  app.route('/api/admin', adminRoutes)
  app.route('/api/datasets', uploadRoutes)
  app.route('/api/datasets', datasetRoutes)
  app.route('/api/datasets', itemRoutes)
  app.route('/api/uploads', fileUploadRoutes)
  app.route('/api/models', modelRoutes)
  app.route('/api/inferences', inferenceRoutes)
  app.route('/api/inferences', resultRoutes)
  app.route('/api/inferences', resultsArchiveRoutes)
  app.route('/', mediaRoutes)

  app.openAPIRegistry.registerComponent('securitySchemes', 'accessToken', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The `token` of `POST /api/users/login`',
  })
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
    exposeHeaders: [
      'ETag',
      'Accept-Ranges',
      'Content-Range',
      'Content-Disposition',
      'Retry-After',
      'X-Request-Id',
    ],
    maxAge: 86_400,
  })
}
