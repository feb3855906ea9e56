import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAmount, formatTokens, tokenAmountMax } from '../../src/ledger/amounts.ts'

describe('an amount of tokens', () => {
  it.each([
    [0, 0],
    [0.65, 650],
    [0.001, 1],
    [10.5, 10_500],
    [2.75, 2_750],
    [-0.65, -650],
    [1_000_000, 1_000_000_000],
    [999_999_999_999.999, tokenAmountMax],
  ])('leaves the API as %d tokens when it is %d thousandths', (tokens, thousandths) => {
    expect(formatTokens(createAmount(thousandths))).toBe(tokens)
  })

  it.each([0.5, Number.NaN, tokenAmountMax + 1, -tokenAmountMax - 1])(
    'cannot be made of %d thousandths',
    (thousandths) => {
      expect(() => createAmount(thousandths)).toThrow(RangeError)
    },
  )

  it('is never minus zero', () => {
    expect(Object.is(createAmount(-0), 0)).toBe(true)
  })

  it('leaves the API as it was written, with at most three decimals', () => {
    const amounts = fc.integer({ min: -tokenAmountMax, max: tokenAmountMax })
    fc.assert(
      fc.property(amounts, (thousandths) => {
        const tokens = formatTokens(createAmount(thousandths))
        expect(String(tokens)).toMatch(/^-?\d+(\.\d{1,3})?$/)
        expect(Math.round(tokens * 1000)).toBe(thousandths)
      }),
      { numRuns: 2_000 },
    )
  })
})
