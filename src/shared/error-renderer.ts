import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { ApiError, errorPageUrl, requestErrors } from './errors.ts'
import { createLogger, describeError } from './logger.ts'

/** The one place where an error becomes JSON: `{ success: false, message, code, …details, documentation }`. */
export function renderError(error: unknown, context: Context): Response {
  const known = asApiError(error)
  if (known.status >= 500) {
    createLogger({ requestId: context.get('requestId') }).error('request.failed', {
      code: known.code,
      path: context.req.path,
      ...describeError(error),
    })
  }
  const { retryAfterSeconds } = known.details
  if (typeof retryAfterSeconds === 'number') {
    context.header('Retry-After', String(retryAfterSeconds))
  } else if (known.status === 503) {
    context.header('Retry-After', '2')
  }
  return context.json(
    {
      success: false,
      message: known.message,
      code: known.code,
      ...known.details,
      documentation: createPageUrl(known.code, context),
    },
    known.status,
  )
}

/** Where the page of a code is. A request that failed before the settings were read knows no other address than its own. */
function createPageUrl(code: string, context: Context): string {
  const services: { settings: { PUBLIC_BASE_URL: string } } | undefined = context.get('services')
  const baseUrl = services?.settings.PUBLIC_BASE_URL ?? new URL(context.req.url).origin
  return errorPageUrl(baseUrl, code)
}

export function renderNotFound(context: Context): Response {
  const url = new URL(context.req.url)
  return renderError(
    requestErrors.createError(
      'request.route_not_found',
      `Route not found: ${context.req.method} ${url.pathname}${url.search}`,
    ),
    context,
  )
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof HTTPException && error.status < 500) {
    return requestErrors.createError('request.invalid', error.message || 'The request is invalid.')
  }
  return requestErrors.createError(
    'server.internal',
    'Something went wrong on our side. Please try again: what did not take effect is not charged.',
  )
}
