import type { ModelId } from './parameters.rules.ts'

/** What decides how long an item takes. */
export interface PlannedItem {
  readonly position: number
  readonly pixels: number
  readonly holePixels: number
}

/** A stretch of consecutive items. */
export interface PlannedTask {
  readonly firstPosition: number
  readonly itemCount: number
}

const itemsMax = 16
const secondsMax = 20
const itemSecondsMax = 60

/** Seconds a pixel of a hole takes on one core; measured with a 64² box and a blob of 5 % at 512². */
const secondsPerHolePixel: Readonly<Record<ModelId, number>> = {
  default_inpainting: 50e-6,
  patchmatch: 50e-6,
  telea: 1e-6,
  'navier-stokes': 1e-6,
}
const secondsPerPixel = 100e-9
const secondsPerItem = 0.02

function estimateSeconds(item: PlannedItem, modelId: ModelId): number {
  const seconds =
    secondsPerItem + item.pixels * secondsPerPixel + item.holePixels * secondsPerHolePixel[modelId]
  return Math.min(itemSecondsMax, seconds)
}

/** Cuts items, in the order of their positions, into tasks of at most 16 items and some 20 seconds of one core. */
export function planTasks(items: readonly PlannedItem[], modelId: ModelId): PlannedTask[] {
  const tasks: { firstPosition: number; itemCount: number }[] = []
  let seconds = 0
  for (const item of items) {
    const itemSeconds = estimateSeconds(item, modelId)
    const current = tasks.at(-1)
    if (!current || current.itemCount === itemsMax || seconds + itemSeconds > secondsMax) {
      tasks.push({ firstPosition: item.position, itemCount: 1 })
      seconds = itemSeconds
    } else {
      current.itemCount += 1
      seconds += itemSeconds
    }
  }
  return tasks
}
