import { z } from 'zod'

const taskMessageSchema = z.object({ taskId: z.uuid(), inferenceId: z.uuid() })

/** What a queue message carries: ids alone, so that delivering it twice changes nothing. */
export type TaskMessage = z.infer<typeof taskMessageSchema>

export function readTaskMessage(body: unknown): TaskMessage | null {
  const result = taskMessageSchema.safeParse(body)
  return result.success ? result.data : null
}

export type SendTasks = (
  messages: readonly TaskMessage[],
  options?: { delaySeconds?: number },
) => Promise<void>

/** A queue takes at most 100 messages in a batch. */
const batchMax = 100

export function createSendTasks(queue: Pick<Queue<TaskMessage>, 'sendBatch'>): SendTasks {
  return async (messages, options = {}) => {
    for (let first = 0; first < messages.length; first += batchMax) {
      const batch = messages.slice(first, first + batchMax)
      await queue.sendBatch(
        batch.map((body) => ({ body, contentType: 'json' as const, ...options })),
      )
    }
  }
}
