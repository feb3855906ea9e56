import { describeError } from '../../shared/logger.ts'
import { retryDelaySeconds } from '../inferences.lifecycle.ts'
import { failTask } from './fail-task.ts'
import { type RunTaskContext, runTask } from './run-task.ts'
import { readTaskMessage } from './tasks.queue.ts'

export type ConsumerContext = RunTaskContext

/** Runs the tasks of a batch side by side; the only place that acknowledges or retries their messages. */
export async function consumeTasks(
  context: ConsumerContext,
  batch: MessageBatch<unknown>,
): Promise<void> {
  await Promise.all(batch.messages.map((message) => consumeTask(context, message)))
}

async function consumeTask(context: ConsumerContext, message: Message<unknown>): Promise<void> {
  const task = readTaskMessage(message.body)
  if (!task) {
    context.logger.error('task.message_unreadable', { messageId: message.id })
    return message.ack()
  }
  try {
    const verdict = await runTask(context, task)
    if (verdict.kind === 'done') return message.ack()
    if (verdict.countsAsAttempt) return message.retry({ delaySeconds: verdict.delaySeconds })
    // A busy service is no failure: a new message starts with all its attempts.
    await context.sendTasks([task], { delaySeconds: verdict.delaySeconds })
    message.ack()
  } catch (error) {
    context.logger.error('task.crashed', { taskId: task.taskId, ...describeError(error) })
    message.retry({ delaySeconds: retryDelaySeconds(message.attempts) })
  }
}

/** Ends the tasks whose messages the queue gave up: what they finished stays, the rest fails and is refunded. */
export async function consumeDeadTasks(
  context: ConsumerContext,
  batch: MessageBatch<unknown>,
): Promise<void> {
  for (const message of batch.messages) {
    const task = readTaskMessage(message.body)
    try {
      if (task) await failTask(context, task.taskId)
      message.ack()
    } catch (error) {
      context.logger.error('task.fail_failed', { taskId: task?.taskId, ...describeError(error) })
      message.retry()
    }
  }
}
