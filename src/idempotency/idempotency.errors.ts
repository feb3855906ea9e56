import { defineErrors } from '../shared/errors.ts'

export const idempotencyErrors = defineErrors({
  'idempotency.key_invalid': 400,
  'idempotency.key_reused': 422,
  'idempotency.in_flight': 409,
})

export function createKeyReusedError() {
  return idempotencyErrors.createError(
    'idempotency.key_reused',
    'This Idempotency-Key was used for another request within the last 24 hours: another route or other content. ' +
      'Send the request as it was, or with a key of its own.',
  )
}

export function createInFlightError() {
  return idempotencyErrors.createError(
    'idempotency.in_flight',
    'The request with this Idempotency-Key is still being worked on. Send it again in some seconds to get its answer.',
  )
}
