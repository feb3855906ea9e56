import { createServiceCall } from '../../src/inference-service/service-call.ts'
import { createInferenceServiceClient } from '../../src/inferences/tasks/inference-service.client.ts'
import type { ConsumerContext } from '../../src/inferences/tasks/tasks.consumer.ts'
import type { TaskMessage } from '../../src/inferences/tasks/tasks.queue.ts'
import { deliver, ndjson, startHeld, succeeded } from './inferences.ts'
import { createUser, request, services, type TestUser } from './world.ts'

export interface StagedVideo {
  readonly name?: string
  readonly frames: number
  readonly fps?: string
  readonly soundCodec?: string
  /** Ticks of 1/600 s; 20 apart unless given. */
  readonly pts?: readonly number[]
  readonly endPts?: number
}

/** A live dataset of images and then videos, each sampled into its frames; their bytes are not in the store. */
export async function createDatasetWithVideos(
  user: TestUser,
  videos: readonly StagedVideo[],
  { images = 0 } = {},
): Promise<{ name: string; videoIds: string[] }> {
  const name = `dataset ${crypto.randomUUID()}`
  const created = await request(user, 'POST', '/api/datasets', { json: { name } })
  const datasetId: string = created.body.dataset.id
  const uploadId = crypto.randomUUID()
  const key = () => `datasets/${user.id}/${uploadId}_${crypto.randomUUID()}.png`
  const rows: object[] = []
  const add = (row: object) =>
    rows.push({ imageKey: key(), maskKey: key(), position: rows.length, ...row })
  for (let index = 0; index < images; index += 1) {
    add({ kind: 'image', uploadIndex: 1, imageName: `photo ${index}.png` })
  }
  const staged = videos.map((video, index) => ({
    ...video,
    id: crypto.randomUUID(),
    name: video.name ?? `clip ${index}.mov`,
    fps: video.fps ?? '1',
    uploadIndex: index + 2,
    soundCodec: video.soundCodec ?? null,
    endPts: video.endPts ?? video.frames * 20,
    sourceKey: `datasets/${user.id}/${uploadId}_${crypto.randomUUID()}.mov`,
  }))
  for (const video of staged) {
    for (let frameIndex = 0; frameIndex < video.frames; frameIndex += 1) {
      const pts = video.pts?.[frameIndex] ?? frameIndex * 20
      const { uploadIndex, id: videoId } = video
      add({ kind: 'frame', uploadIndex, imageName: video.name, frameIndex, videoId, pts })
    }
  }
  const { raw } = services.database
  await raw.batch([
    raw
      .prepare(
        `INSERT INTO dataset_items (dataset_id, position, kind, upload_id, upload_index, frame_index,
           video_id, pts, image_key, mask_key, image_name, width, height, hole_pixels, image_bytes, mask_bytes,
           image_sha256, mask_sha256, created_at)
         SELECT ?1, value ->> 'position', value ->> 'kind', ?2, value ->> 'uploadIndex', value ->> 'frameIndex',
           value ->> 'videoId', value ->> 'pts', value ->> 'imageKey', value ->> 'maskKey', value ->> 'imageName',
           64, 48, 100, 1, 1, '', '', 0 FROM json_each(?3)`,
      )
      .bind(datasetId, uploadId, JSON.stringify(rows)),
    raw
      .prepare(
        `INSERT INTO videos (id, upload_id, dataset_id, upload_index, entry_number, name, source_key, container,
           codec, width, height, rotation, duration_seconds, source_fps, source_frame_count, fps, frame_count,
           time_base, first_pts, end_pts, sound_codec, size_bytes, created_at)
         SELECT value ->> 'id', ?2, ?1, value ->> 'uploadIndex', 0, value ->> 'name', value ->> 'sourceKey',
           'mov', 'h264', 64, 48, 0, 1, '30000/1001', 1, value ->> 'fps', value ->> 'frames',
           '1/600', 0, value ->> 'endPts', value ->> 'soundCodec', 1, 0 FROM json_each(?3)`,
      )
      .bind(datasetId, uploadId, JSON.stringify(staged)),
    raw
      .prepare('UPDATE datasets SET item_count = ?2, frame_count = ?3 WHERE id = ?1')
      .bind(datasetId, rows.length, rows.length - images),
  ])
  return { name, videoIds: staged.map((video) => video.id) }
}

