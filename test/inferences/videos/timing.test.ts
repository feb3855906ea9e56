import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { timeStretch } from '../../../src/inferences/videos/timing.rules.ts'

const frames = (...times: number[]) => times.map((pts, frameIndex) => ({ frameIndex, pts }))

describe('the times of a result video', () => {
  it("are the source's own where every frame was taken, however uneven", () => {
    const video = { fps: 'source', timeBase: '1/15360', endPts: 2600 }
    expect(timeStretch(video, frames(512, 1024, 2048), null)).toEqual({
      timeBase: '1/15360',
      pts: [512, 1024, 2048],
      endPts: 2600,
    })
    const next = { frameIndex: 3, pts: 2300 }
    expect(timeStretch(video, frames(512, 1024, 2048), next).endPts).toBe(2300)
  })

  it('end after the last frame, even where the source says that it ended before', () => {
    const video = { fps: 'source', timeBase: '1/600', endPts: 40 }
    expect(timeStretch(video, frames(0, 40), null).endPts).toBe(41)
  })

  it.each([
    ['1', '1/1000', 1000],
    ['0.5', '1/1000', 2000],
    ['25', '1/1000', 40],
    ['29.97', '1/2997', 100],
    ['23.976', '1/2997', 125],
    ['0.1', '1/1000', 10_000],
  ])('sampled at %s a second are even, in whole ticks', (fps, timeBase, step) => {
    const video = { fps, timeBase: '1/15360', endPts: 99_999 }
    expect(timeStretch(video, frames(7, 900, 1000), null)).toEqual({
      timeBase,
      pts: [0, step, 2 * step],
      endPts: 3 * step,
    })
  })

  it('go on from stretch to stretch without a gap, and last as long as their frames', () => {
    const rate = fc.integer({ min: 1, max: 120_000 }).map((thousandths) => thousandths / 1000)
    const both = fc.tuple(rate, fc.integer({ min: 1, max: 5000 }))
    fc.assert(
      fc.property(both, ([fps, frameIndex]) => {
        const video = { fps: String(fps), timeBase: '1/600', endPts: 1 }
        const next = { frameIndex, pts: 0 }
        const before = timeStretch(video, [{ frameIndex: frameIndex - 1, pts: 0 }], next)
        const after = timeStretch(video, [next], null)
        expect(after.pts).toEqual([before.endPts])
        const seconds = after.endPts / Number(after.timeBase.slice(2))
        expect(seconds * fps).toBeCloseTo(frameIndex + 1, 6)
        for (const tick of [...after.pts, after.endPts])
          expect(Number.isSafeInteger(tick)).toBe(true)
      }),
    )
  })

  it.each(['0', '-1', 'NaN', '', 'fast'])("are refused at a rate of '%s'", (fps) => {
    const video = { fps, timeBase: '1/600', endPts: 1 }
    expect(() => timeStretch(video, frames(0), null)).toThrow(RangeError)
  })
})
