import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { answerOnce, markReplayed } from '../../idempotency/answer-once.ts'
import { idempotencyHeaders } from '../../idempotency/idempotency.schemas.ts'
import { abortInference } from '../../inferences/abort-inference.ts'
import { describeInference, findAnyInferenceOrThrow } from '../../inferences/inferences.routes.ts'
import { resumeStart } from '../../inferences/resume-start.ts'
import { retryInference } from '../../inferences/retry-inference.ts'
import { type AppEnv, createRouter } from '../../router.ts'
import { formatPage, readPageOrThrow } from '../../shared/pagination.ts'
import { byAccessToken, errorResponses, jsonResponse } from '../../shared/route-declaration.ts'
import { requireAdmin } from '../../users/require-user.ts'
import { findUserById, findUsersByIds } from '../../users/users.repository.ts'
import { countBy, withoutAbsent } from '../admin.format.ts'
import * as format from './jobs.format.ts'
import { listAllInferences, listFailedParts, listTasks } from './jobs.repository.ts'
import * as schemas from './jobs.schemas.ts'

/*
 * GET  /            everybody's inferences, newest first
 * GET  /:id         one of them: its tasks, what each waits for, and what failed
 * POST /:id/abort   end it
 * POST /:id/retry   try its failed items again
 */

const shared = { tags: ['Administration'], security: byAccessToken }

const list = createRoute({
  ...shared,
  operationId: 'listAllInferences',
  summary: "Everybody's inferences",
  method: 'get',
  path: '/',
  middleware: [requireAdmin] as const,
  request: { query: schemas.jobQuerySchema },
  responses: {
    200: jsonResponse(schemas.jobListSchema, 'A page of inferences, newest first'),
    ...errorResponses(400, 401, 403),
  },
})

const get = createRoute({
  ...shared,
  operationId: 'getAnyInference',
  summary: 'An inference with its tasks and failures',
  method: 'get',
  path: '/{id}',
  middleware: [requireAdmin] as const,
  request: { params: schemas.jobParamsSchema, query: schemas.taskPageSchema },
  responses: {
    200: jsonResponse(schemas.jobDetailSchema, 'The inference, with a page of its tasks'),
    ...errorResponses(400, 401, 403, 404),
  },
})

const abort = createRoute({
  ...shared,
  operationId: 'abortAnyInference',
  summary: "End anybody's inference",
  method: 'post',
  path: '/{id}/abort',
  middleware: [requireAdmin] as const,
  request: { params: schemas.jobParamsSchema },
  responses: {
    200: jsonResponse(schemas.describedJobSchema, 'Aborted, now or before'),
    ...errorResponses(400, 401, 403, 404, 409),
  },
})

const retry = createRoute({
  ...shared,
  operationId: 'retryInference',
  summary: "Try an inference's failed items again",
  method: 'post',
  path: '/{id}/retry',
  middleware: [requireAdmin] as const,
  request: { headers: idempotencyHeaders, params: schemas.jobParamsSchema },
  responses: {
    201: jsonResponse(schemas.describedJobSchema, 'The new inference, paid for by the owner'),
    ...errorResponses(400, 401, 403, 404, 409, 422, 429, 503),
  },
})

export const jobRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(list, async (context) => {
    const { database } = context.get('services')
    const { page: pageText, limit, ...filters } = context.req.valid('query')
    const page = readPageOrThrow({ page: pageText, limit })
    const { rows, total } = await listAllInferences(database, {
      filters: {
        userId: filters.userId,
        status: filters.status,
        fromMs: filters.from === undefined ? undefined : Date.parse(filters.from),
        toMs: filters.to === undefined ? undefined : Date.parse(filters.to),
      },
      page,
    })
    const owners = await findUsersByIds(
      database,
      rows.map((row) => row.userId),
    )
    const data = {
      inferences: rows.map((row) => format.formatJobForList(row, owners.get(row.userId))),
      pagination: formatPage(page, total),
      filters: withoutAbsent(filters),
    }
    const message = 'All inferences retrieved successfully'
    return context.json({ success: true as const, message, data }, 200)
  })
  .openapi(get, async (context) => {
    const services = context.get('services')
    const { database, settings } = services
    const page = readPageOrThrow(context.req.valid('query'))
    const inference = await findAnyInferenceOrThrow(services, context.req.valid('param').id)
    const [described, owner, { tasks, counts }, failed] = await Promise.all([
      describeInference(services, inference),
      findUserById(database, inference.userId),
      listTasks(database, { inferenceId: inference.id, page }),
      listFailedParts(database, inference.id),
    ])
    const at = { nowMs: services.clock.nowMs(), queuedMax: settings.TASKS_QUEUED_PER_USER }
    const failedParts = format.formatFailedParts(failed)
    const data = {
      ...described,
      user: format.formatOwner(owner),
      ...format.formatTimes(inference),
      taskCounts: format.formatTaskCounts(counts),
      tasks: tasks.map((task) => format.formatTask(task, at)),
      tasksPagination: formatPage(
        page,
        counts.reduce((sum, each) => sum + each.count, 0),
      ),
      failureCounts: countBy(failedParts.map((part) => part.code)) as Record<string, number>,
      failedParts,
    }
    const message = 'Inference retrieved successfully'
    return context.json({ success: true as const, message, data }, 200)
  })
  .openapi(abort, async (context) => {
    const services = context.get('services')
    const { id, role } = context.get('user')
    const inference = await findAnyInferenceOrThrow(services, context.req.valid('param').id)
    const by = { id, role, requestId: context.get('requestId') }
    const data = await describeInference(services, await abortInference(services, inference, by))
    const message = 'Inference aborted successfully'
    return context.json({ success: true as const, message, data }, 200)
  })
  .openapi(retry, (context) =>
    answerOnce(context, async (subject) => {
      const services = context.get('services')
      const retried = await findAnyInferenceOrThrow(services, context.req.valid('param').id)
      const resumed = subject.isRepeat
        ? await resumeStart(services, { userId: retried.userId, inferenceId: subject.id })
        : null
      if (resumed) markReplayed(context)
      const retryId = subject.isRepeat && !resumed ? await subject.renew() : subject.id
      if (!resumed) {
        const by = { id: context.get('user').id, requestId: context.get('requestId'), retryId }
        await retryInference({ ...services, nowMs: services.clock.nowMs() }, retried, by)
      }
      const inference = resumed ?? (await findAnyInferenceOrThrow(services, retryId))
      const data = await describeInference(services, inference)
      const message = 'The failed items are being tried again'
      return context.json({ success: true as const, message, data }, 201)
    }),
  )
