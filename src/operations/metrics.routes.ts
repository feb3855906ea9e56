import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type AppEnv, createRouter } from '../router.ts'
import { byAccessToken, errorResponses } from '../shared/route-declaration.ts'
import { requireAdmin } from '../users/require-user.ts'
import { formatMetricsForApi } from './metrics.format.ts'
import { collectMetrics } from './metrics.ts'
import { formatForPrometheus } from './prometheus.format.ts'

/*
 * GET /   how things stand: as JSON, or as Prometheus reads it
 */

const formats = ['json', 'prometheus'] as const

const counts = z.record(z.string(), z.int())
const seconds = z.number().nullable()
const tokensByType = z.record(z.string(), z.number())

const metricsSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: z
    .object({
      at: z.iso.datetime(),
      queue: z.object({
        oldestMessageSeconds: seconds,
        oldestWaitingInferenceSeconds: seconds,
        tasks: z.array(z.object({ kind: z.string(), state: z.string(), count: z.int() })),
      }),
      inferences: z.object({
        open: counts,
        endedLastDay: counts,
        unsettled: z.int(),
        oldestUnsettledSeconds: seconds,
      }),
      uploads: z.object({ ingestions: counts, filesInParts: z.int() }),
      ledger: z.object({
        reservations: z.array(
          z.object({
            operationType: z.string(),
            count: z.int(),
            tokens: z.number(),
            oldestSeconds: seconds,
          }),
        ),
        lastDay: z.object({ in: tokensByType, out: tokensByType, denied: z.int() }),
        outbox: z.object({
          accountsAsked: z.int(),
          accountsUnanswered: z.int(),
          entriesWaiting: z.int(),
          oldestSeconds: seconds,
          reservationsUndelivered: z.int(),
          oldestUndeliveredSeconds: seconds,
        }),
      }),
      failuresLastDay: z.array(z.object({ part: z.string(), code: z.string(), count: z.int() })),
      sweep: z
        .object({
          startedAt: z.iso.datetime(),
          secondsAgo: seconds,
          ms: z.number(),
          parts: z.array(
            z.object({
              part: z.string(),
              ms: z.number(),
              failed: z.boolean(),
              errors: z.array(z.string()),
            }),
          ),
        })
        .nullable(),
      reconciliation: z.record(z.string(), z.unknown()).nullable(),
    })
    .openapi('Metrics'),
})

const get = createRoute({
  operationId: 'getMetrics',
  summary: 'How things stand',
  tags: ['Administration'],
  security: byAccessToken,
  method: 'get',
  path: '/',
  middleware: [requireAdmin] as const,
  request: {
    query: z.object({
      format: z
        .enum(formats, { error: `Invalid format. Allowed values: ${formats.join(', ')}` })
        .optional()
        .openapi({ description: 'Prometheus text also comes for `Accept: text/plain`' }),
    }),
  },
  responses: {
    200: {
      description: 'How things stand',
      content: {
        'application/json': { schema: metricsSchema },
        'text/plain': { schema: z.string() },
      },
    },
    ...errorResponses(400, 401, 403),
  },
})

const isForPrometheus = (accept: string | undefined) =>
  accept !== undefined && /text\/plain|openmetrics/.test(accept) && !/json/.test(accept)

export const metricsRoutes: OpenAPIHono<AppEnv> = createRouter().openapi(get, async (context) => {
  const { format } = context.req.valid('query')
  const data = formatMetricsForApi(await collectMetrics(context.get('services')))
  context.header('Cache-Control', 'no-store')
  const isText = format === 'prometheus' || isForPrometheus(context.req.header('accept'))
  if (isText && format !== 'json') {
    return context.text(formatForPrometheus(data), 200, {
      'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
    })
  }
  return context.json(
    { success: true as const, message: 'Metrics retrieved successfully', data },
    200,
  )
})
