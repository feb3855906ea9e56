import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type AppEnv, createRouter } from '../router.ts'
import { byAccessToken, refusedWith } from '../shared/route-declaration.ts'
import { parameterRefusals } from '../shared/validation.ts'
import { adminRefusals, requireAdmin } from '../users/require-user.ts'
import { formatMetricsForApi } from './metrics.format.ts'
import * as schemas from './metrics.schemas.ts'
import { collectMetrics } from './metrics.ts'
import { formatForPrometheus } from './prometheus.format.ts'

/*
 * GET /   how things stand: as JSON, or as Prometheus reads it
 */

const get = createRoute({
  operationId: 'getMetrics',
  summary: 'How things stand',
  description:
    'What waits, what runs, what failed in the last day, and whether the sweep runs. As JSON, or as text that Prometheus reads: for `Accept: text/plain`, or `format=prometheus`.',
  tags: ['Administration'],
  security: byAccessToken,
  method: 'get',
  path: '/',
  middleware: [requireAdmin] as const,
  request: { query: schemas.metricsQuerySchema },
  responses: {
    200: {
      description: 'How things stand',
      content: {
        'application/json': {
          schema: schemas.metricsSchema,
          example: {
            success: true,
            message: 'Metrics retrieved successfully',
            data: schemas.exampleMetrics,
          },
        },
        'text/plain': {
          schema: z.string(),
          example:
            '# HELP pa_tasks Tasks of inferences that have not ended.\n# TYPE pa_tasks gauge\npa_tasks{kind="inpaint",state="PENDING"} 2\n',
        },
      },
    },
    ...refusedWith(adminRefusals, parameterRefusals),
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
