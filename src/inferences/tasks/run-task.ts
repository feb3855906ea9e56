import { serviceReasons, tellFailure } from '../../inference-service/service.errors.ts'
import { describeError } from '../../shared/logger.ts'
import { busySecondsMax, retryDelaySeconds, taskAttemptsMax } from '../inferences.lifecycle.ts'
import { createAssembleWork } from '../videos/assemble-work.ts'
import { createEncodeWork } from '../videos/encode-work.ts'
import type { VideoWorkContext } from '../videos/video-work.ts'
import { type ClaimedTask, claimTask } from './claims.repository.ts'
import { type EndTaskContext, endTask } from './end-task.ts'
import type { TaskOutcome } from './endings.repository.ts'
import { lastReason } from './fail-task.ts'
import { createInpaintWork, type InpaintContext } from './inpaint-work.ts'
import { returnTask } from './outcomes.repository.ts'
import type { CallEnd, TaskWork } from './task-work.ts'
import { taskReasons } from './tasks.errors.ts'
import type { TaskMessage } from './tasks.queue.ts'

export interface RunTaskContext extends EndTaskContext, InpaintContext, VideoWorkContext {
  readonly createId: () => string
}

/** What becomes of the message: the task has ended (or is another's), or it runs again after a while. */
export type TaskVerdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly delaySeconds: number; readonly countsAsAttempt: boolean }

const done: TaskVerdict = { kind: 'done' }

const createWork = {
  inpaint: createInpaintWork,
  encode: createEncodeWork,
  assemble: createAssembleWork,
}

/** Claims a task, has it done, and writes down each outcome; delivering the same message again changes nothing. */
export async function runTask(context: RunTaskContext, message: TaskMessage): Promise<TaskVerdict> {
  const task = await claimTask(context.database, {
    taskId: message.taskId,
    leaseId: context.createId(),
    nowMs: context.clock.nowMs(),
  })
  if (!task) return done
  const work = createWork[task.kind](context, task)
  if (task.attempts > taskAttemptsMax) {
    const what = task.kind === 'inpaint' ? 'its items were refunded' : 'there is no result video'
    return await endWith(
      context,
      task,
      work.fail({
        code: taskReasons.code('task.attempts_exhausted'),
        message: `The task was begun ${taskAttemptsMax} times and never ended${lastReason(task)}; ${what}. Start a new inference to have what is missing.`,
      }),
    )
  }
  try {
    return await decide(context, task, work, await work.run())
  } catch (error) {
    context.logger.error('task.broken', { taskId: task.id, ...describeError(error) })
    return await runAgain(context, task, work, {
      errorCode: taskReasons.code('task.broken'),
      delaySeconds: retryDelaySeconds(task.attempts),
      countsAsAttempt: true,
    })
  }
}

async function decide(
  context: RunTaskContext,
  task: ClaimedTask,
  work: TaskWork,
  end: CallEnd,
): Promise<TaskVerdict> {
  switch (end.kind) {
    case 'ended':
      return await endWith(context, task, work.end())
    case 'refused':
      context.logger.warn('task.refused', { taskId: task.id, code: end.code, reason: end.message })
      return await endWith(
        context,
        task,
        work.fail(tellFailure({ code: end.code, message: end.message })),
      )
    case 'busy':
      return await runAgain(context, task, work, {
        errorCode: serviceReasons.code('service.busy'),
        delaySeconds: Math.min(busySecondsMax, Math.max(1, Math.ceil(end.retryAfterSeconds))),
        countsAsAttempt: false,
      })
    case 'broken':
      context.logger.warn('task.broken', { taskId: task.id, reason: end.reason })
      return await runAgain(context, task, work, {
        errorCode: end.code ?? serviceReasons.code('service.unreachable'),
        delaySeconds: retryDelaySeconds(task.attempts),
        countsAsAttempt: true,
      })
  }
}

async function runAgain(
  context: RunTaskContext,
  task: ClaimedTask,
  work: TaskWork,
  again: { errorCode: string; delaySeconds: number; countsAsAttempt: boolean },
): Promise<TaskVerdict> {
  const nowMs = context.clock.nowMs()
  const isReturned = await returnTask(context.database, task, {
    outcomes: work.takeRest(),
    errorCode: again.errorCode,
    runsAtMs: nowMs + again.delaySeconds * 1000,
    countsAsAttempt: again.countsAsAttempt,
    nowMs,
  })
  // Whoever has the task now has a message of their own; of an aborted one there is nothing left to do.
  return isReturned ? { kind: 'again', ...again } : done
}

async function endWith(
  context: RunTaskContext,
  task: ClaimedTask,
  outcome: TaskOutcome,
): Promise<TaskVerdict> {
  await endTask(context, task, outcome)
  return done
}
