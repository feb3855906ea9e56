import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  hasEnded,
  jobStatusOf,
  progressOf,
  retryDelaySeconds,
  taskLeaseMs,
  taskLeaseRenewalMs,
} from '../../src/inferences/inferences.lifecycle.ts'
import { paceOf } from '../../src/inferences/pace.rules.ts'
import { planTasks } from '../../src/inferences/plan-tasks.ts'

const telea = paceOf({ id: 'telea', milliseconds: null })
const patchmatch = paceOf({ id: 'patchmatch', milliseconds: null })

const items = fc.array(
  fc.record({
    pixels: fc.integer({ min: 1, max: 64_000_000 }),
    hole: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 300 },
)

describe('planning tasks', () => {
  it('covers every item once, in order, in tasks of 1 to 16 items', () => {
    fc.assert(
      fc.property(items, fc.constantFrom(telea, patchmatch), (sizes, pace) => {
        const planned = sizes.map(({ pixels, hole }, position) => ({
          position,
          videoId: null,
          pts: null,
          pixels,
          holePixels: Math.floor(pixels * hole),
        }))
        const tasks = planTasks(planned, pace)
        const covered = tasks.flatMap((task) =>
          Array.from({ length: task.itemCount }, (_, index) => task.firstPosition + index),
        )
        expect(covered).toEqual(planned.map((item) => item.position))
        for (const task of tasks) expect(task.itemCount).toBeLessThanOrEqual(16)
      }),
    )
  })

  it('puts many quick items into one task, and a slow one into its own', () => {
    const quick = Array.from({ length: 100 }, (_, position) => ({
      position,
      videoId: null,
      pts: null,
      pixels: 147_456,
      holePixels: 4000,
    }))
    expect(planTasks(quick, telea)).toHaveLength(7)
    const slow = quick.map((item) => ({ ...item, pixels: 12_000_000, holePixels: 400_000 }))
    expect(planTasks(slow, patchmatch)).toHaveLength(100)
  })
})

describe('planning for a model', () => {
  const scratches = Array.from({ length: 64 }, (_, position) => ({
    position,
    videoId: null,
    pts: null,
    pixels: 250_000,
    holePixels: 500,
  }))
  const sizesWith = (id: string | null, milliseconds: number | null) =>
    planTasks(scratches, paceOf({ id, milliseconds })).map((task) => task.itemCount)

  it.each([
    ['a built-in one, as measured before', 'patchmatch', null, 16],
    ['a learned one on a GPU', 'lama', 40, 16],
    ['a learned one on a processor: however small a hole, a crop is worked on', 'lama', 2500, 7],
    ['one that takes longer than a task', 'lama', 3_600_000, 1],
    ['one that nobody knows: no task of a minute', null, null, 8],
    ['one that nobody has measured', 'migan', null, 8],
    ['one named as what every object has', 'constructor', null, 8],
  ])('cuts tasks of some 20 seconds for %s', (_case, id, milliseconds, itemCount) => {
    expect(sizesWith(id, milliseconds)[0]).toBe(itemCount)
  })

  it('believes a measurement of a built-in model within a factor of four', () => {
    const { secondsPerHolePixel: usual } = patchmatch
    const measured = (milliseconds: number) =>
      paceOf({ id: 'patchmatch', milliseconds }).secondsPerHolePixel
    expect(measured(410)).toBeCloseTo(2 * usual, 5)
    expect(measured(60_000)).toBe(4 * usual)
    expect(measured(0)).toBe(usual / 4)
  })
})

describe('planning videos', () => {
  const runs = fc.array(
    fc.record({ isVideo: fc.boolean(), count: fc.integer({ min: 1, max: 700 }) }),
    { maxLength: 6 },
  )
  const plan = (shape: readonly { isVideo: boolean; count: number }[]) => {
    const videos = shape.flatMap(({ isVideo, count }, index) =>
      Array.from({ length: count }, () => (isVideo ? `video ${index}` : null)),
    )
    const planned = videos.map((videoId, position) => ({
      position,
      videoId,
      pts: null,
      pixels: 10_000,
      holePixels: 100,
    }))
    return { videos, tasks: planTasks(planned, telea) }
  }
  const positionsOf = (task: { firstPosition: number; itemCount: number }) =>
    Array.from({ length: task.itemCount }, (_, index) => task.firstPosition + index)

  it('inpaints every item once, and never frames of two stretches in one task', () => {
    fc.assert(
      fc.property(runs, (shape) => {
        const { videos, tasks } = plan(shape)
        const inpaint = tasks.filter((task) => task.kind === 'inpaint')
        expect(inpaint.flatMap(positionsOf)).toEqual(videos.map((_, position) => position))
        const stretches = tasks.filter((task) => task.kind === 'encode')
        const stretchOf = (position: number) =>
          stretches.find((task) => positionsOf(task).includes(position))
        for (const task of inpaint) {
          const [first = 0] = positionsOf(task)
          expect(new Set(positionsOf(task).map(stretchOf))).toEqual(new Set([stretchOf(first)]))
        }
      }),
      { numRuns: 20 },
    )
  })

  it.each([
    ['1280x720', 1280 * 720, 240],
    ['1920x1080', 1920 * 1080, 106],
    ['3840x2160', 3840 * 2160, 32],
    ['8000x8000', 64_000_000, 32],
  ])(
    'encodes frames of %s in stretches that take as long as other tasks',
    (_size, pixels, most) => {
      const frames = Array.from({ length: 500 }, (_, position) => ({
        position,
        videoId: 'video',
        pts: null,
        pixels,
        holePixels: 100,
      }))
      const encode = planTasks(frames, telea).filter((task) => task.kind === 'encode')
      expect(encode[0]?.itemCount).toBe(most)
      expect(encode.reduce((total, task) => total + task.itemCount, 0)).toBe(500)
    },
  )

  it('encodes every frame once, in stretches of at most 240, and assembles each video once', () => {
    fc.assert(
      fc.property(runs, (shape) => {
        const { videos, tasks } = plan(shape)
        const frames = [...videos.keys()].filter((position) => videos[position] !== null)
        const encode = tasks.filter((task) => task.kind === 'encode')
        expect(encode.flatMap(positionsOf)).toEqual(frames)
        for (const task of encode) expect(task.itemCount).toBeLessThanOrEqual(240)
        const assemble = tasks.filter((task) => task.kind === 'assemble')
        expect(assemble.flatMap(positionsOf)).toEqual(frames)
        for (const task of [...encode, ...assemble]) {
          const of = new Set(positionsOf(task).map((position) => videos[position]))
          expect(of).toEqual(new Set([task.videoId]))
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('progress', () => {
  it('is 100 only when the inference has ended, and counts failures as done', () => {
    const of = (
      state: 'RUNNING' | 'COMPLETED' | 'PENDING',
      succeededCount: number,
      failedCount: number,
    ) => progressOf({ state, itemCount: 200, succeededCount, failedCount })
    expect(of('PENDING', 0, 0)).toBe(0)
    expect(of('RUNNING', 50, 50)).toBe(50)
    expect(of('RUNNING', 200, 0)).toBe(99)
    expect(of('COMPLETED', 150, 50)).toBe(100)
  })
})

describe("the words of the original's queue", () => {
  it.each([
    ['PENDING', 'waiting', false],
    ['RUNNING', 'active', false],
    ['COMPLETED', 'completed', true],
    ['FAILED', 'failed', true],
    ['ABORTED', 'failed', true],
  ] as const)('%s is %s', (state, word, ended) => {
    expect([jobStatusOf(state), hasEnded(state)]).toEqual([word, ended])
  })
})

describe('running again', () => {
  it('waits 2 s at first, twice as long each time, and at most a minute', () => {
    expect([1, 2, 3, 4, 5, 6, 12].map(retryDelaySeconds)).toEqual([2, 4, 8, 16, 32, 60, 60])
  })

  it('renews a lease several times before it is over', () => {
    expect(taskLeaseMs).toBeGreaterThanOrEqual(3 * taskLeaseRenewalMs)
  })
})
