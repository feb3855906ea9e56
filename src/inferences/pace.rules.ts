/** How long a model takes on one core, beside decoding and encoding. */
export interface ModelPace {
  readonly secondsPerHolePixel: number
  /** What the smallest hole takes: a learned model works on a whole crop whatever is missing of it. */
  readonly secondsMin: number
}

const itemSecondsMax = 60

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

/** Seconds of one core for a picture, or for a frame that is filled on its own; at most 60. */
export function estimateSeconds(
  item: { readonly pixels: number; readonly holePixels: number },
  pace: ModelPace,
): number {
  const filling = Math.max(pace.secondsMin, item.holePixels * pace.secondsPerHolePixel)
  return Math.min(itemSecondsMax, secondsPerItem + item.pixels * secondsPerPixel + filling)
}
