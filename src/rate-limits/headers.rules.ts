import type { Quota, QuotaAnswer } from './quotas.rules.ts'

/** A quota under its name, and what it answered. */
export interface TakenQuota {
  readonly name: string
  readonly quota: Quota
  readonly answer: QuotaAnswer
}

/** The `RateLimit-Policy` field (draft-ietf-httpapi-ratelimit-headers-10): what each quota allows. */
export function formatPolicies(taken: readonly TakenQuota[]): string {
  return taken
    .map(({ name, quota }) => `"${name}";q=${quota.requests};w=${quota.windowSeconds}`)
    .join(', ')
}

/** The `RateLimit` field: how many requests of each quota are left, and in how many seconds there will be more. */
export function formatStates(taken: readonly TakenQuota[]): string {
  return taken
    .map(({ name, answer }) => `"${name}";r=${answer.remaining};t=${secondsUntilMore(answer)}`)
    .join(', ')
}

/** Of the quotas that refused, the one that takes longest to allow another request; null where none did. */
export function findLongestRefusal(taken: readonly TakenQuota[]): TakenQuota | null {
  const refused = taken.filter(({ answer }) => !answer.isGranted)
  return refused.sort((a, b) => b.answer.retryInMs - a.answer.retryInMs)[0] ?? null
}

/** For `Retry-After`: whole seconds, and never none. */
export function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}

function secondsUntilMore({ isGranted, retryInMs, fullInMs }: QuotaAnswer): number {
  return isGranted ? Math.ceil(fullInMs / 1000) : secondsOf(retryInMs)
}
