import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { answerOnce, markReplayed } from '../idempotency/answer-once.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { formatTime } from '../shared/clock.ts'
import type { Database } from '../shared/database.ts'
import { isUuid } from '../shared/ids.ts'
import { formatPage, readPageOrThrow } from '../shared/pagination.ts'
import { abortInference } from './abort-inference.ts'
import * as declarations from './inferences.declarations.ts'
import { inferenceErrors } from './inferences.errors.ts'
import { formatInferenceForApi, formatInferenceForList, formatJob } from './inferences.format.ts'
import { hasEnded } from './inferences.lifecycle.ts'
import {
  findInference,
  findInferenceById,
  findInferenceByJob,
  listInferences,
  listItemOutcomes,
} from './inferences.repository.ts'
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

export const inferenceRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(declarations.start, (context) =>
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
  .openapi(declarations.list, async (context) => {
    const page = readPageOrThrow(context.req.valid('query'))
    const { rows, total } = await listInferences(context.get('services').database, {
      userId: context.get('user').id,
      page,
    })
    const message = 'Inferences retrieved successfully'
    const data = { inferences: rows.map(formatInferenceForList), ...formatPage(page, total) }
    return context.json({ success: true as const, message, data }, 200)
  })
  .openapi(declarations.jobStatus, async (context) => {
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
    const outcome = await findOutcome(context.get('services'), inference, listItemOutcomes)
    const data = formatJob(inference, outcome)
    const message = 'Job status retrieved successfully'
    return context.json({ success: true as const, message, data }, 200)
  })
  .openapi(declarations.get, async (context) => {
    const services = context.get('services')
    const inference = await findInferenceOrThrow(services, {
      userId: context.get('user').id,
      id: context.req.valid('param').id,
    })
    const data = await describeInference(services, inference)
    const message = 'Inference retrieved successfully'
    return context.json({ success: true as const, message, data }, 200)
  })
  .openapi(declarations.abort, async (context) => {
    const services = context.get('services')
    const { id: userId, role } = context.get('user')
    const { id } = context.req.valid('param')
    const inference = await (role === 'admin'
      ? findAnyInferenceOrThrow(services, id)
      : findInferenceOrThrow(services, { userId, id }))
    return context.json(await abortAsAsked(context, inference), 200)
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

/** Ends an inference at the wish of whoever sends the request, and tells of it. Throws `inferences.ended`. */
export async function abortAsAsked(context: Context<AppEnv>, inference: InferenceRow) {
  const services = context.get('services')
  const { id, role } = context.get('user')
  const by = { id, role, requestId: context.get('requestId') }
  const data = await describeInference(services, await abortInference(services, inference, by))
  return { success: true as const, message: 'Inference aborted successfully', data }
}

/** All that is told of one inference. */
export async function describeInference(services: Services, inference: InferenceRow) {
  return {
    ...formatInferenceForApi(inference, await findOutcome(services, inference, listItemOutcomes)),
    ...formatResultsOverview(inference, resultsFormatOf(services)),
  }
}

/** What became of an inference that has ended, with as much of its items as `listItems` tells; nothing before. */
export async function findOutcome<Item>(
  { database }: Pick<Services, 'database'>,
  inference: InferenceRow,
  listItems: (database: Database, inferenceId: string) => Promise<Item[]>,
) {
  if (!hasEnded(inference.state)) return { items: [], videos: [] }
  const [items, videos] = await Promise.all([
    listItems(database, inference.id),
    inference.frameCount > 0 ? listInferenceVideos(database, inference.id) : [],
  ])
  return { items, videos }
}
