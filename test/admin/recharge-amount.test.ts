import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRechargeAmount } from '../../src/admin/recharge-amount.rules.ts'

const letters =
  'Amount can only contain numbers and a single decimal point. Letters, commas, and other characters are not allowed'
const decimals = 'Amount cannot have more than 2 decimal places'
const tooLarge = 'Amount too large. Maximum allowed is 1000000 tokens'
const notPositive = 'Amount must be greater than 0'
const required = 'Amount is required'

describe('the amount of a recharge', () => {
  it.each<[unknown, number]>([
    [200, 200_000],
    ['10.5', 10_500],
    [' 5 ', 5000],
    ['5', 5000],
    [0.01, 10],
    ['0.01', 10],
    ['007', 7000],
    [0.29, 290],
    [1.15, 1150],
    [1_000_000, 1_000_000_000],
    ['1000000.00', 1_000_000_000],
    [1e3, 1_000_000],
    [`${'0'.repeat(50)}1`, 1000],
  ])('%j is %i thousandths', (value, thousandths) => {
    expect(parseRechargeAmount(value)).toEqual({ ok: true, amount: thousandths })
  })

  it.each<[unknown, string]>([
    [undefined, required],
    [null, required],
    ['', required],
    ['   ', required],
    [-5, letters],
    ['-5', letters],
    ['+5', letters],
    ['1e3', letters],
    ['1,000', letters],
    ['1,5', letters],
    ['1.2.3', letters],
    ['.5', letters],
    ['5.', letters],
    ['.', letters],
    ['0x10', letters],
    ['1_000', letters],
    ['١٢', letters],
    ['5\n5', letters],
    ['NaN', letters],
    ['Infinity', letters],
    [Number.NaN, letters],
    [Number.POSITIVE_INFINITY, letters],
    [JSON.parse('1e309'), letters],
    [1e21, letters],
    [1e-7, letters],
    [true, letters],
    [[5], letters],
    [{ valueOf: 5 }, letters],
    [1.234, decimals],
    ['1.230', decimals],
    ['0.001', decimals],
    [0.1 + 0.2, decimals],
    [0, notPositive],
    [-0, notPositive],
    ['0', notPositive],
    ['0.00', notPositive],
    [1_000_001, tooLarge],
    ['1000000.01', tooLarge],
    ['12345678901234567', tooLarge],
    [JSON.parse('12345678901234567'), tooLarge],
    ['9'.repeat(500), tooLarge],
  ])('%j is refused: %s', (value, problem) => {
    expect(parseRechargeAmount(value)).toEqual({ ok: false, problem })
  })

  it('comes through exactly, as a number and as text, for every cent up to the maximum', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000_000 }), (cents) => {
        const expected = { ok: true, amount: cents * 10 }
        const text = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
        expect(parseRechargeAmount(text)).toEqual(expected)
        expect(parseRechargeAmount(cents / 100)).toEqual(expected)
      }),
    )
  })

  it('is never accepted as anything but what was written, and never above the maximum', () => {
    const anything = fc.oneof(fc.double(), fc.string(), fc.float().map(String), fc.jsonValue())
    fc.assert(
      fc.property(anything, (value) => {
        const parsed = parseRechargeAmount(value)
        if (!parsed.ok) return
        expect(parsed.amount).toBeGreaterThan(0)
        expect(parsed.amount).toBeLessThanOrEqual(1_000_000_000)
        expect(parsed.amount / 1000).toBe(Number(value))
      }),
      { numRuns: 1000 },
    )
  })

  it('is refused at once even when it is a megabyte of zeros', () => {
    expect(parseRechargeAmount(`${'0'.repeat(1_000_000)}x`)).toEqual({
      ok: false,
      problem: letters,
    })
  })
})
