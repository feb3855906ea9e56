import { describeError } from '../../../shared/logger.ts'
import { createProcessingFailedError, giveUpIngestion } from './end-ingestion.ts'
import type { IngestionContext } from './ingestion.model.ts'
import { consumerRunMs, stepRetrySeconds } from './ingestions.lifecycle.ts'
import { readUploadMessage } from './ingestions.queue.ts'
import { runIngestion } from './run-ingestion.ts'

/** Goes on with the uploads of a batch side by side; the only place that acknowledges or retries their messages. */
export async function consumeUploads(
  context: IngestionContext,
  batch: MessageBatch<unknown>,
): Promise<void> {
  await Promise.all(batch.messages.map((message) => consumeUpload(context, message)))
}

async function consumeUpload(context: IngestionContext, message: Message<unknown>): Promise<void> {
  const upload = readUploadMessage(message.body)
  if (!upload) {
    context.logger.error('ingestion.message_unreadable', { messageId: message.id })
    return message.ack()
  }
  try {
    const untilMs = context.clock.nowMs() + consumerRunMs
    const verdict = await runIngestion(context, { id: upload.uploadId, untilMs })
    // A new message starts with all its attempts: how often a step may break is counted with the upload.
    if (verdict.kind === 'again') {
      await context.sendUploads([upload.uploadId], { delaySeconds: verdict.delaySeconds })
    }
    message.ack()
  } catch (error) {
    context.logger.error('ingestion.crashed', { ...upload, ...describeError(error) })
    message.retry({ delaySeconds: stepRetrySeconds(message.attempts) })
  }
}

/** Ends the uploads whose messages the queue gave up. */
export async function consumeDeadUploads(
  context: IngestionContext,
  batch: MessageBatch<unknown>,
): Promise<void> {
  for (const message of batch.messages) {
    const upload = readUploadMessage(message.body)
    try {
      const error = createProcessingFailedError('its messages were given up')
      if (upload) await giveUpIngestion(context, { id: upload.uploadId, error })
      message.ack()
    } catch (error) {
      context.logger.error('ingestion.not_given_up', { ...upload, ...describeError(error) })
      message.retry()
    }
  }
}
