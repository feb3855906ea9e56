import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sequenceRunMsMax } from '../../../src/inferences/inferences.lifecycle.ts'
import { paceOf } from '../../../src/inferences/pace.rules.ts'
import { chooseSequences, planTasks } from '../../../src/inferences/plan-tasks.ts'
import { listAround } from '../../../src/inferences/videos/sequences.rules.ts'

const telea = paceOf({ id: 'telea', milliseconds: null })
const patchmatch = paceOf({ id: 'patchmatch', milliseconds: null })
const [hd, fullHd, ultraHd] = [1280 * 720, 1920 * 1080, 3840 * 2160]

/** Frames of a video, 20 ticks of 1/600 s apart unless told otherwise. */
function framesOf(
  count: number,
  {
    videoId = 'video',
    pixels = 10_000,
    holePixels = 100,
    first = 0,
    ptsOf = (index: number) => index * 20,
  } = {},
) {
  return Array.from({ length: count }, (_, index) => ({
    position: first + index,
    videoId: videoId as string | null,
    pts: ptsOf(index) as number | null,
    pixels,
    holePixels,
  }))
}

const times = (fps: string) => new Map([['video', { fps, timeBase: '1/600' }]])

function planSequence(frames: ReturnType<typeof framesOf>, pace = telea) {
  const tasks = planTasks(frames, pace, new Map([['video', 0.03]]))
  const sizesOf = (kind: string) =>
    tasks.filter((task) => task.kind === kind).map((task) => task.itemCount)
  return { tasks, inpaint: sizesOf('inpaint'), encode: sizesOf('encode') }
}

describe('frames of a video', () => {
  const spacing = (fps: string, frames: ReturnType<typeof framesOf>, pace = telea) =>
    chooseSequences(frames, times(fps), pace).get('video')

  it.each([
    ['every frame of a source', 'source', framesOf(50), 20 / 600],
    [
      'every frame of one that stutters',
      'source',
      framesOf(50, { ptsOf: (i) => 20 * i + (i > 9 ? 900 : 0) }),
      20 / 600,
    ],
    ['just near enough', 'source', framesOf(50, { ptsOf: (i) => i * 120 }), 0.2],
    ['five a second, whatever the source has', '5', framesOf(50, { ptsOf: (i) => i * 121 }), 0.2],
    ['two frames', '30', framesOf(2), 1 / 30],
  ])('are filled from each other: %s', (_case, fps, frames, seconds) => {
    expect(spacing(fps, frames)).toBeCloseTo(seconds, 9)
  })

  it.each([
    ['a second apart', '1', framesOf(50), telea],
    ['a little more than 0.2 s apart', 'source', framesOf(50, { ptsOf: (i) => i * 121 }), telea],
    ['four a second', '4', framesOf(50), telea],
    ['a single one', 'source', framesOf(1), telea],
    [
      'so large that a window would not end in time',
      'source',
      framesOf(50, { pixels: 64_000_000 }),
      telea,
    ],
    [
      'with holes too large for a slow model',
      'source',
      framesOf(50, { pixels: ultraHd, holePixels: 1_000_000 }),
      patchmatch,
    ],
    ['without times', 'source', framesOf(50).map((frame) => ({ ...frame, pts: null })), telea],
    ['of a video that nobody knows', 'source', framesOf(50, { videoId: 'other' }), telea],
    [
      'that are pictures',
      'source',
      framesOf(50).map((item) => ({ ...item, videoId: null })),
      telea,
    ],
  ])('are filled one by one: %s', (_case, fps, frames, pace) => {
    expect(chooseSequences(frames, times(fps), pace).size).toBe(0)
  })

  it('of 3840 x 2160 are filled from each other, in a run that is given the time', () => {
    const frames = framesOf(50, { pixels: ultraHd, holePixels: ultraHd / 100 })
    expect(spacing('source', frames, patchmatch)).toBeCloseTo(20 / 600, 9)
    const slowest = 24 * (0.1 * (ultraHd / (640 * 360)) + (ultraHd / 100) * 50e-6)
    expect(sequenceRunMsMax).toBeGreaterThan(2 * slowest * 1000)
  })

  it('are filled from each other although one of them is nothing but hole', () => {
    const frames = framesOf(50, { pixels: fullHd, holePixels: 5000 })
    const blank = frames.map((frame, i) => (i === 30 ? { ...frame, holePixels: fullHd } : frame))
    expect(spacing('source', blank, patchmatch)).toBeDefined()
  })
})

describe('tasks of frames that are filled from each other', () => {
  it.each([
    ['small ones, three windows', 640 * 360, [72, 72, 72, 24, 10]],
    ['1280x720, two windows', hd, [48, 48, 48, 48, 48, 10]],
    ['1920x1080, one window', fullHd, [24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 10]],
  ])('take some 30 seconds of one core: %s', (_size, pixels, sizes) => {
    expect(planSequence(framesOf(250, { pixels })).inpaint).toEqual(sizes)
  })

  it.each([
    [hd, 240],
    [fullHd, 96],
    [ultraHd, 24],
  ])('come in stretches of whole windows: frames of %i pixels', (pixels, size) => {
    expect(planSequence(framesOf(500, { pixels })).encode[0]).toBe(size)
  })

  it('are cut at multiples of 24 from the first frame of their video, within one stretch, each frame once', () => {
    const shape = fc.record({
      first: fc.integer({ min: 0, max: 100 }),
      count: fc.integer({ min: 2, max: 600 }),
      pixels: fc.integer({ min: 1, max: ultraHd }),
    })
    fc.assert(
      fc.property(shape, ({ first, count, pixels }) => {
        const { tasks } = planSequence(framesOf(count, { first, pixels }))
        const stretchOf = (position: number) =>
          tasks.findIndex(
            ({ kind, firstPosition, itemCount }) =>
              kind === 'encode' &&
              position >= firstPosition &&
              position < firstPosition + itemCount,
          )
        let next = first
        for (const task of tasks.filter(({ kind }) => kind === 'inpaint')) {
          expect(task.firstPosition).toBe(next)
          expect((task.firstPosition - first) % 24).toBe(0)
          expect(task.itemCount).toBeLessThanOrEqual(72)
          next += task.itemCount
          expect(stretchOf(next - 1)).toBe(stretchOf(task.firstPosition))
        }
        expect(next).toBe(first + count)
      }),
      { numRuns: 50 },
    )
  })

  it('leave pictures and other videos as they are', () => {
    const pictures = framesOf(20).map((item) => ({ ...item, videoId: null }))
    const near = framesOf(100, { first: 20 })
    const far = framesOf(20, { first: 120, videoId: 'far' })
    const { inpaint } = planSequence([...pictures, ...near, ...far])
    expect(inpaint).toEqual([16, 4, 72, 28, 16, 4])
  })
})

describe('the frames around a task', () => {
  const range = (first: number, end: number) =>
    Array.from({ length: end - first }, (_, index) => first + index)

  it.each([
    ['the first window', range(0, 24), 300, range(24, 49)],
    ['a window amid the video', range(48, 72), 300, [...range(24, 48), ...range(72, 97)]],
    ['the last window, cut short', range(288, 300), 300, range(264, 288)],
    ['a video of one window', range(0, 10), 10, []],
    [
      'what is left of a window',
      [50, 71],
      300,
      [...range(24, 50), ...range(51, 71), ...range(72, 97)],
    ],
    ['nothing', [], 300, []],
  ])('are all that its windows look at and no more: %s', (_case, asked, count, around) => {
    expect(listAround(asked, count)).toEqual(around)
  })
})
