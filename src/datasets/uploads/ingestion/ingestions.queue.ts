import { z } from 'zod'

const uploadMessageSchema = z.object({ uploadId: z.uuid() })

/** What a queue message carries: an id alone, so that delivering it twice changes nothing. */
export type UploadMessage = z.infer<typeof uploadMessageSchema>

export function readUploadMessage(body: unknown): UploadMessage | null {
  const result = uploadMessageSchema.safeParse(body)
  return result.success ? result.data : null
}

export type SendUploads = (
  uploadIds: readonly string[],
  options?: { delaySeconds?: number },
) => Promise<void>

/** A queue takes at most 100 messages in a batch. */
const batchMax = 100

export function createSendUploads(queue: Pick<Queue<UploadMessage>, 'sendBatch'>): SendUploads {
  return async (uploadIds, options = {}) => {
    for (let first = 0; first < uploadIds.length; first += batchMax) {
      const batch = uploadIds.slice(first, first + batchMax)
      await queue.sendBatch(
        batch.map((uploadId) => ({
          body: { uploadId },
          contentType: 'json' as const,
          ...options,
        })),
      )
    }
  }
}
