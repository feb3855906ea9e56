import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOfPart, planParts } from '../../../src/datasets/file-uploads/file-uploads.rules.ts'

const mebibyte = 1024 * 1024

describe('the parts of a file', () => {
  it.each([
    [1, 8, 1],
    [8 * mebibyte, 8, 1],
    [8 * mebibyte + 1, 8, 2],
    [8000 * mebibyte, 8, 1000],
    [8000 * mebibyte + 1, 9, 889],
    [5_000_000_000, 8, 597],
    [90_000 * mebibyte, 90, 1000],
    [900_000 * mebibyte, 90, 10_000],
  ])('%d bytes go in parts of %d MiB, %d of them', (bytes, partMebibytes, partCount) => {
    expect(planParts(bytes)).toEqual({ partBytes: partMebibytes * mebibyte, partCount })
  })

  it('make up the whole file, each within what networks and R2 let through', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900_000 * mebibyte }), (bytes) => {
        const plan = { bytes, ...planParts(bytes) }
        const last = bytesOfPart(plan, plan.partCount)
        expect((plan.partCount - 1) * plan.partBytes + last).toBe(bytes)
        expect(last).toBeGreaterThan(0)
        expect(last).toBeLessThanOrEqual(plan.partBytes)
        expect(plan.partBytes).toBeLessThanOrEqual(95_000_000)
        expect(plan.partBytes).toBeGreaterThanOrEqual(5 * mebibyte)
        expect(plan.partCount).toBeLessThanOrEqual(10_000)
      }),
    )
  })
})
