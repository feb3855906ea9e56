import type { OpenAPIHono } from '@hono/zod-openapi'
import { answerOnce } from '../idempotency/answer-once.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { formatPage, readPageOrThrow } from '../shared/pagination.ts'
import { createDataset } from './create-dataset.ts'
import { findDataset } from './dataset-by-name.repository.ts'
import * as declarations from './datasets.declarations.ts'
import { createDatasetNotFound } from './datasets.errors.ts'
import { formatCreatedDataset, formatDatasetForApi } from './datasets.format.ts'
import { deleteDataset, listDatasets } from './datasets.repository.ts'
import { listLimitDefault } from './datasets.schemas.ts'
import { updateDataset } from './update-dataset.ts'

/*
 * POST   /          an empty dataset
 * GET    /          the user's datasets
 * GET    /:name     one of them
 * PUT    /:name     rename it, replace its tags
 * DELETE /:name     delete it logically
 */

export const datasetRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(declarations.create, (context) =>
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
  .openapi(declarations.list, async (context) => {
    const query = context.req.valid('query')
    const includeDeleted = query.includeDeleted === 'true'
    const page = readPageOrThrow({ ...query, limit: query.limit ?? String(listLimitDefault) })
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
  .openapi(declarations.get, async (context) => {
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
  .openapi(declarations.update, async (context) => {
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
  .openapi(declarations.remove, async (context) => {
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
