import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { answerOnce, markReplayed } from '../idempotency/answer-once.ts'
import { idempotencyHeaders } from '../idempotency/idempotency.schemas.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { formatTime } from '../shared/clock.ts'
import { isUuid } from '../shared/ids.ts'
import { formatPage, readPageOrThrow } from '../shared/pagination.ts'
import {
  byAccessToken,
  errorResponses,
  jsonRequest,
  jsonResponse,
} from '../shared/route-declaration.ts'
import { normalizeJsonBody } from '../shared/validation.ts'
import { requireUser } from '../users/require-user.ts'
import { abortInference } from './abort-inference.ts'
import { inferenceErrors } from './inferences.errors.ts'
import {
  formatInferenceForApi,
  formatInferenceForList,
  formatJob,
  type Outcome,
} from './inferences.format.ts'
import { hasEnded } from './inferences.lifecycle.ts'
import {
  findInference,
  findInferenceById,
  findInferenceByJob,
  listInferenceItems,
  listInferences,
} from './inferences.repository.ts'
import * as schemas from './inferences.schemas.ts'
import type { InferenceRow } from './inferences.table.ts'
import { formatResultsOverview, resultsFormatOf } from './results/results.format.ts'
import { resumeStart } from './resume-start.ts'
import { type StartedInference, startInference } from './start-inference.ts'
import { listInferenceVideos } from './videos/videos.repository.ts'

/*
 * POST /                     start an inference over a dataset
 * GET  /                     the user's inferences, newest first
 * GET  /job/:jobId/status    how far a job is
 * GET  /:id                  one inference
 * POST /:id/abort            end it: what succeeded is kept and paid
 *
 * Its results are in results.routes.ts.
 */

const shared = { tags: ['Inferences'], security: byAccessToken }

const start = createRoute({
  ...shared,
  operationId: 'startInference',
  summary: 'Start a model over a dataset',
  method: 'post',
  path: '/',
  middleware: [requireUser, normalizeJsonBody] as const,
  request: { headers: idempotencyHeaders, ...jsonRequest(schemas.startInferenceBody) },
  responses: {
    201: jsonResponse(schemas.startedSchema, 'Paid for in advance and queued'),
    ...errorResponses(400, 401, 404, 409, 413, 422, 429, 503),
  },
})

const list = createRoute({
  ...shared,
  operationId: 'listInferences',
  summary: 'My inferences',
  method: 'get',
  path: '/',
  middleware: [requireUser] as const,
  request: { query: schemas.pageQuery },
  responses: {
    200: jsonResponse(schemas.inferenceListSchema, 'A page of inferences'),
    ...errorResponses(400, 401),
  },
})

const jobStatus = createRoute({
  ...shared,
  operationId: 'getJobStatus',
  summary: 'How far a job is',
  method: 'get',
  path: '/job/{jobId}/status',
  middleware: [requireUser] as const,
  request: { params: schemas.jobParams },
  responses: {
    200: jsonResponse(schemas.jobSchema, 'State and progress'),
    ...errorResponses(401, 404),
  },
})

const get = createRoute({
  ...shared,
  operationId: 'getInference',
  summary: 'One inference',
  method: 'get',
  path: '/{id}',
  middleware: [requireUser] as const,
  request: { params: schemas.idParams },
  responses: {
    200: jsonResponse(schemas.inferenceSchema, 'The inference'),
    ...errorResponses(400, 401, 404),
  },
})

const abort = createRoute({
  ...shared,
  operationId: 'abortInference',
  summary: 'End an inference',
  method: 'post',
  path: '/{id}/abort',
  middleware: [requireUser] as const,
  request: { params: schemas.idParams },
  responses: {
    200: jsonResponse(schemas.inferenceSchema, 'Aborted, now or before'),
    ...errorResponses(400, 401, 404, 409),
  },
})

