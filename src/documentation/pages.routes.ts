import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Settings } from '../config.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { findErrorPage } from './errors/all-errors.ts'
import { describeInstallation } from './installation.ts'
import { writeLlmsText } from './llms-text.ts'
import { createDocument, type Declarations } from './openapi/create-document.ts'
import { renderErrorIndex, renderErrorPage, renderUnknownError } from './pages/errors.page.ts'
import { renderGuides } from './pages/guides.page.ts'
import { renderHome } from './pages/home.page.ts'
import type { Markup } from './pages/layout.page.ts'
import { listRoutesByCode } from './routes-by-code.ts'

/*
 * GET /docs                first steps, and the reference for trying out
 * GET /docs/guides         what a client's programmer wants to know beyond the single request
 * GET /docs/errors         every error code
 * GET /docs/errors/:code   what happened, and what to do
 * GET /docs/assets/:file   what the pages show and load, and samples
 * GET /llms.txt            the same for programs that read
 *
 * They are pages, and no part of the API: its document does not list them.
 */

const pageRules = {
  'default-src': ["'none'"],
  'style-src': ["'self'"],
  'img-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
}

/** The reference asks this server, and shows pictures that it made of answers or that its stylesheet holds. */
const referenceRules = {
  ...pageRules,
  'script-src': ["'self'"],
  'connect-src': ["'self'"],
  'img-src': ["'self'", 'data:', 'blob:'],
}

const writeRules = (rules: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(rules)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ')

const contentPolicies = { page: writeRules(pageRules), reference: writeRules(referenceRules) }

/** Pages are told anew: they name prices, limits and codes of the version that runs. */
function answerPage(
  context: Context<AppEnv>,
  page: Markup,
  { status = 200, policy = contentPolicies.page }: { status?: 200 | 404; policy?: string } = {},
) {
  context.header('Content-Security-Policy', policy)
  context.header('Cache-Control', 'no-cache')
  return context.html(page, status)
}

/** The asset of that name, as the Worker's own files are served: with an entity tag, and 304 where it is known. */
function fetchAsset(context: Context<AppEnv>, file: string, headers = new Headers()) {
  const address = new URL(`/docs/assets/${encodeURIComponent(file)}`, context.req.url)
  return context.env.ASSETS.fetch(new Request(address, { headers }))
}

const readAsset = async (context: Context<AppEnv>, file: string) =>
  (await fetchAsset(context, file)).text()

/** The pages, and the app whose document tells which routes answer which errors; that never changes. */
export function createPageRoutes(app: Declarations): OpenAPIHono<AppEnv> {
  let routesByCode: ReturnType<typeof listRoutesByCode> | undefined
  const readRoutesByCode = (settings: Settings) => {
    routesByCode ??= listRoutesByCode(createDocument(app, settings))
    return routesByCode
  }
  const pageRoutes = createRouter()

  pageRoutes.get('/docs', (context) =>
    answerPage(context, renderHome(describeInstallation(context.get('services'))), {
      policy: contentPolicies.reference,
    }),
  )

  pageRoutes.get('/docs/guides', async (context) => {
    const [javascript, python] = await Promise.all([
      readAsset(context, 'repair.mjs'),
      readAsset(context, 'repair.py'),
    ])
    const installation = describeInstallation(context.get('services'))
    return answerPage(context, renderGuides(installation, { javascript, python }))
  })

  pageRoutes.get('/docs/errors', (context) => answerPage(context, renderErrorIndex()))

  pageRoutes.get('/docs/errors/:code', (context) => {
    const code = context.req.param('code')
    const found = findErrorPage(code)
    if (!found) return answerPage(context, renderUnknownError(code), { status: 404 })
    const services = context.get('services')
    const routes = readRoutesByCode(services.settings).get(code) ?? []
    const { baseUrl } = describeInstallation(services)
    return answerPage(context, renderErrorPage(found, { baseUrl, routes }))
  })

  pageRoutes.get('/docs/assets/:file', async (context) => {
    const known = context.req.header('if-none-match')
    const headers = new Headers(known === undefined ? {} : { 'If-None-Match': known })
    const asset = await fetchAsset(context, context.req.param('file'), headers)
    if (asset.status === 404) return context.notFound()
    return new Response(asset.body, asset)
  })

  pageRoutes.get('/llms.txt', (context) =>
    context.text(writeLlmsText(describeInstallation(context.get('services'))), 200, {
      'Content-Type': 'text/markdown; charset=utf-8',
      'Cache-Control': 'no-cache',
    }),
  )

  return pageRoutes
}
