import type { PresignedUrls } from '../../media/presigned.ts'
import { describeError, type Logger } from '../../shared/logger.ts'
import { retryDelaySeconds, taskAttemptsMax, taskRunMsMax } from '../inferences.lifecycle.ts'
import { type InferenceParameters, resultFormatOf } from '../parameters.rules.ts'
import { type EndTaskContext, endTask } from './end-task.ts'
import type {
  CallEnd,
  InferenceServiceClient,
  InpaintRequest,
  ItemOutcome,
} from './inference-service.client.ts'
import { keepLease } from './keep-lease.ts'
import { createOutcomeLog, type OutcomeLog } from './outcome-log.ts'
import type { TaskMessage } from './tasks.queue.ts'
import { type ClaimedTask, claimTask, returnTask } from './tasks.repository.ts'

export interface RunTaskContext extends EndTaskContext {
  readonly service: InferenceServiceClient
  readonly presignedUrls: PresignedUrls
  readonly createId: () => string
  readonly logger: Logger
}

/** What becomes of the message: the task has ended (or is another's), or it runs again after a while. */
export type TaskVerdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly delaySeconds: number; readonly countsAsAttempt: boolean }

const done: TaskVerdict = { kind: 'done' }

/** Claims a task, has its items inpainted, and writes down each outcome; delivering the same message again changes nothing. */
export async function runTask(context: RunTaskContext, message: TaskMessage): Promise<TaskVerdict> {
  const task = await claimTask(context.database, {
    taskId: message.taskId,
    leaseId: context.createId(),
    nowMs: context.clock.nowMs(),
  })
  if (!task) return done
  const log = createOutcomeLog({ database: context.database, holder: task, clock: context.clock })
  if (task.attempts > taskAttemptsMax) {
    return await endWith(context, task, log, {
      code: 'task.attempts_exhausted',
      message: `The task was begun ${taskAttemptsMax} times and never ended; its items were refunded.`,
    })
  }
  try {
    if (task.items.length === 0) return await endWith(context, task, log)
    return await decide(context, task, log, await callService(context, task, log))
  } catch (error) {
    context.logger.error('task.broken', { taskId: task.id, ...describeError(error) })
    return await runAgain(context, task, log, {
      errorCode: 'task.broken',
      delaySeconds: retryDelaySeconds(task.attempts),
      countsAsAttempt: true,
    })
  }
}

async function callService(
  context: RunTaskContext,
  task: ClaimedTask,
  log: OutcomeLog,
): Promise<CallEnd> {
  const retryable: ItemOutcome[] = []
  const onItem = async (outcome: ItemOutcome) => {
    if (outcome.status === 'failed' && outcome.error.retryable) retryable.push(outcome)
    else await log.add(outcome)
  }
  const request = await createRequest(context, task)
  const end = await keepLease(context, task, (signal) =>
    context.service.inpaint(request, { signal, onItem }),
  )
  const first = retryable[0]
  if (end.kind !== 'ended' || first?.status !== 'failed') return end
  return { kind: 'broken', reason: first.error.code }
}

async function createRequest(context: RunTaskContext, task: ClaimedTask): Promise<InpaintRequest> {
  const output = resultFormatOf(JSON.parse(task.parameters) as InferenceParameters)
  const { presignGet, presignPut } = context.presignedUrls
  const expiresInSeconds = Math.ceil(taskRunMsMax / 1000)
  const items = await Promise.all(
    task.items.map(async (item) => {
      const [imageUrl, maskUrl, resultUrl] = await Promise.all([
        presignGet({ key: item.imageKey, expiresInSeconds }),
        presignGet({ key: item.maskKey, expiresInSeconds }),
        presignPut({ key: item.resultKey, expiresInSeconds, contentType: output.contentType }),
      ])
      return { id: String(item.position), imageUrl, maskUrl, resultUrl }
    }),
  )
  return {
    taskId: task.id,
    model: task.modelId,
    output: { format: output.format, quality: output.quality },
    items,
  }
}

async function decide(
  context: RunTaskContext,
  task: ClaimedTask,
  log: OutcomeLog,
  end: CallEnd,
): Promise<TaskVerdict> {
  switch (end.kind) {
    case 'ended':
      return await endWith(context, task, log, {
        code: 'task.item_unanswered',
        message: 'The inference service did not say what became of this item.',
      })
    case 'refused':
      context.logger.warn('task.refused', { taskId: task.id, code: end.code, reason: end.message })
      return await endWith(context, task, log, { code: end.code, message: end.message })
    case 'busy':
      return await runAgain(context, task, log, {
        errorCode: 'service.busy',
        delaySeconds: end.retryAfterSeconds,
        countsAsAttempt: false,
      })
    case 'broken':
      context.logger.warn('task.broken', { taskId: task.id, reason: end.reason })
      return await runAgain(context, task, log, {
        errorCode: 'service.unreachable',
        delaySeconds: retryDelaySeconds(task.attempts),
        countsAsAttempt: true,
      })
  }
}

async function runAgain(
  context: RunTaskContext,
  task: ClaimedTask,
  log: OutcomeLog,
  again: { errorCode: string; delaySeconds: number; countsAsAttempt: boolean },
): Promise<TaskVerdict> {
  const nowMs = context.clock.nowMs()
  await returnTask(context.database, task, {
    outcomes: log.takeRest(),
    errorCode: again.errorCode,
    runsAtMs: nowMs + again.delaySeconds * 1000,
    countsAsAttempt: again.countsAsAttempt,
    nowMs,
  })
  return { kind: 'again', ...again }
}

/** Ends the task; items that still have no outcome fail with `rest`. */
async function endWith(
  context: RunTaskContext,
  task: ClaimedTask,
  log: OutcomeLog,
  rest?: { code: string; message: string },
): Promise<TaskVerdict> {
  const outcomes = log.takeRest()
  const unanswered = rest
    ? task.items
        .filter((item) => !log.has(item.position))
        .map((item) => ({ ...rest, position: item.position }))
    : []
  await endTask(context, task, { ...outcomes, failed: [...outcomes.failed, ...unanswered] })
  return done
}
