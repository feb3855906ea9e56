import { estimateSeconds, type ModelPace } from '../pace.rules.ts'
import { spacingSecondsOf, type VideoTimes } from './timing.rules.ts'

/*
 * The inference service fills frames of a sequence in windows of its frames, which lie on a fixed grid. A window looks at
 * frames before and behind it; what it makes depends on these alone, so that cuts at whole windows do not show.
 */
export const windowFrames = 24
export const framesLookedBack = 24
export const framesLookedAhead = 25

/** Frames further apart show too different things to be filled from each other. */
export const spacingSecondsMax = 0.2

/** Following what moves: 0.1 s a frame of 640 x 360. */
const followingSecondsPerPixel = 0.1 / (640 * 360)

/**
 * One request answers for a whole window, and a consumer of the queue is stopped after 15 minutes. The frames of a window
 * that would take longer than this, were each left to the model, are filled one by one.
 */
const windowSecondsMax = 600

const taskSecondsMax = 30
/** A task of more would leave no room in the service's queue for the others of its batch. */
export const taskWindowsMax = 3

export interface SequenceFrame {
  readonly pts: number | null
  readonly pixels: number
  readonly holePixels: number
}

/**
 * The seconds between neighbours of a video's frames that are filled from each other; null where each is filled on its own:
 * they are too far apart, too few, or too large for a window to end in time.
 */
export function chooseSpacing(
  video: Pick<VideoTimes, 'fps' | 'timeBase'>,
  frames: readonly SequenceFrame[],
  pace: ModelPace,
): number | null {
  const pts = frames.flatMap((frame) => (frame.pts === null ? [] : [frame.pts]))
  const spacing = pts.length === frames.length ? spacingSecondsOf(video, pts) : null
  if (spacing === null || spacing > spacingSecondsMax) return null
  return windowSecondsOf(frames, pace) > windowSecondsMax ? null : spacing
}

/** How many frames a task takes: whole windows, for some 30 seconds of one core. */
export function sequenceTaskFrames(frames: readonly SequenceFrame[], pace: ModelPace): number {
  const fitting = Math.floor(taskSecondsMax / windowSecondsOf(frames, pace))
  return windowFrames * Math.min(taskWindowsMax, Math.max(1, fitting))
}

/** Seconds of one core that the slowest window of a video's frames takes, with each frame left to the model. */
function windowSecondsOf(frames: readonly SequenceFrame[], pace: ModelPace): number {
  const windows: number[] = []
  for (const [index, frame] of frames.entries()) {
    const window = Math.floor(index / windowFrames)
    const seconds = frame.pixels * followingSecondsPerPixel + estimateSeconds(frame, pace)
    windows[window] = (windows[window] ?? 0) + seconds
  }
  return windows.reduce((most, seconds) => Math.max(most, seconds), 0)
}

/** The frames that must be at hand to fill frames of a video of `count`, without these themselves; places in the video, in order. */
export function listAround(asked: readonly number[], count: number): number[] {
  const around = new Set<number>()
  for (const index of asked) {
    const start = index - (index % windowFrames)
    const end = Math.min(count, start + windowFrames + framesLookedAhead)
    for (let at = Math.max(0, start - framesLookedBack); at < end; at += 1) around.add(at)
  }
  for (const index of asked) around.delete(index)
  return [...around].sort((a, b) => a - b)
}