export const inferenceRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(start, (context) =>
    answerOnce(context, async (subject) => {
      const services = context.get('services')
      const userId = context.get('user').id
      const resumed = subject.isRepeat
        ? await resumeStart(services, { userId, inferenceId: subject.id })
        : null
      if (resumed) {
        markReplayed(context)
        return context.json(formatStarted(resumed), 201)
      }
      const id = subject.isRepeat ? await subject.renew() : subject.id
      const { datasetName, modelId, parameters } = context.req.valid('json')
      const createdAt = services.clock.nowMs()
      const started = await startInference(
        { ...services, nowMs: createdAt },
        { id, userId, datasetName, modelId, parameters },
      )
      return context.json(formatStarted({ ...started, createdAt }), 201)
    }),
  )
  .openapi(list, async (context) => {
    const page = readPageOrThrow(context.req.valid('query'))
    const { rows, total } = await listInferences(context.get('services').database, {
      userId: context.get('user').id,
      page,
    })
    const message = 'Inferences retrieved successfully'
    const data = { inferences: rows.map(formatInferenceForList), ...formatPage(page, total) }
    return context.json({ success: true as const, message, data }, 200)
  })
  .openapi(jobStatus, async (context) => {
    const { database } = context.get('services')
    const { jobId } = context.req.valid('param')
    const inference = /^\d{1,15}$/.test(jobId)
      ? await findInferenceByJob(database, {
          userId: context.get('user').id,
          jobId: Number(jobId),
        })
      : null
    if (!inference) {
      throw inferenceErrors.createError('inferences.job_not_found', 'Job not found in queue.')
    }
    const data = formatJob(inference, await findOutcome(context.get('services'), inference))
    const message = 'Job status retrieved successfully'
    return context.json({ success: true as const, message, data }, 200)
  })
  .openapi(get, async (context) => {
    const services = context.get('services')
    const inference = await findInferenceOrThrow(services, {
      userId: context.get('user').id,
      id: context.req.valid('param').id,
    })
    const data = await describeInference(services, inference)
    const message = 'Inference retrieved successfully'
    return context.json({ success: true as const, message, data }, 200)
  })
  .openapi(abort, async (context) => {
    const services = context.get('services')
    const { id: userId, role } = context.get('user')
    const { id } = context.req.valid('param')
    const inference = await (role === 'admin'
      ? findAnyInferenceOrThrow(services, id)
      : findInferenceOrThrow(services, { userId, id }))
    const by = { id: userId, role, requestId: context.get('requestId') }
    const data = await describeInference(services, await abortInference(services, inference, by))
    const message = 'Inference aborted successfully'
    return context.json({ success: true as const, message, data }, 200)
  })

function formatStarted({
  id,
  jobId,
  modelId,
  datasetName,
  createdAt,
}: StartedInference & { readonly createdAt: number }) {
  const status = 'PENDING' as const
  return {
    success: true as const,
    message: 'Inference created and queued successfully',
    inference: { id, modelId, datasetName, status, createdAt: formatTime(createdAt) },
    jobId,
  }
}

type Services = AppEnv['Variables']['services']

/** Anybody's inference, for an administrator; throws as `findInferenceOrThrow`. */
export async function findAnyInferenceOrThrow(
  { database }: Pick<Services, 'database'>,
  id: string,
): Promise<InferenceRow> {
  return ensureFound(isUuid(id) ? await findInferenceById(database, id) : 'invalid')
}

/** The user's inference; throws `inferences.id_invalid` or, for another's as for none, `inferences.not_found`. */
export async function findInferenceOrThrow(
  services: Pick<Services, 'database'>,
  query: { userId: string; id: string },
): Promise<InferenceRow> {
  return ensureFound(isUuid(query.id) ? await findInference(services.database, query) : 'invalid')
}

function ensureFound(found: InferenceRow | 'invalid' | null): InferenceRow {
  if (found === 'invalid') {
    throw inferenceErrors.createError('inferences.id_invalid', 'Invalid id format')
  }
  if (found) return found
  throw inferenceErrors.createError('inferences.not_found', 'Inference not found')
}

/** All that is told of one inference. */
export async function describeInference(services: Services, inference: InferenceRow) {
  return {
    ...formatInferenceForApi(inference, await findOutcome(services, inference)),
    ...formatResultsOverview(inference, resultsFormatOf(services)),
  }
}

/** What became of an inference that has ended; nothing before. */
export async function findOutcome(
  { database }: Pick<Services, 'database'>,
  inference: InferenceRow,
): Promise<Outcome> {
  if (!hasEnded(inference.state)) return { items: [], videos: [] }
  const [items, videos] = await Promise.all([
    listInferenceItems(database, inference.id),
    inference.frameCount > 0 ? listInferenceVideos(database, inference.id) : [],
  ])
  return { items, videos }
}
