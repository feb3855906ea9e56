import { createRoute, z } from '@hono/zod-openapi'
import { createRouter } from './router.ts'
import { formatTime } from './shared/clock.ts'
import { jsonResponse } from './shared/route-declaration.ts'

const rootSchema = z.object({
  message: z.string(),
  version: z.string(),
  status: z.literal('running'),
})

const healthSchema = z.object({
  status: z.literal('OK'),
  timestamp: z.iso.datetime(),
  /** Seconds since this isolate answered its first health check. */
  uptime: z.number(),
})

const getRoot = createRoute({
  operationId: 'getApiInfo',
  summary: 'What this is',
  tags: ['System'],
  method: 'get',
  path: '/',
  responses: { 200: jsonResponse(rootSchema, 'What this is') },
})

const getHealth = createRoute({
  operationId: 'getHealth',
  summary: 'Whether the API is alive',
  tags: ['System'],
  method: 'get',
  path: '/health',
  responses: { 200: jsonResponse(healthSchema, 'The API is alive') },
})

let firstSeenMs: number | undefined

export const systemRoutes = createRouter()
  .openapi(getRoot, (context) =>
    context.json(
      {
        message: 'Advanced Programming - Inpainting API',
        version: '1.0.0',
        status: 'running' as const,
      },
      200,
    ),
  )
  .openapi(getHealth, (context) => {
    const nowMs = context.get('services').clock.nowMs()
    firstSeenMs ??= nowMs
    return context.json(
      { status: 'OK' as const, timestamp: formatTime(nowMs), uptime: (nowMs - firstSeenMs) / 1000 },
      200,
    )
  })
