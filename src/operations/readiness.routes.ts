import { createRoute, z } from '@hono/zod-openapi'
import { createRouter } from '../router.ts'
import { timeSchema } from '../shared/answer.schemas.ts'
import { formatTime } from '../shared/clock.ts'
import { jsonResponse, refusedWith } from '../shared/route-declaration.ts'
import { dependencyNames, readinessOf, troublesOf } from './readiness.rules.ts'

/*
 * GET /health/ready   whether work can be done: every dependency is really asked
 */

const dependencySchema = z
  .object({
    status: z.enum(['up', 'degraded', 'down']),
    ms: z.number().min(0).openapi({ description: 'How long it took to answer, in milliseconds' }),
    problem: z
      .string()
      .nullable()
      .openapi({ description: 'What is wrong, as a sentence; null where nothing is' }),
  })
  .loose()
  .openapi('Dependency', {
    description: 'What one dependency answered; figures beside these are its own',
  })

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'degraded', 'unavailable']),
    troubles: z
      .array(z.enum(dependencyNames))
      .openapi({ description: 'Names of dependencies that are not as they should be' }),
    checkedAt: timeSchema.openapi({
      description: 'When they were asked: at most some seconds ago',
    }),
    dependencies: z.record(z.enum(dependencyNames), dependencySchema),
  })
  .openapi('Readiness')

type Readiness = z.output<typeof readinessSchema>

const up = (ms: number) => ({ status: 'up' as const, ms, problem: null })
const allUp: Readiness = {
  status: 'ready',
  troubles: [],
  checkedAt: '2026-11-21T09:30:00.000Z',
  dependencies: {
    database: up(3),
    mediaStore: up(5),
    tokenAccounts: up(2),
    inferenceService: up(4),
    queue: up(3),
  },
}
const without = (
  name: keyof Readiness['dependencies'],
  status: Readiness['status'],
  problem: string,
): Readiness => ({
  ...allUp,
  status,
  troubles: [name],
  dependencies: { ...allUp.dependencies, [name]: { status: 'down', ms: 2000, problem } },
})

const getReadiness = createRoute({
  operationId: 'getReadiness',
  summary: 'Whether work can be done',
  description: 'Every dependency is really asked; answers of the last seconds are told again.',
  tags: ['System'],
  method: 'get',
  path: '/health/ready',
  responses: {
    ...refusedWith(),
    200: jsonResponse(
      readinessSchema,
      'Work can be done; `degraded`: jobs wait, the rest goes on',
      {
        examples: {
          ready: { summary: 'All is well', value: allUp },
          degraded: {
            summary: 'Jobs wait',
            value: without('inferenceService', 'degraded', 'It did not answer within 2 seconds.'),
          },
        },
      },
    ),
    503: jsonResponse(readinessSchema, 'Something is away without which nothing can be served', {
      example: without('database', 'unavailable', 'It did not answer within 2 seconds.'),
    }),
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
