/** At most `requests` at once, coming back evenly over `windowSeconds`. */
export interface Quota {
  readonly requests: number
  readonly windowSeconds: number
}

/**
 * How much of a quota is used, as the one number that the generic cell rate algorithm keeps (ITU-T I.371): when all of it
 * will have come back, in milliseconds since the epoch. Zero for a scope that nothing is known of.
 */
export type FullAgainAtMs = number

export interface QuotaAnswer {
  readonly isGranted: boolean
  /** How many requests may follow at once. */
  readonly remaining: number
  /** Until all of the quota is back. */
  readonly fullInMs: number
  /** Until the next request may come; zero where one may. */
  readonly retryInMs: number
}

/** Takes one request from a quota, or tells when one may come. A refused request uses nothing, so that waiting always helps. */
export function takeFromQuota(
  quota: Quota,
  { fullAgainAtMs, nowMs }: { fullAgainAtMs: FullAgainAtMs; nowMs: number },
): { readonly answer: QuotaAnswer; readonly fullAgainAtMs: FullAgainAtMs } {
  const windowMs = quota.windowSeconds * 1000
  const costMs = windowMs / quota.requests
  // A clock that was set back, or a quota that was made smaller, owes nobody more than a window.
  const before = Math.min(Math.max(fullAgainAtMs, nowMs), nowMs + windowMs)
  const after = before + costMs
  const isGranted = after - nowMs <= windowMs
  const kept = isGranted ? after : before
  const freeMs = windowMs - (kept - nowMs)
  return {
    fullAgainAtMs: kept,
    answer: {
      isGranted,
      // The sum of many small parts misses a whole by a hair.
      remaining: Math.max(0, Math.floor(freeMs / costMs + 1e-6)),
      fullInMs: kept - nowMs,
      retryInMs: isGranted ? 0 : Math.max(1, costMs - freeMs),
    },
  }
}

/** Reads `30/60`: 30 requests in 60 seconds. Null for anything else. */
export function readQuota(text: string): Quota | null {
  const [, requests, windowSeconds] = /^([1-9]\d{0,6})\/([1-9]\d{0,5})$/.exec(text) ?? []
  if (requests === undefined || windowSeconds === undefined) return null
  return { requests: Number(requests), windowSeconds: Number(windowSeconds) }
}
