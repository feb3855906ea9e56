import { type EndTaskContext, endTask } from './end-task.ts'
import { claimTask } from './tasks.repository.ts'

const unfinished = {
  code: 'task.retries_exhausted',
  message:
    'The inference service could not be reached in time for this item; it was refunded. Start a new inference for it.',
}

/** Ends a task for good: items without an outcome fail. A task that another still holds is left to it. */
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
  const failed = task.items.map((item) => ({ ...unfinished, position: item.position }))
  await endTask(context, task, { succeeded: [], failed })
}