export interface VideoCall {
  readonly path: string
  readonly taskId: string
  // biome-ignore lint/suspicious/noExplicitAny: a test names the very keys that it expects
  readonly body: any
}

const energy = { joules: 3, method: 'cpu-time-estimate' }

export const segmentEnd = (replaced: number[] = []) => ({
  type: 'end',
  frameCount: 1,
  sizeBytes: 10,
  sha256: 'b'.repeat(64),
  crc32: 7,
  replaced,
  energy,
})

export const assembleEnd = {
  type: 'end',
  frameCount: 3,
  durationSeconds: 3,
  width: 64,
  height: 48,
  sizeBytes: 4321,
  sha256: 'c'.repeat(64),
  crc32: 9,
  contentType: 'video/mp4',
  sound: null,
  notes: ['A note.'],
  energy,
}

type Answers = Partial<
  Record<'inpaint' | 'segments' | 'assemble', (call: VideoCall) => Response | Promise<Response>>
>

/** A consumer with an inference service that makes everything, but for the answers that the test stages. */
export function videoConsumer(answers: Answers = {}): ConsumerContext & {
  calls: VideoCall[]
  sent: TaskMessage[]
  /** Bodies of the calls of that path. */
  asked: (path: string) => VideoCall['body'][]
} {
  const calls: VideoCall[] = []
  const sent: TaskMessage[] = []
  const all: Required<Answers> = {
    inpaint: ({ body }) =>
      ndjson([...body.items.map((item: { id: string }) => succeeded(item.id)), { type: 'end' }]),
    segments: () => ndjson([{ type: 'progress', frames: 1 }, segmentEnd()]),
    assemble: () => ndjson([assembleEnd]),
    ...answers,
  }
  const serviceCall = createServiceCall({
    baseUrl: 'http://inference.invalid',
    secret: 'staged-inference-secret-0123456789-01',
    clock: services.clock,
    fetch: async (url, init) => {
      const { pathname } = new URL(String(url))
      const body = JSON.parse(String(init?.body))
      const call = { path: pathname, taskId: body.taskId, body }
      calls.push(call)
      return all[pathname.replace('/v1/', '') as keyof Answers](call)
    },
  })
  return {
    ...services,
    serviceCall,
    service: createInferenceServiceClient(serviceCall),
    sendTasks: async (messages) => void sent.push(...messages),
    calls,
    sent,
    asked: (path) => calls.filter((call) => call.path === path).map((call) => call.body),
  }
}

/** Delivers messages, and those that they bring about, until none is left; what is retried is delivered again at once. */
export async function deliverAll(
  context: ReturnType<typeof videoConsumer>,
  messages: readonly TaskMessage[],
): Promise<void> {
  const waiting = [...messages]
  for (let rounds = 0; waiting.length > 0; rounds += 1) {
    if (rounds > 200) throw new Error('The tasks go on for ever.')
    const next = waiting.splice(0, 1)
    const { retried } = await deliver(context, next)
    if (retried > 0) waiting.push(...next)
    waiting.push(...context.sent.splice(0))
  }
}

/** A user's inference over these videos, held, with a way to look at it as its user. */
export async function startVideos(
  videos: readonly StagedVideo[],
  options: { images?: number; tokens?: number; parameters?: unknown } = {},
) {
  const mario = await createUser({ tokens: options.tokens ?? 100 })
  const { name, videoIds } = await createDatasetWithVideos(mario, videos, options)
  const started = await startHeld(mario, name, { parameters: options.parameters })
  const look = async (path = '') =>
    (await request(mario, 'GET', `/api/inferences/${started.id}${path}`)).body.data
  return { mario, started, videoIds, look }
}
