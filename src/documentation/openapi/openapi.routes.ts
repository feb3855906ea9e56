import { createHash } from 'node:crypto'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type AppEnv, createRouter } from '../../router.ts'
import { describeHeader, jsonResponse, refusedWith } from '../../shared/route-declaration.ts'
import { apiVersion, createDocument, type Declarations } from './create-document.ts'

/*
 * GET /openapi.json   this API, as a machine reads it
 */

const documentSchema = z
  .object({
    openapi: z.string(),
    info: z.object({ title: z.string(), version: z.string() }).loose(),
  })
  .loose()
  .openapi('ApiDocument', { description: 'An OpenAPI 3.1 document' })

const getDocument = createRoute({
  operationId: 'getApiDocument',
  summary: 'This document',
  description: 'Of every route: what it takes, what it answers, and how it refuses.',
  tags: ['System'],
  method: 'get',
  path: '/openapi.json',
  responses: {
    200: jsonResponse(documentSchema, 'The OpenAPI 3.1 document of this API', {
      example: { openapi: '3.1.0', info: { title: 'P.A. Inpainting', version: apiVersion } },
      headers: { ETag: describeHeader('For `If-None-Match`') },
    }),
    304: { description: 'The document is what `If-None-Match` names' },
    ...refusedWith(),
  },
})

/** Serves the document of the app, which is made once an isolate: the app's routes never change. */
export function createOpenApiRoutes(app: Declarations): OpenAPIHono<AppEnv> {
  let made: { readonly text: string; readonly etag: string } | undefined
  return createRouter().openapi(getDocument, (context) => {
    made ??= writeDocument(app, context.get('services').settings)
    context.header('ETag', made.etag)
    context.header('Cache-Control', 'public, max-age=300')
    const known = context.req.header('if-none-match')?.split(',') ?? []
    if (known.some((etag) => etag.trim().replace(/^W\//, '') === made?.etag)) {
      return context.body(null, 304)
    }
    // Written once, and not by each request: JSON already, which the types of the answer cannot know.
    return context.body(made.text, 200, { 'Content-Type': 'application/json' }) as never
  })
}

function writeDocument(app: Declarations, settings: Parameters<typeof createDocument>[1]) {
  const text = JSON.stringify(createDocument(app, settings))
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
}
