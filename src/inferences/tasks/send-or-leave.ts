import { describeError, type Logger } from '../../shared/logger.ts'
import type { SendTasks, TaskMessage } from './tasks.queue.ts'

/** Sends the messages of tasks that were queued; those that cannot be sent the sweep sends when they have waited too long. */
export async function sendOrLeaveToSweep(
  context: { readonly sendTasks: SendTasks; readonly logger: Logger },
  tasks: readonly TaskMessage[],
): Promise<void> {
  if (tasks.length === 0) return
  try {
    await context.sendTasks(tasks)
  } catch (error) {
    context.logger.warn('inference.send_failed', { tasks: tasks.length, ...describeError(error) })
  }
}
