import { z } from 'zod'
import { type TaskKind, taskKinds } from '../inferences.lifecycle.ts'

const taskMessageSchema = z.object({
  taskId: z.uuid(),
  inferenceId: z.uuid(),
  kind: z.enum(taskKinds).default('inpaint'),
})

/** What a queue message carries: ids, so that delivering it twice changes nothing, and what its queue follows from. */
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

type TaskQueue = Pick<Queue<TaskMessage>, 'sendBatch'>

/** Tasks that may run for minutes have a queue of their own: a batch is acknowledged when the last of it has ended. */
export function createSendTasks(queues: { tasks: TaskQueue; videos: TaskQueue }): SendTasks {
  return async (messages, options = {}) => {
    for (const [kind, queue] of Object.entries(queueOf(queues))) {
      const own = messages.filter((message) => message.kind === kind)
      for (let first = 0; first < own.length; first += batchMax) {
        const batch = own.slice(first, first + batchMax)
        await queue.sendBatch(
          batch.map((body) => ({ body, contentType: 'json' as const, ...options })),
        )
      }
    }
  }
}

function queueOf({ tasks, videos }: { tasks: TaskQueue; videos: TaskQueue }) {
  return { inpaint: tasks, encode: tasks, assemble: videos } satisfies Record<TaskKind, TaskQueue>
}
