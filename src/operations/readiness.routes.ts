import { createRoute, z } from '@hono/zod-openapi'
import { createRouter } from '../router.ts'
import { formatTime } from '../shared/clock.ts'
import { jsonResponse } from '../shared/route-declaration.ts'
import { dependencyNames, readinessOf, troublesOf } from './readiness.rules.ts'

/*
 * GET /health/ready   whether work can be done: every dependency is really asked
 */

const dependencySchema = z
  .object({
    status: z.enum(['up', 'degraded', 'down']),
    ms: z.number().openapi({ description: 'How long it took to answer, in milliseconds' }),
    problem: z.string().nullable(),
  })
  .loose()

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'degraded', 'unavailable']),
    /** Names of dependencies that are not as they should be. */
    troubles: z.array(z.enum(dependencyNames)),
    checkedAt: z.iso.datetime(),
    dependencies: z.record(z.enum(dependencyNames), dependencySchema),
  })
  .openapi('Readiness')

const getReadiness = createRoute({
  operationId: 'getReadiness',
  summary: 'Whether work can be done',
  tags: ['System'],
  method: 'get',
  path: '/health/ready',
  responses: {
    200: jsonResponse(readinessSchema, 'Work can be done; `degraded`: jobs wait, the rest goes on'),
    503: jsonResponse(readinessSchema, 'Something is away without which nothing can be served'),
  },
})

export const readinessRoutes = createRouter().openapi(getReadiness, async (context) => {
  const { dependencies, askedAtMs } = await context.get('services').readiness.find()
  const status = readinessOf(dependencies)
  context.header('Cache-Control', 'no-store')
  const body = {
    status,
    troubles: troublesOf(dependencies),
    checkedAt: formatTime(askedAtMs),
    dependencies,
  }
  return context.json(body, status === 'unavailable' ? 503 : 200)
})
