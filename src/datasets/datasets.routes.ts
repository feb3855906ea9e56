import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { answerOnce } from '../idempotency/answer-once.ts'
import { idempotencyHeaders } from '../idempotency/idempotency.schemas.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { formatPage, readPageOrThrow } from '../shared/pagination.ts'
import {
  byAccessToken,
  errorResponses,
  jsonRequest,
  jsonResponse,
} from '../shared/route-declaration.ts'
import { normalizeJsonBody } from '../shared/validation.ts'
import { requireUser } from '../users/require-user.ts'
import { createDataset } from './create-dataset.ts'
import { createDatasetNotFound } from './datasets.errors.ts'
import { formatCreatedDataset, formatDatasetForApi } from './datasets.format.ts'
import { deleteDataset, findDataset, listDatasets } from './datasets.repository.ts'
import * as schemas from './datasets.schemas.ts'
import { updateDataset } from './update-dataset.ts'

/*
 * POST   /          an empty dataset
 * GET    /          the user's datasets
 * GET    /:name     one of them
 * PUT    /:name     rename it, replace its tags
 * DELETE /:name     delete it logically
 */

/** A list without `limit` answers up to this many, so that clients that never page miss nothing. */
const listLimitDefault = '100'

const shared = { tags: ['Datasets'], security: byAccessToken }

const create = createRoute({
  ...shared,
  operationId: 'createDataset',
  summary: 'Create an empty dataset',
  method: 'post',
  path: '/',
  middleware: [requireUser, normalizeJsonBody] as const,
  request: { headers: idempotencyHeaders, ...jsonRequest(schemas.createDatasetBody) },
  responses: {
    201: jsonResponse(schemas.createdDatasetSchema, 'The empty dataset'),
    ...errorResponses(400, 401, 409, 413, 422),
  },
})

const list = createRoute({
  ...shared,
  operationId: 'listDatasets',
  summary: 'My datasets',
  method: 'get',
  path: '/',
  middleware: [requireUser] as const,
  request: { query: schemas.listQuery },
  responses: {
    200: jsonResponse(schemas.datasetListSchema, 'The datasets of the user, newest first'),
    ...errorResponses(400, 401),
  },
})

const get = createRoute({
  ...shared,
  operationId: 'getDataset',
  summary: 'One dataset',
  method: 'get',
  path: '/{name}',
  middleware: [requireUser] as const,
  request: { params: schemas.nameParams, query: schemas.listQuery.pick({ includeDeleted: true }) },
  responses: {
    200: jsonResponse(schemas.datasetAnswerSchema, 'The dataset'),
    ...errorResponses(401, 404),
  },
})

const update = createRoute({
  ...shared,
  operationId: 'updateDataset',
  summary: 'Rename a dataset or replace its tags',
  method: 'put',
  path: '/{name}',
  middleware: [requireUser, normalizeJsonBody] as const,
  request: { params: schemas.nameParams, ...jsonRequest(schemas.updateDatasetBody) },
  responses: {
    200: jsonResponse(schemas.datasetUpdatedSchema, 'What has changed'),
    ...errorResponses(400, 401, 404, 413),
  },
})

const remove = createRoute({
  ...shared,
  operationId: 'deleteDataset',
  summary: 'Delete a dataset',
  method: 'delete',
  path: '/{name}',
  middleware: [requireUser] as const,
  request: { params: schemas.nameParams },
  responses: {
    200: jsonResponse(schemas.datasetDeletedSchema, 'Deleted'),
    ...errorResponses(401, 404),
  },
})

export const datasetRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(create, (context) =>
    answerOnce(context, async ({ id }) => {
      const { database, clock, createId } = context.get('services')
      const { name, tags } = context.req.valid('json')
      const dataset = await createDataset(
        { database, createId, nowMs: clock.nowMs() },
        { id, userId: context.get('user').id, name, tags },
      )
      const message = 'Empty dataset created successfully'
      return context.json(
        { success: true as const, message, dataset: formatCreatedDataset(dataset) },
        201,
      )
    }),
  )
  .openapi(list, async (context) => {
    const query = context.req.valid('query')
    const includeDeleted = query.includeDeleted === 'true'
    const page = readPageOrThrow({ ...query, limit: query.limit ?? listLimitDefault })
    const { rows, counts } = await listDatasets(context.get('services').database, {
      userId: context.get('user').id,
      includeDeleted,
      page,
    })
    const total = counts.active + (includeDeleted ? counts.deleted : 0)
    const deleted = includeDeleted ? counts.deleted : 0
    return context.json(
      {
        success: true as const,
        message: 'Datasets retrieved successfully',
        data: rows.map(formatDatasetForApi),
        summary: { total, active: counts.active, deleted, includeDeleted },
        pagination: formatPage(page, total),
      },
      200,
    )
  })
  .openapi(get, async (context) => {
    const dataset = await findDataset(context.get('services').database, {
      userId: context.get('user').id,
      name: context.req.valid('param').name,
      includeDeleted: context.req.valid('query').includeDeleted === 'true',
    })
    if (!dataset) throw createDatasetNotFound()
    const message = 'Dataset retrieved successfully'
    return context.json(
      { success: true as const, message, data: formatDatasetForApi(dataset) },
      200,
    )
  })
  .openapi(update, async (context) => {
    const { database, clock, createId } = context.get('services')
    const { name, tags } = context.req.valid('json')
    const updated = await updateDataset(
      { database, createId, nowMs: clock.nowMs() },
      {
        userId: context.get('user').id,
        currentName: context.req.valid('param').name,
        name,
        tags,
      },
    )
    const message = 'Dataset updated successfully'
    return context.json({ success: true as const, message, data: updated }, 200)
  })
  .openapi(remove, async (context) => {
    const { database, clock } = context.get('services')
    const { id: userId, role } = context.get('user')
    const deleted = await deleteDataset(database, {
      userId,
      name: context.req.valid('param').name,
      nowMs: clock.nowMs(),
      by: { id: userId, role, requestId: context.get('requestId') },
    })
    if (!deleted) throw createDatasetNotFound()
    return context.json({ success: true as const, message: 'Dataset deleted successfully' }, 200)
  })
