import type { TaskKind } from './inferences.lifecycle.ts'

/** What decides how long an item takes, and which video it is a frame of. */
export interface PlannedItem {
  readonly position: number
  readonly videoId: string | null
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

const itemsMax = 16
const secondsMax = 20
const itemSecondsMax = 60

/** How long a model takes on one core, beside decoding and encoding. */
export interface ModelPace {
  readonly secondsPerHolePixel: number
  /** What the smallest hole takes: a learned model works on a whole crop whatever is missing of it. */
  readonly secondsMin: number
}

/** Measured with a 64² box and a blob of 5 % at 512². */
const builtInPaces: Readonly<Record<string, ModelPace>> = {
  patchmatch: { secondsPerHolePixel: 50e-6, secondsMin: 0 },
  telea: { secondsPerHolePixel: 1e-6, secondsMin: 0 },
  'navier-stokes': { secondsPerHolePixel: 1e-6, secondsMin: 0 },
}
/** A model of which nothing is known may be a learned one on a processor: eight items a task then. */
const unknownPace: ModelPace = { secondsPerHolePixel: 200e-6, secondsMin: 2.4 }

/** The hole in the picture that the inference service measures with. */
const measuredHolePixels = 64 * 64
/** A measurement on a machine that was busy, or that had everything at hand, is off by as much. */
const measurementFactorMax = 4
const measuredSecondsMin = 0.02
const measuredSecondsMax = 20

const secondsPerPixel = 100e-9
const secondsPerItem = 0.02

/** The pace of a model by its id, where that is known, and by the milliseconds that the service measured. */
export function paceOf(model: {
  readonly id: string | null
  readonly milliseconds: number | null
}): ModelPace {
  const { id, milliseconds } = model
  const builtIn = id !== null && Object.hasOwn(builtInPaces, id) ? builtInPaces[id] : undefined
  if (milliseconds === null) return builtIn ?? unknownPace
  const measured = milliseconds / 1000 / measuredHolePixels
  if (builtIn) {
    const { secondsPerHolePixel: usual, secondsMin } = builtIn
    const bounds = [usual / measurementFactorMax, usual * measurementFactorMax] as const
    return { secondsPerHolePixel: clamp(measured, bounds), secondsMin }
  }
  const secondsMin = clamp(milliseconds / 1000, [measuredSecondsMin, measuredSecondsMax])
  return { secondsPerHolePixel: secondsMin / measuredHolePixels, secondsMin }
}

function clamp(value: number, [least, most]: readonly [number, number]): number {
  return Math.min(most, Math.max(least, value))
}

function estimateSeconds(item: PlannedItem, pace: ModelPace): number {
  const filling = Math.max(pace.secondsMin, item.holePixels * pace.secondsPerHolePixel)
  return Math.min(itemSecondsMax, secondsPerItem + item.pixels * secondsPerPixel + filling)
}

/**
 * Plans an inference of these items, in the order of their positions: they are inpainted in tasks of at most 16 items and
 * some 20 seconds of one core; each video is encoded in stretches of at most 240 frames of 1280 x 720 pixels, and assembled. A task that
 * inpaints lies within one stretch, or outside of all videos.
 */
export function planTasks(items: readonly PlannedItem[], pace: ModelPace): PlannedTask[] {
  const runs = cutAtVideos(items)
  return [
    ...runs.flatMap(({ videoId, items: run }) =>
      (videoId === null ? [run] : cutIntoStretches(run)).flatMap((stretch) =>
        planInpainting(stretch, pace),
      ),
    ),
    ...runs.flatMap(({ videoId, items: run }) => (videoId === null ? [] : planVideo(videoId, run))),
  ]
}

interface Run {
  readonly videoId: string | null
  readonly items: PlannedItem[]
}

/** Neighbours of one video, or of none, together. */
function cutAtVideos(items: readonly PlannedItem[]): Run[] {
  const runs: Run[] = []
  for (const item of items) {
    const current = runs.at(-1)
    if (current?.videoId === item.videoId) current.items.push(item)
    else runs.push({ videoId: item.videoId, items: [item] })
  }
  return runs
}

function cutIntoStretches(run: readonly PlannedItem[]): PlannedItem[][] {
  const stretches: PlannedItem[][] = []
  const pixels = Math.max(1, run[0]?.pixels ?? 0)
  const fitting = Math.max(encodedFramesMin, Math.floor(encodedPixelsMax / pixels))
  const size = Math.min(encodedFramesMax, fitting)
  for (let first = 0; first < run.length; first += size) {
    stretches.push(run.slice(first, first + size))
  }
  return stretches
}

function planVideo(videoId: string, frames: readonly PlannedItem[]): PlannedTask[] {
  const over = (kind: TaskKind, stretch: readonly PlannedItem[]): PlannedTask => ({
    kind,
    videoId,
    firstPosition: stretch[0]?.position ?? 0,
    itemCount: stretch.length,
  })
  return [
    ...cutIntoStretches(frames).map((stretch) => over('encode', stretch)),
    over('assemble', frames),
  ]
}

function planInpainting(items: readonly PlannedItem[], pace: ModelPace): PlannedTask[] {
  const tasks: { firstPosition: number; itemCount: number }[] = []
  let seconds = 0
  for (const item of items) {
    const itemSeconds = estimateSeconds(item, pace)
    const current = tasks.at(-1)
    if (!current || current.itemCount === itemsMax || seconds + itemSeconds > secondsMax) {
      tasks.push({ firstPosition: item.position, itemCount: 1 })
      seconds = itemSeconds
    } else {
      current.itemCount += 1
      seconds += itemSeconds
    }
  }
  return tasks.map((task) => ({ ...task, kind: 'inpaint' as const, videoId: null }))
}
