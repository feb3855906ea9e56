import { type ApiError, defineErrors } from '../shared/errors.ts'
import { secondsOf, type TakenQuota } from './headers.rules.ts'

export const rateLimitErrors = defineErrors({ 'rate_limit.exceeded': 429 })

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
