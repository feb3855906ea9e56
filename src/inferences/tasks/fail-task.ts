import { claimTask } from './claims.repository.ts'
import { type EndTaskContext, endTask } from './end-task.ts'

const code = 'task.retries_exhausted'
const itemUnfinished =
  'The inference service could not be reached in time for this item; it was refunded. Start a new inference for it.'
const videoUnfinished =
  'The inference service could not be reached in time to put this video together. Start a new inference for it.'

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
    return await endTask(context, task, { kind: 'video_failed', code, message: videoUnfinished })
  }
  const failed = task.items.map(({ position }) => ({ position, code, message: itemUnfinished }))
  await endTask(context, task, { kind: 'inpainted', outcomes: { succeeded: [], failed } })
}
