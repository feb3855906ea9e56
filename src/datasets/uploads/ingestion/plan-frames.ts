import { z } from 'zod'
import { readAnswerOrThrow } from '../../../inference-service/service-call.ts'
import type { Ingestion, IngestionContext, StillMask } from './ingestion.model.ts'
import { ingestionKey } from './ingestion-keys.rules.ts'
import type { NewVideo, StagedMask, StagedVideo } from './staged-video.model.ts'
import { toStepError } from './step-errors.ts'
import type { NewUploadItem } from './upload-entries.repository.ts'

const probeAnswer = z.object({
  container: z.string(),
  codec: z.string(),
  width: z.number(),
  height: z.number(),
  rotation: z.number(),
  durationSeconds: z.number(),
  fps: z.string(),
  frameCount: z.number(),
  timeBase: z.string(),
  firstPts: z.number(),
  endPts: z.number(),
  sound: z.object({ codec: z.string() }).nullable(),
  samples: z.array(z.number()),
  notes: z.array(z.string()).default([]),
})

type Probe = z.infer<typeof probeAnswer>

/** A video and its mask that are objects, before they were looked into. */
export interface VideoFiles {
  readonly entryNumber: number
  readonly name: string
  readonly source: { readonly key: string; readonly bytes: number }
  readonly mask:
    | { readonly kind: 'video'; readonly key: string }
    | {
        readonly kind: 'still'
        readonly key: string
        readonly bytes: number
        readonly still: StillMask
      }
}

export interface VideoPlan {
  readonly video: NewVideo
  readonly staged: StagedVideo
  readonly items: readonly NewUploadItem[]
  readonly notes: readonly string[]
}

/** Long enough for the service to read to a film's end. */
const urlSeconds = 900
const probeMsMax = 200_000

/** Looks into a video and its mask, and plans the frames to sample. Throws the service's refusals (`video.…`) as a 400. */
export async function planFrames(
  context: IngestionContext,
  ingestion: Ingestion,
  files: VideoFiles,
): Promise<VideoPlan> {
  const { fps } = ingestion.request
  const sampling = { fps: fps === 'source' ? ('source' as const) : Number(fps) }
  const probed = await probe(context, { key: files.source.key, name: 'video', sampling })
  const maskProbe =
    files.mask.kind === 'video'
      ? await probe(context, { key: files.mask.key, name: 'mask', sampling: null })
      : null
  const video = toVideo(context, ingestion, files, probed)
  const mask = planMask(ingestion, files, probed)
  return {
    video,
    staged: {
      videoId: video.id,
      sourceKey: files.source.key,
      firstPts: probed.firstPts,
      width: probed.width,
      height: probed.height,
      mask,
    },
    items: probed.samples.map((pts, frameIndex) =>
      toItem(ingestion, files, { pts, frameIndex, videoId: video.id, mask, probed }),
    ),
    notes: [...probed.notes, ...describeMask(files, probed, maskProbe)],
  }
}

async function probe(
  { presignedUrls, serviceCall, settings }: IngestionContext,
  file: { key: string; name: 'video' | 'mask'; sampling: { fps: number | 'source' } | null },
): Promise<Probe> {
  const { key, name, sampling } = file
  const url = await presignedUrls.presignGet({ key, expiresInSeconds: urlSeconds })
  const answer = await serviceCall.postJson(
    '/v1/probe',
    { url, name, sampling, framesMax: settings.VIDEO_FRAMES_MAX },
    { signal: AbortSignal.timeout(probeMsMax) },
  )
  if (answer.kind !== 'answered') throw toStepError(answer)
  return readAnswerOrThrow(probeAnswer, answer.body)
}

function toVideo(
  context: IngestionContext,
  ingestion: Ingestion,
  files: VideoFiles,
  probed: Probe,
): NewVideo {
  return {
    id: context.createId(),
    uploadId: ingestion.id,
    datasetId: ingestion.datasetId,
    entryNumber: files.entryNumber,
    name: files.name,
    sourceKey: files.source.key,
    container: probed.container,
    codec: probed.codec,
    width: probed.width,
    height: probed.height,
    rotation: probed.rotation,
    durationSeconds: probed.durationSeconds,
    sourceFps: probed.fps,
    sourceFrameCount: probed.frameCount,
    fps: ingestion.request.fps,
    frameCount: probed.samples.length,
    timeBase: probed.timeBase,
    firstPts: probed.firstPts,
    endPts: probed.endPts,
    soundCodec: probed.sound?.codec ?? null,
    sizeBytes: files.source.bytes,
    createdAt: context.clock.nowMs(),
  }
}

function planMask(
  { id, userId }: Ingestion,
  { mask, entryNumber }: VideoFiles,
  size: Probe,
): StagedMask {
  if (mask.kind === 'video') return { kind: 'video', key: mask.key }
  const isSameSize =
    mask.still.uprightWidth === size.width && mask.still.uprightHeight === size.height
  const scaledKey = isSameSize
    ? null
    : ingestionKey({ userId, uploadId: id, role: 'scaledMask', entryNumber, extension: 'png' })
  return { kind: 'still', key: mask.key, scaledKey }
}

function toItem(
  { id, userId }: Ingestion,
  { mask: sent, entryNumber, name }: VideoFiles,
  frame: { pts: number; frameIndex: number; videoId: string; mask: StagedMask; probed: Probe },
): NewUploadItem {
  const { frameIndex, mask, probed } = frame
  const keyOf = (role: 'image' | 'mask') =>
    ingestionKey({ userId, uploadId: id, role, entryNumber, frameIndex, extension: 'png' })
  const shared = sent.kind === 'still' && mask.kind === 'still' && mask.scaledKey === null
  return {
    entryNumber,
    frameIndex,
    kind: 'frame',
    state: 'PENDING',
    videoId: frame.videoId,
    pts: frame.pts,
    imageKey: keyOf('image'),
    maskKey: mask.kind === 'video' ? keyOf('mask') : (mask.scaledKey ?? mask.key),
    imageName: `${name.replace(/\.[^.]*$/, '')}_${String(frameIndex + 1).padStart(6, '0')}.png`,
    width: probed.width,
    height: probed.height,
    holePixels: shared ? sent.still.holePixels : null,
    imageBytes: null,
    maskBytes: shared ? sent.bytes : null,
    imageSha256: null,
    maskSha256: shared ? sent.still.sha256 : null,
  }
}

/** What the user should know of how the mask was fitted to the video. */
function describeMask({ name, mask }: VideoFiles, video: Probe, maskVideo: Probe | null): string[] {
  const notes: string[] = []
  const size =
    mask.kind === 'still'
      ? { width: mask.still.uprightWidth, height: mask.still.uprightHeight }
      : { width: maskVideo?.width ?? video.width, height: maskVideo?.height ?? video.height }
  if (size.width !== video.width || size.height !== video.height) {
    notes.push(
      `The mask of ${name} is ${size.width}×${size.height} pixels and was scaled to the video's ${video.width}×${video.height}.`,
    )
  }
  if (maskVideo && Math.abs(maskVideo.durationSeconds - video.durationSeconds) > 0.1) {
    const [masked, whole] = [maskVideo, video].map((probed) => probed.durationSeconds.toFixed(2))
    notes.push(
      maskVideo.durationSeconds < video.durationSeconds
        ? `The mask video of ${name} lasts ${masked} s and the video ${whole} s: its last frame goes on to the end.`
        : `The mask video of ${name} lasts ${masked} s and the video ${whole} s: the rest of the mask was not used.`,
    )
  }
  return notes
}
