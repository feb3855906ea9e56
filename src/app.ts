import type { Context } from 'hono'
import { adminRoutes } from './admin/admin.routes.ts'
import { jobRoutes } from './admin/jobs/jobs.routes.ts'
import { auditRoutes } from './audit/audit-log.routes.ts'
import type { Settings } from './config.ts'
import { datasetRoutes } from './datasets/datasets.routes.ts'
import { fileUploadRoutes } from './datasets/file-uploads/file-uploads.routes.ts'
import { itemRoutes } from './datasets/items.routes.ts'
import { uploadRoutes } from './datasets/uploads/uploads.routes.ts'
import { createOpenApiRoutes } from './documentation/openapi/openapi.routes.ts'
import { createPageRoutes } from './documentation/pages.routes.ts'
import { inferenceRoutes } from './inferences/inferences.routes.ts'
import { resultRoutes } from './inferences/results.routes.ts'
import { resultsArchiveRoutes } from './inferences/results-archive.routes.ts'
import { mediaRoutes } from './media/media.routes.ts'
import { modelRoutes } from './models/models.routes.ts'
import { metricsRoutes } from './operations/metrics.routes.ts'
import { readinessRoutes } from './operations/readiness.routes.ts'
import { reconciliationRoutes } from './reconciliation/reconciliations.routes.ts'
import { type AppEnv, createRouter } from './router.ts'
import { createServices, type Services } from './services.ts'
import { type AnswerPolicy, answerPreflight, completeHeaders } from './shared/answer-headers.ts'
import { renderError, renderNotFound } from './shared/error-renderer.ts'
import { withLogFields } from './shared/logger.ts'
import { systemRoutes } from './system.routes.ts'
import { usersRoutes } from './users/users.routes.ts'

/** The map of the API: middleware in order, one line per feature. */
export function createApp(findServices: (env: Env) => Services = servicesOf) {
  const app = createRouter()
  app.onError(renderError)
  app.notFound(renderNotFound)

  app.use(async (context, next) => {
    const services = findServices(context.env)
    const requestId = readRequestId(services.settings, context.req.header('cf-ray'))
    context.set('services', services)
    context.set('requestId', requestId)
    if (context.req.method === 'OPTIONS') context.res = answerPreflight()
    else await withLogFields({ requestId }, next)
    completeHeaders(mutableHeadersOf(context), policyOf(services.settings), {
      requestId,
      origin: context.req.header('origin'),
    })
  })

  app.route('/', systemRoutes)
  app.route('/', readinessRoutes)
  app.route('/api/users', usersRoutes)
  app.route('/api/admin', adminRoutes)
  app.route('/api/admin/inferences', jobRoutes)
  app.route('/api/admin/metrics', metricsRoutes)
  app.route('/api/admin/audit-log', auditRoutes)
  app.route('/api/admin/reconciliations', reconciliationRoutes)
  // The items of a dataset whose name is 'uploads' stand before the uploads: none of these has the id 'data'.
  app.route('/api/datasets', itemRoutes)
  app.route('/api/datasets', uploadRoutes)
  app.route('/api/datasets', datasetRoutes)
  app.route('/api/uploads', fileUploadRoutes)
  app.route('/api/models', modelRoutes)
  app.route('/api/inferences', inferenceRoutes)
  app.route('/api/inferences', resultRoutes)
  app.route('/api/inferences', resultsArchiveRoutes)
  app.route('/', mediaRoutes)
  app.route('/', createOpenApiRoutes(app))
  app.route('/', createPageRoutes(app))

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

/**
 * Cloudflare names each request in a header that no client can set there. Elsewhere anybody can, and nobody may choose
 * what a log line is found by.
 */
function readRequestId({ APP_ENV }: Pick<Settings, 'APP_ENV'>, ray: string | undefined): string {
  const isOfCloudflare = APP_ENV !== 'development' && /^[0-9a-f]{16}(-[A-Z]{3})?$/.test(ray ?? '')
  return isOfCloudflare && ray !== undefined ? ray : crypto.randomUUID()
}

function policyOf({ APP_ENV, CORS_ORIGINS }: Settings): AnswerPolicy {
  return { isDevelopment: APP_ENV === 'development', corsOrigins: CORS_ORIGINS }
}

/** An answer that came from elsewhere, an asset say, lets nobody change its headers. */
function mutableHeadersOf(context: Context<AppEnv>): Headers {
  const answer = context.res
  try {
    answer.headers.delete('X-Powered-By')
  } catch {
    // What is there would be copied into what comes.
    context.res = undefined
    context.res = new Response(answer.body, answer)
  }
  return context.res.headers
}
