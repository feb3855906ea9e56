import { z } from 'zod'
import { createServiceRefusal } from '../../../inference-service/service.errors.ts'
import { readAnswerOrThrow } from '../../../inference-service/service-call.ts'
import { ApiError } from '../../../shared/errors.ts'
import {
  type FrameOutcome,
  listPendingFrames,
  type PendingFrame,
  recordFrames,
} from './frames.repository.ts'
import { type Ingestion, type IngestionContext, StepInterrupted } from './ingestion.model.ts'
import type { UploadEntryRow } from './ingestions.table.ts'
import type { StagedVideo } from './staged-video.model.ts'
import { toStepError } from './step-errors.ts'

const failure = z.object({
  status: z.literal('failed'),
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }),
})
const storedMask = z.object({ holePixels: z.number(), sizeBytes: z.number(), sha256: z.string() })
const line = z.union([
  z.object({ type: z.literal('mask') }).extend(failure.shape),
  z.object({ type: z.literal('mask') }).extend(storedMask.shape),
  z.object({ type: z.literal('frame'), index: z.number() }).extend(failure.shape),
  z.object({
    type: z.literal('frame'),
    index: z.number(),
    status: z.literal('succeeded'),
    width: z.number(),
    height: z.number(),
    image: z.object({ sizeBytes: z.number(), sha256: z.string() }),
    mask: storedMask.nullish(),
  }),
])

/** A call's frames: enough to pay for seeking, few enough to end within some seconds. */
const framesAtOnceMax = 96
const pixelsAtOnceMax = framesAtOnceMax * 1280 * 720
const callMsMax = 200_000
const urlSeconds = 300

/**
 * Samples the next frames of a video and records them; answers how many are left. Throws what the mask is refused for,
 * and StepInterrupted when frames are to be asked for again.
 */
export async function sampleFrames(
  context: IngestionContext,
  ingestion: Ingestion,
  entry: Pick<UploadEntryRow, 'number' | 'video'>,
): Promise<number> {
  const video = JSON.parse(entry.video ?? 'null') as StagedVideo
  const limit = Math.max(
    1,
    Math.min(framesAtOnceMax, Math.floor(pixelsAtOnceMax / (video.width * video.height))),
  )
  const { frames, pendingCount } = await listPendingFrames(context.database, {
    uploadId: ingestion.id,
    entryNumber: entry.number,
    limit,
  })
  if (frames.length === 0) return 0
  const call = await callService(context, { ingestion, video, frames })
  if (wantsMask(video, frames) && call.sharedMask === null) {
    // Without the mask that they share, frames are nothing: they are asked for again with it.
    throw call.refusal ?? call.interruption ?? createLeftOutError()
  }
  await recordFrames(context.database, ingestion, {
    entryNumber: entry.number,
    frames: call.outcomes,
    sharedMask: call.sharedMask,
    nowMs: context.clock.nowMs(),
  })
  if (call.refusal) throw call.refusal
  if (call.interruption) throw call.interruption
  return pendingCount - call.outcomes.length
}

async function callService(
  context: IngestionContext,
  work: { ingestion: Ingestion; video: StagedVideo; frames: readonly PendingFrame[] },
) {
  const outcomes: FrameOutcome[] = []
  let sharedMask: z.infer<typeof storedMask> | null = null
  let refusal: ApiError | null = null
  let interruption: StepInterrupted | null = null
  const onFailure = ({ code, message, retryable }: z.infer<typeof failure>['error']) => {
    if (retryable) interruption ??= createToldError(code)
    else refusal ??= createServiceRefusal({ code, message })
  }
  const end = await context.serviceCall.postLines(
    '/v1/frames',
    await createRequest(context, work),
    {
      signal: AbortSignal.timeout(callMsMax),
      async onLine(value) {
        const told = readAnswerOrThrow(line, value)
        if (told.type === 'mask') {
          if ('error' in told) onFailure(told.error)
          else sharedMask = told
        } else if (told.status === 'succeeded') {
          outcomes.push({ frameIndex: told.index, state: 'STORED', ...toFacts(told) })
        } else if (told.error.code === 'frame.undecodable') {
          outcomes.push({ frameIndex: told.index, state: 'FAILED' })
        } else {
          onFailure(told.error)
        }
      },
    },
  )
  if (end.kind !== 'ended') {
    const error = toStepError(end)
    if (error instanceof ApiError) refusal ??= error
    else interruption ??= error
  } else if (!refusal && !interruption && outcomes.length < work.frames.length) {
    interruption = createLeftOutError()
  }
  return { outcomes, sharedMask, refusal, interruption } as {
    outcomes: FrameOutcome[]
    sharedMask: z.infer<typeof storedMask> | null
    refusal: ApiError | null
    interruption: StepInterrupted | null
  }
}

function createToldError(code: string) {
  return new StepInterrupted(`the inference service told ${code}`, 2, true)
}

function createLeftOutError() {
  return new StepInterrupted('the inference service left frames out', 2, true)
}

/** Whether the video's frames share a mask that is still to be scaled to their size. */
function wantsMask({ mask }: StagedVideo, frames: readonly PendingFrame[]): boolean {
  return mask.kind === 'still' && mask.scaledKey !== null && frames[0]?.isFirst === 1
}

function toFacts(told: {
  width: number
  height: number
  image: { sizeBytes: number; sha256: string }
  mask?: z.infer<typeof storedMask> | null | undefined
}) {
  return {
    width: told.width,
    height: told.height,
    imageBytes: told.image.sizeBytes,
    imageSha256: told.image.sha256,
    holePixels: told.mask?.holePixels ?? null,
    maskBytes: told.mask?.sizeBytes ?? null,
    maskSha256: told.mask?.sha256 ?? null,
  }
}

async function createRequest(
  { presignedUrls }: IngestionContext,
  {
    ingestion,
    video,
    frames,
  }: { ingestion: Ingestion; video: StagedVideo; frames: readonly PendingFrame[] },
) {
  const read = (key: string) => presignedUrls.presignGet({ key, expiresInSeconds: urlSeconds })
  const write = (key: string) =>
    presignedUrls.presignPut({ key, expiresInSeconds: urlSeconds, contentType: 'image/png' })
  const isMaskVideo = video.mask.kind === 'video'
  return {
    taskId: ingestion.id,
    video: { url: await read(video.sourceKey), firstPts: video.firstPts },
    size: { width: video.width, height: video.height },
    mask: await createMask(video, { read, write, isWanted: wantsMask(video, frames) }),
    samples: await Promise.all(
      frames.map(async (frame) => ({
        index: frame.frameIndex,
        pts: frame.pts,
        imageUrl: await write(frame.imageKey),
        maskUrl: isMaskVideo ? await write(frame.maskKey) : null,
      })),
    ),
  }
}

type Presign = (key: string) => Promise<string>

async function createMask(
  { mask }: StagedVideo,
  { read, write, isWanted }: { read: Presign; write: Presign; isWanted: boolean },
) {
  if (mask.kind === 'video') return { kind: mask.kind, url: await read(mask.key) }
  if (mask.scaledKey === null || !isWanted) return null
  return { kind: mask.kind, url: await read(mask.key), resultUrl: await write(mask.scaledKey) }
}
