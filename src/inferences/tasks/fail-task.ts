import type { RunTaskContext } from './run-task.ts'
import { claimTask, finishTask } from './tasks.repository.ts'

const unfinished = {
  code: 'task.retries_exhausted',
  message:
    'The inference service could not be reached in time for this item; it was refunded. Start a new inference for it.',
}

/** Ends a task for good: items without an outcome fail. A task that another still holds is left to it. */
export async function failTask(
  context: Pick<
    RunTaskContext,
    'database' | 'settleInference' | 'createId' | 'clock' | 'gramsPerJoule'
  >,
  taskId: string,
): Promise<void> {
  const nowMs = context.clock.nowMs()
  const task = await claimTask(context.database, { taskId, leaseId: context.createId(), nowMs })
  if (!task) return
  const inference = await finishTask(context.database, task, {
    outcomes: {
      succeeded: [],
      failed: task.items.map((item) => ({ ...unfinished, position: item.position })),
    },
    gramsPerJoule: context.gramsPerJoule,
    nowMs,
  })
  if (inference) await context.settleInference(inference)
}
