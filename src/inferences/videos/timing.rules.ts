/** How a video's frames lie in time; the columns of its row. */
export interface VideoTimes {
  /** The frames a second that were sampled: a number, or `source` for every frame. */
  readonly fps: string
  /** Seconds of one tick of the source, as a fraction. */
  readonly timeBase: string
  /** Where the source's last frame ends. */
  readonly endPts: number
}

export interface TimedFrame {
  readonly frameIndex: number
  /** In the source's ticks. */
  readonly pts: number
}

/** When the frames of a stretch are shown, in a result. */
export interface StretchTimes {
  readonly timeBase: string
  readonly pts: readonly number[]
  /** Where the last of them ends. */
  readonly endPts: number
}

/** Ticks a second at least: what players and containers are used to. */
const ticksPerSecondMin = 1000
const fpsDecimals = 1_000_000

/**
 * Every frame of the source keeps its own time. Sampled frames stand for even stretches of it, so that they lie on an even
 * grid, on which n frames at f a second last n / f seconds. `next` is the frame after the stretch, null at the video's end.
 */
export function timeStretch(
  video: VideoTimes,
  frames: readonly TimedFrame[],
  next: TimedFrame | null,
): StretchTimes {
  const last = frames.at(-1)
  if (!last) throw new RangeError('A stretch has at least one frame')
  if (video.fps === 'source') {
    // A stream may say that it ends before its last frame does.
    const endPts = next?.pts ?? Math.max(video.endPts, last.pts + 1)
    return { timeBase: video.timeBase, pts: frames.map((frame) => frame.pts), endPts }
  }
  const { ticksPerSecond, ticksPerFrame } = createGrid(video.fps)
  return {
    timeBase: `1/${ticksPerSecond}`,
    pts: frames.map((frame) => frame.frameIndex * ticksPerFrame),
    endPts: (next?.frameIndex ?? last.frameIndex + 1) * ticksPerFrame,
  }
}

/** The seconds between neighbours, half of which are no further apart; null where there are none. */
export function spacingSecondsOf(
  { fps, timeBase }: Pick<VideoTimes, 'fps' | 'timeBase'>,
  pts: readonly number[],
): number | null {
  if (pts.length < 2) return null
  if (fps !== 'source') return 1 / Number(fps)
  const distances = pts.slice(1).map((time, index) => time - (pts[index] ?? time))
  const median = distances.sort((a, b) => a - b)[distances.length >> 1] ?? 0
  const [ticks = 1, perSeconds = 1] = timeBase.split('/').map(Number)
  return (median * ticks) / perSeconds
}

/** Whole ticks for every frame, at any rate that is a number of at most six decimals. */
function createGrid(fps: string): { ticksPerSecond: number; ticksPerFrame: number } {
  const scaled = Math.round(Number(fps) * fpsDecimals)
  if (!Number.isSafeInteger(scaled) || scaled < 1) throw new RangeError(`'${fps}' is no frame rate`)
  const divisor = greatestDivisor(scaled, fpsDecimals)
  const [frames, seconds] = [scaled / divisor, fpsDecimals / divisor]
  const scale = Math.ceil(ticksPerSecondMin / frames)
  return { ticksPerSecond: frames * scale, ticksPerFrame: seconds * scale }
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b)
}
