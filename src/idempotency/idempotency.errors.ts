import { defineErrors } from '../shared/errors.ts'

export const idempotencyErrors = defineErrors({
  'idempotency.key_invalid': {
    status: 400,
    meaning:
      'The header `Idempotency-Key` holds what is no key: it must be 1 to 255 visible ASCII characters, without spaces, quotation marks and backslashes. `lengthMax` is the longest that a key may be.',
    remedy:
      'Use a fresh UUID for each new request, and the same one only when you send that request again. Nothing took effect and nothing was charged.',
  },
  'idempotency.key_reused': {
    status: 422,
    meaning:
      'Within the last 24 hours you sent another request under this `Idempotency-Key`: to another route, or with other content. A key stands for one request, so that this one was not carried out.',
    remedy:
      'For a new request choose a new key, such as a fresh UUID. To get the answer of the first request again, send it exactly as it was, body and files included. This request charged nothing.',
  },
  'idempotency.in_flight': {
    status: 409,
    meaning:
      'A request with this `Idempotency-Key` is being worked on at this moment, or broke off within the last minute. Which of the two will end it is not decided yet.',
    remedy:
      'Wait as many seconds as the header `Retry-After` says (2) and send the same request with the same key again: it answers what the first one made. Do not take another key, or the work may be done and charged twice.',
  },
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
