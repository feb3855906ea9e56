import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scopeOfAddress } from '../../src/rate-limits/address.rules.ts'
import { readQuota, takeFromQuota } from '../../src/rate-limits/quotas.rules.ts'

const quota = { requests: 5, windowSeconds: 10 }

/** Takes at each of these times; tells which were granted. */
function takeAt(timesMs: readonly number[], of = quota): boolean[] {
  let fullAgainAtMs = 0
  return timesMs.map((nowMs) => {
    const taken = takeFromQuota(of, { fullAgainAtMs, nowMs })
    fullAgainAtMs = taken.fullAgainAtMs
    return taken.answer.isGranted
  })
}

describe('a quota', () => {
  it('is there at once, and no more than it', () => {
    expect(takeAt([1000, 1000, 1000, 1000, 1000, 1000])).toEqual([
      ...Array.from({ length: 5 }, () => true),
      false,
    ])
  })

  it('counts down to none', () => {
    let fullAgainAtMs = 0
    const remaining = Array.from({ length: 6 }, () => {
      const taken = takeFromQuota(quota, { fullAgainAtMs, nowMs: 1000 })
      fullAgainAtMs = taken.fullAgainAtMs
      return taken.answer.remaining
    })
    expect(remaining).toEqual([4, 3, 2, 1, 0, 0])
  })

  it('comes back evenly: one request each fifth of the window', () => {
    const used = takeFromQuota(quota, { fullAgainAtMs: 11_000, nowMs: 1000 })
    expect(used.answer).toEqual({
      isGranted: false,
      remaining: 0,
      fullInMs: 10_000,
      retryInMs: 2000,
    })
    expect(takeAt([0, 0, 0, 0, 0, 1999, 2000, 2000, 3999, 4000])).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      true,
      false,
      false,
      true,
    ])
  })

  it('is not used by what it refuses', () => {
    const hammering = Array.from({ length: 1000 }, (_, index) => 1 + index)
    expect(takeAt([0, 0, 0, 0, 0, ...hammering, 2000]).at(-1)).toBe(true)
  })

  it('grants over any time no more than its burst and what came back meanwhile', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 300 }),
        fc.integer({ min: 1, max: 20 }),
        (pauses, requests) => {
          const of = { requests, windowSeconds: 10 }
          let nowMs = 0
          const times = pauses.map((pause) => {
            nowMs += pause
            return nowMs
          })
          const granted = takeAt(times, of)
          const count = granted.filter(Boolean).length
          expect(count).toBeLessThanOrEqual(requests + Math.ceil((nowMs * requests) / 10_000))
        },
      ),
    )
  })

  it('lets whoever waits as long as it was told in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 7200 }),
        (requests, windowSeconds) => {
          const of = { requests, windowSeconds }
          let fullAgainAtMs = 0
          for (let index = 0; index < requests; index += 1) {
            fullAgainAtMs = takeFromQuota(of, { fullAgainAtMs, nowMs: 5 }).fullAgainAtMs
          }
          const refused = takeFromQuota(of, { fullAgainAtMs, nowMs: 6 })
          if (refused.answer.isGranted) return
          const later = 6 + Math.ceil(refused.answer.retryInMs)
          expect(takeFromQuota(of, { fullAgainAtMs, nowMs: later }).answer.isGranted).toBe(true)
        },
      ),
    )
  })

  it('holds nobody to more than a window when a clock was ahead', () => {
    const { answer } = takeFromQuota(quota, { fullAgainAtMs: 9e12, nowMs: 1000 })
    expect(answer.retryInMs).toBe(2000)
  })

  it.each(['', '5', '0/60', '5/0', '-1/60', '5/60/1', '1e3/60', ' 5/60', '5.5/60'])(
    'is not read from %j',
    (text) => expect(readQuota(text)).toBeNull(),
  )

  it('is read from requests and seconds', () => {
    expect(readQuota('30/60')).toEqual({ requests: 30, windowSeconds: 60 })
  })
})

describe('what counts as one address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    [' 203.0.113.7 ', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    [undefined, 'unknown'],
    ['', 'unknown'],
    ['localhost', 'unknown'],
    ['1:2:3', 'unknown'],
    ['1::2::3', 'unknown'],
    ['1:2:3:4:5:6:7:8:9', 'unknown'],
    ['2001:db8::zz', 'unknown'],
    ["'; DROP TABLE users", 'unknown'],
  ])('of %j is %j', (address, scope) => {
    expect(scopeOfAddress(address)).toBe(scope)
  })
})
