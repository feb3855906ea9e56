import { type ClaimedTask, claimTask } from './claims.repository.ts'
import { type EndTaskContext, endTask } from './end-task.ts'
import { taskReasons } from './tasks.errors.ts'

const code = taskReasons.code('task.retries_exhausted')
const advice = 'Start a new inference for it.'

/** For a sentence: why the task's last run did not end it, by its code; nothing where it did not say. */
export function lastReason({ errorCode }: Pick<ClaimedTask, 'errorCode'>): string {
  return errorCode === null ? '' : ` (the last reason: ${errorCode})`
}

/** Ends a task for good: items without an outcome fail, or its video. A task that another still holds is left to it. */
export async function failTask(
  context: EndTaskContext & { readonly createId: () => string },
  taskId: string,
): Promise<void> {
  const task = await claimTask(context.database, {
    taskId,
    leaseId: context.createId(),
    nowMs: context.clock.nowMs(),
  })
  if (!task) return
  if (task.kind !== 'inpaint') {
    const message = `The inference service could not put this video together in time${lastReason(task)}. ${advice}`
    return await endTask(context, task, { kind: 'video_failed', code, message })
  }
  const message = `The inference service could not finish this item in time${lastReason(task)}; it was refunded. ${advice}`
  const failed = task.items.map(({ position }) => ({ position, code, message }))
  await endTask(context, task, { kind: 'inpainted', outcomes: { succeeded: [], failed } })
}
