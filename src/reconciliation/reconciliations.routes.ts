import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { answerOnce } from '../idempotency/answer-once.ts'
import {
  idempotencyHeaders,
  idempotencyRefusals,
  replayedHeader,
} from '../idempotency/idempotency.schemas.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { formatPage, pageRefusals, readPageOrThrow } from '../shared/pagination.ts'
import { byAccessToken, jsonResponse, refusedWith } from '../shared/route-declaration.ts'
import { adminRefusals, requireAdmin } from '../users/require-user.ts'
import { reconciliationErrors } from './reconciliations.errors.ts'
import {
  formatReconciliationForApi,
  formatReconciliationWithFindings,
} from './reconciliations.format.ts'
import { isReconciliationId } from './reconciliations.lifecycle.ts'
import { findReconciliation, listReconciliations } from './reconciliations.repository.ts'
import * as schemas from './reconciliations.schemas.ts'
import { startReconciliation } from './start-reconciliation.ts'

/*
 * POST /       compare every account and every object with the rows, and repair what can be
 * GET  /       what was found before, newest first
 * GET  /:id    one, with what it found
 */

const shared = { tags: ['Administration'], security: byAccessToken }

const notFound = reconciliationErrors.list('reconciliation.not_found')

const running = {
  ...schemas.exampleReconciliation,
  state: 'RUNNING' as const,
  stage: 'accounts' as const,
  repairedCount: 0,
  endedAt: null,
}

const finding = {
  code: 'projection.behind',
  repaired: true,
  count: 1,
  ids: ['98ba966c-595a-4c79-9ac3-4285400a126a'],
  message: 'The list of transactions lacked entries of these accounts; they were brought.',
}

const start = createRoute({
  ...shared,
  operationId: 'startReconciliation',
  summary: 'Compare everything with the books',
  description:
    'Compares every account and every object with the rows, and repairs what can be repaired. A small system is compared before this answers; a large one goes on by itself.',
  method: 'post',
  path: '/',
  middleware: [requireAdmin] as const,
  request: { headers: idempotencyHeaders },
  responses: {
    200: jsonResponse(schemas.reconciliationAnswerSchema, 'One runs already: this one', {
      headers: replayedHeader,
      example: {
        success: true,
        message: 'A reconciliation is running already',
        data: { ...running, findings: [] },
      },
    }),
    202: jsonResponse(schemas.reconciliationAnswerSchema, 'Started; it goes on by itself', {
      headers: replayedHeader,
      example: {
        success: true,
        message: 'Reconciliation started',
        data: { ...running, findings: [] },
      },
    }),
    ...refusedWith(adminRefusals, idempotencyRefusals, notFound),
  },
})

const list = createRoute({
  ...shared,
  operationId: 'listReconciliations',
  summary: 'Reconciliations before',
  method: 'get',
  path: '/',
  middleware: [requireAdmin] as const,
  request: { query: schemas.pageQuerySchema },
  responses: {
    200: jsonResponse(schemas.reconciliationListSchema, 'A page of reconciliations, newest first', {
      example: {
        success: true,
        message: 'Reconciliations retrieved successfully',
        data: {
          reconciliations: [schemas.exampleReconciliation],
          pagination: { totalItems: 1, currentPage: 1, totalPages: 1, itemsPerPage: 10 },
        },
      },
    }),
    ...refusedWith(adminRefusals, pageRefusals),
  },
})

const get = createRoute({
  ...shared,
  operationId: 'getReconciliation',
  summary: 'One reconciliation and what it found',
  method: 'get',
  path: '/{id}',
  middleware: [requireAdmin] as const,
  request: { params: schemas.reconciliationIdSchema },
  responses: {
    200: jsonResponse(schemas.reconciliationAnswerSchema, 'What it found', {
      example: {
        success: true,
        message: 'Reconciliation retrieved successfully',
        data: { ...schemas.exampleReconciliation, findings: [finding] },
      },
    }),
    ...refusedWith(adminRefusals, notFound),
  },
})

function createNotFound(id: string) {
  return reconciliationErrors.createError(
    'reconciliation.not_found',
    `There is no reconciliation '${id}'. GET /api/admin/reconciliations lists them.`,
  )
}

export const reconciliationRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(start, (context) =>
    answerOnce(context, async ({ id }) => {
      const reconciliation = await startReconciliation(context.get('services'), {
        id,
        administratorId: context.get('user').id,
        requestId: context.get('requestId'),
      })
      if (reconciliation === undefined) throw createNotFound(id)
      const isOwn = reconciliation.id === id
      const message = isOwn ? 'Reconciliation started' : 'A reconciliation is running already'
      const data = formatReconciliationWithFindings(reconciliation)
      return context.json({ success: true as const, message, data }, isOwn ? 202 : 200)
    }),
  )
  .openapi(list, async (context) => {
    const page = readPageOrThrow(context.req.valid('query'))
    const { rows, total } = await listReconciliations(context.get('services').database, page)
    const data = {
      reconciliations: rows.map(formatReconciliationForApi),
      pagination: formatPage(page, total),
    }
    return context.json(
      { success: true as const, message: 'Reconciliations retrieved successfully', data },
      200,
    )
  })
  .openapi(get, async (context) => {
    const { id } = context.req.valid('param')
    const row = isReconciliationId(id)
      ? await findReconciliation(context.get('services').database, id.toLowerCase())
      : undefined
    if (row === undefined) throw createNotFound(id)
    return context.json(
      {
        success: true as const,
        message: 'Reconciliation retrieved successfully',
        data: formatReconciliationWithFindings(row),
      },
      200,
    )
  })
