import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { commitUpload } from '../../src/datasets/uploads/uploads.repository.ts'
import { createServiceCall } from '../../src/inference-service/service-call.ts'
import { type StartedInference, startInference } from '../../src/inferences/start-inference.ts'
import { createInferenceServiceClient } from '../../src/inferences/tasks/inference-service.client.ts'
import {
  type ConsumerContext,
  consumeDeadTasks,
  consumeTasks,
} from '../../src/inferences/tasks/tasks.consumer.ts'
import type { TaskMessage } from '../../src/inferences/tasks/tasks.queue.ts'
import type { ModelCatalogue } from '../../src/models/models.client.ts'
import { createUser, request, services, type TestUser } from './world.ts'

/** A live dataset with that many items; their bytes are not in the store, since nothing here reads them. */
export async function createDatasetWithItems(
  user: TestUser,
  counts: { images?: number; frames?: number },
): Promise<string> {
  const name = `dataset ${crypto.randomUUID()}`
  const created = await request(user, 'POST', '/api/datasets', { json: { name } })
  const kinds = [
    ...Array.from({ length: counts.images ?? 0 }, () => 'image' as const),
    ...Array.from({ length: counts.frames ?? 0 }, () => 'frame' as const),
  ]
  const uploadId = crypto.randomUUID()
  if (kinds.length === 0) return name
  await commitUpload(services.database, {
    id: uploadId,
    userId: user.id,
    datasetId: created.body.dataset.id,
    reservationId: crypto.randomUUID(),
    price: 0,
    nowMs: Date.now(),
    items: kinds.map((kind, index) => ({
      kind,
      frameIndex: kind === 'frame' ? index : null,
      imageKey: `datasets/${user.id}/${uploadId}/${uploadId}_${index}.png`,
      maskKey: `datasets/${user.id}/${uploadId}/${uploadId}_${index}_mask.png`,
      imageName: `photo ${index}.png`,
      width: 512,
      height: 512,
      holePixels: 2000,
      imageBytes: 1,
      maskBytes: 1,
      imageSha256: '0'.repeat(64),
      maskSha256: '0'.repeat(64),
    })),
  })
  return name
}

/** Starts an inference whose messages are kept here instead of going to the queue. */
export async function startHeld(
  user: TestUser,
  datasetName: string,
  options: { modelId?: string; parameters?: unknown; models?: ModelCatalogue } = {},
): Promise<StartedInference & { messages: TaskMessage[] }> {
  const messages: TaskMessage[] = []
  const started = await startInference(
    {
      ...services,
      models: options.models ?? services.models,
      nowMs: Date.now(),
      sendTasks: async (sent) => void messages.push(...sent),
    },
    {
      userId: user.id,
      datasetName,
      modelId: options.modelId ?? 'telea',
      parameters: options.parameters,
    },
  )
  return { ...started, messages }
}

/** A user's inference over that many images, held, with a way to look at it as its user. */
export async function startWith(images: number, options: { tokens?: number } = {}) {
  const mario = await createUser(options)
  const started = await startHeld(mario, await createDatasetWithItems(mario, { images }))
  const look = async () => (await request(mario, 'GET', `/api/inferences/${started.id}`)).body.data
  return { mario, started, look }
}

export interface ServiceCall {
  readonly taskId: string
  readonly model: string
  readonly parameters: Record<string, unknown>
  readonly output: { format: string; quality: number }
  readonly items: { id: string; imageUrl: string; maskUrl: string; resultUrl: string }[]
}

export const succeeded = (id: string) => ({
  type: 'item',
  id,
  status: 'succeeded',
  model: 'telea',
  width: 512,
  height: 512,
  sizeBytes: 1000,
  sha256: 'a'.repeat(64),
  crc32: 907060870,
  contentType: 'image/png',
  advice: null,
  timings: { fetchMs: 1, decodeMs: 1, inpaintMs: 5, encodeMs: 1, storeMs: 1 },
  energy: { joules: 2, method: 'cpu-time-estimate' },
})

export const failed = (id: string, options: { retryable?: boolean } = {}) => ({
  type: 'item',
  id,
  status: 'failed',
  error: {
    code: 'media.undecodable',
    message: 'The picture cannot be decoded',
    retryable: options.retryable ?? false,
  },
})

export const end = { type: 'end' }

export function ndjson(lines: readonly unknown[]): Response {
  return new Response(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), {
    headers: { 'content-type': 'application/x-ndjson' },
  })
}

/** A consumer's context with an inference service whose HTTP answers the test stages. */
export function consumerWith(
  answer: (call: ServiceCall) => Response | Promise<Response>,
): ConsumerContext & { calls: ServiceCall[]; sentAgain: { taskId: string; delay?: number }[] } {
  const calls: ServiceCall[] = []
  const sentAgain: { taskId: string; delay?: number }[] = []
  const serviceCall = createServiceCall({
    baseUrl: 'http://inference.invalid',
    secret: 'staged-inference-secret-0123456789-01',
    clock: services.clock,
    fetch: async (_url, init) => {
      const call = JSON.parse(String(init?.body)) as ServiceCall
      calls.push(call)
      return answer(call)
    },
  })
  const service = createInferenceServiceClient(serviceCall)
  const sendTasks: ConsumerContext['sendTasks'] = async (messages, options) => {
    for (const { taskId } of messages) {
      const delay = options?.delaySeconds
      sentAgain.push(delay === undefined ? { taskId } : { taskId, delay })
    }
  }
  return { ...services, serviceCall, service, sendTasks, calls, sentAgain }
}

/** A service that makes something of every item. */
export const allSucceed = consumerWith((call) =>
  ndjson([...call.items.map((item) => succeeded(item.id)), end]),
)

/** Delivers messages in one batch, as the queue does; answers which were acknowledged and which will come again. */
export async function deliver(
  context: ConsumerContext,
  messages: readonly unknown[],
  options: { dead?: boolean } = {},
) {
  const batch = createMessageBatch(
    'pa-inpainting-tasks',
    messages.map((body) => ({
      id: crypto.randomUUID(),
      timestamp: new Date(),
      attempts: 1,
      body,
    })),
  )
  await (options.dead ? consumeDeadTasks : consumeTasks)(context, batch)
  const result = await getQueueResult(batch, createExecutionContext())
  return { acked: result.explicitAcks.length, retried: result.retryMessages.length }
}
