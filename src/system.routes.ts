import { createRoute, z } from '@hono/zod-openapi'
import { apiVersion } from './documentation/openapi/create-document.ts'
import { createRouter } from './router.ts'
import { timeSchema } from './shared/answer.schemas.ts'
import { formatTime } from './shared/clock.ts'
import { describeHeader, jsonResponse, refusedWith } from './shared/route-declaration.ts'

const rootSchema = z
  .object({
    message: z.string(),
    version: z.string(),
    status: z.literal('running'),
  })
  .openapi('ApiInfo')

const healthSchema = z
  .object({
    status: z.literal('OK'),
    timestamp: timeSchema,
    uptime: z
      .number()
      .min(0)
      .openapi({ description: 'Seconds since this isolate answered its first health check' }),
  })
  .openapi('Health')

const info = {
  message: 'Advanced Programming - Inpainting API',
  version: apiVersion,
  status: 'running' as const,
}

const getRoot = createRoute({
  operationId: 'getApiInfo',
  summary: 'What this is',
  tags: ['System'],
  method: 'get',
  path: '/',
  responses: {
    200: jsonResponse(rootSchema, 'What this is', {
      example: info,
      headers: {
        Link: describeHeader('Where this document and the pages for people are (RFC 8631)'),
      },
    }),
    ...refusedWith(),
  },
})

const getHealth = createRoute({
  operationId: 'getHealth',
  summary: 'Whether the API is alive',
  description: 'Asks nothing else: `GET /health/ready` tells whether work can be done.',
  tags: ['System'],
  method: 'get',
  path: '/health',
  responses: {
    200: jsonResponse(healthSchema, 'The API is alive', {
      example: { status: 'OK', timestamp: '2026-11-21T09:30:00.000Z', uptime: 812.4 },
    }),
    ...refusedWith(),
  },
})

const descriptions = '</openapi.json>; rel="service-desc", </docs>; rel="service-doc"'

let firstSeenMs: number | undefined

export const systemRoutes = createRouter()
  .openapi(getRoot, (context) => context.json(info, 200, { Link: descriptions }))
  .openapi(getHealth, (context) => {
    const nowMs = context.get('services').clock.nowMs()
    firstSeenMs ??= nowMs
    return context.json(
      { status: 'OK' as const, timestamp: formatTime(nowMs), uptime: (nowMs - firstSeenMs) / 1000 },
      200,
    )
  })
