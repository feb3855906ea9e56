import type { OpenAPIHono } from '@hono/zod-openapi'
import { answerOnce, markReplayed } from '../../idempotency/answer-once.ts'
import {
  abortAsAsked,
  describeInference,
  findAnyInferenceOrThrow,
} from '../../inferences/inferences.routes.ts'
import { resumeStart } from '../../inferences/resume-start.ts'
import { retryInference } from '../../inferences/retry-inference.ts'
import { type AppEnv, createRouter } from '../../router.ts'
import { formatPage, readPageOrThrow } from '../../shared/pagination.ts'
import { findUserById, findUsersByIds } from '../../users/users.repository.ts'
import { countBy, withoutAbsent } from '../admin.format.ts'
import * as declarations from './jobs.declarations.ts'
import * as format from './jobs.format.ts'
import { listAllInferences, listFailedParts, listTasks } from './jobs.repository.ts'

/*
 * GET  /            everybody's inferences, newest first
 * GET  /:id         one of them: its tasks, what each waits for, and what failed
 * POST /:id/abort   end it
 * POST /:id/retry   try its failed items again
 */

export const jobRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(declarations.list, async (context) => {
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
  .openapi(declarations.get, async (context) => {
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
  .openapi(declarations.abort, async (context) => {
    const { id } = context.req.valid('param')
    const inference = await findAnyInferenceOrThrow(context.get('services'), id)
    return context.json(await abortAsAsked(context, inference), 200)
  })
  .openapi(declarations.retry, (context) =>
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
