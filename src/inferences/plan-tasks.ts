import type { TaskKind } from './inferences.lifecycle.ts'
import { estimateSeconds, type ModelPace } from './pace.rules.ts'
import { chooseSpacing, sequenceTaskFrames, windowFrames } from './videos/sequences.rules.ts'
import type { VideoTimes } from './videos/timing.rules.ts'

/** What decides how long an item takes, and which video it is a frame of. */
export interface PlannedItem {
  readonly position: number
  readonly videoId: string | null
  /** When the frame is shown, in ticks of its video. */
  readonly pts: number | null
  readonly pixels: number
  readonly holePixels: number
}

/** A stretch of consecutive items. */
export interface PlannedTask {
  readonly kind: TaskKind
  /** The video of a task that encodes or assembles. */
  readonly videoId: string | null
  readonly firstPosition: number
  readonly itemCount: number
}

/** Frames that are encoded at once: half of what one request of the inference service has room for, and less. */
export const encodedFramesMax = 240
/** Pixels that are encoded at once take some 20 seconds of one core, as other tasks do. */
const encodedPixelsMax = encodedFramesMax * 1280 * 720
/** Large frames come in longer tasks: the URLs of all stretches of a video fit into one request, too. */
const encodedFramesMin = 32
/** Frames that are filled from each other come in stretches of whole windows, so that tasks end where stretches do. */
export const encodedSequenceFramesMin = windowFrames

const itemsMax = 16
const secondsMax = 20

/** The videos whose frames are filled from each other, with the seconds between these. */
export function chooseSequences(
  items: readonly PlannedItem[],
  videos: ReadonlyMap<string, Pick<VideoTimes, 'fps' | 'timeBase'>>,
  pace: ModelPace,
): Map<string, number> {
  const sequences = new Map<string, number>()
  for (const { videoId, items: frames } of cutAtVideos(items)) {
    const video = videoId === null ? undefined : videos.get(videoId)
    const spacing = video ? chooseSpacing(video, frames, pace) : null
    if (videoId !== null && spacing !== null) sequences.set(videoId, spacing)
  }
  return sequences
}

/**
 * Plans an inference of these items, in the order of their positions: they are inpainted in tasks of at most 16 items and
 * some 20 seconds of one core, or of whole windows where the frames of their video are filled from each other
 * (`sequences` holds these videos); each video is encoded in stretches of at most 240 frames of 1280 x 720 pixels, and
 * assembled. A task that inpaints lies within one stretch, or outside of all videos.
 */
export function planTasks(
  items: readonly PlannedItem[],
  pace: ModelPace,
  sequences: Pick<ReadonlyMap<string, unknown>, 'has'> = new Map(),
): PlannedTask[] {
  const runs = cutAtVideos(items)
  const planned = runs.map(({ videoId, items: run }) => {
    if (videoId === null) return { inpaint: planInpainting(run, pace), video: [] }
    const isSequence = sequences.has(videoId)
    const stretches = cutIntoPieces(run, stretchFrames(run, isSequence))
    const inpaint = isSequence
      ? planSequence(run, stretches, pace)
      : stretches.flatMap((stretch) => planInpainting(stretch, pace))
    return { inpaint, video: planVideo(videoId, run, stretches) }
  })
  return [...planned.flatMap(({ inpaint }) => inpaint), ...planned.flatMap(({ video }) => video)]
}

interface Run {
  readonly videoId: string | null
  readonly items: PlannedItem[]
}

/** The items of each video, and those between videos, together. */
function cutAtVideos(items: readonly PlannedItem[]): Run[] {
  const runs: Run[] = []
  for (const item of items) {
    const current = runs.at(-1)
    if (current?.videoId === item.videoId) current.items.push(item)
    else runs.push({ videoId: item.videoId, items: [item] })
  }
  return runs
}

function stretchFrames(run: readonly PlannedItem[], isSequence: boolean): number {
  const pixels = Math.max(1, run[0]?.pixels ?? 0)
  const fitting = Math.min(encodedFramesMax, Math.floor(encodedPixelsMax / pixels))
  if (!isSequence) return Math.max(encodedFramesMin, fitting)
  return Math.max(encodedSequenceFramesMin, fitting - (fitting % windowFrames))
}

function cutIntoPieces<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, piece) => items.slice(piece * size, (piece + 1) * size))
}

function toTask(
  kind: TaskKind,
  videoId: string | null,
  items: readonly PlannedItem[],
): PlannedTask {
  return { kind, videoId, firstPosition: items[0]?.position ?? 0, itemCount: items.length }
}

function planVideo(
  videoId: string,
  frames: readonly PlannedItem[],
  stretches: readonly (readonly PlannedItem[])[],
): PlannedTask[] {
  return [
    ...stretches.map((stretch) => toTask('encode', videoId, stretch)),
    toTask('assemble', videoId, frames),
  ]
}

function planSequence(
  frames: readonly PlannedItem[],
  stretches: readonly (readonly PlannedItem[])[],
  pace: ModelPace,
): PlannedTask[] {
  const size = sequenceTaskFrames(frames, pace)
  return stretches.flatMap((stretch) =>
    cutIntoPieces(stretch, size).map((piece) => toTask('inpaint', null, piece)),
  )
}

function planInpainting(items: readonly PlannedItem[], pace: ModelPace): PlannedTask[] {
  const tasks: { firstPosition: number; itemCount: number }[] = []
  let seconds = 0
  let count = 0
  for (const item of items) {
    const itemSeconds = estimateSeconds(item, pace)
    const current = tasks.at(-1)
    if (!current || count === itemsMax || seconds + itemSeconds > secondsMax) {
      tasks.push({ firstPosition: item.position, itemCount: 1 })
      seconds = itemSeconds
      count = 1
    } else {
      // A task is a stretch of positions; where items are left out, those that are there are its items.
      current.itemCount = item.position - current.firstPosition + 1
      seconds += itemSeconds
      count += 1
    }
  }
  return tasks.map((task) => ({ ...task, kind: 'inpaint' as const, videoId: null }))
}
