import { type ApiError, defineErrors } from '../shared/errors.ts'
import { secondsOf, type TakenQuota } from './headers.rules.ts'

export const rateLimitErrors = defineErrors({
  'rate_limit.exceeded': {
    status: 429,
    meaning:
      'More requests of this kind came from your network address, or for your account, than are let through. `limit` names the limit, and `requests` in `windowSeconds` is its size; the request was not looked at any further.',
    remedy:
      'Wait `retryAfterSeconds` (the header `Retry-After` says the same) and send the request again. The header `RateLimit` of each answer of such a route tells how many are left, so that a program can slow down before it is refused. Nothing was charged.',
  },
})

/** `retryAfterSeconds` becomes the header `Retry-After`. */
export function createExceededError({ name, quota, answer }: TakenQuota): ApiError {
  const { requests, windowSeconds } = quota
  const retryAfterSeconds = secondsOf(answer.retryInMs)
  return rateLimitErrors.createError(
    'rate_limit.exceeded',
    `Too many requests: the limit '${name}' is ${requests} in ${windowSeconds} seconds. Try again in ${retryAfterSeconds} seconds.`,
    { limit: name, requests, windowSeconds, retryAfterSeconds },
  )
}
