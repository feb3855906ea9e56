import { z } from '@hono/zod-openapi'
import { describeHeader } from '../shared/route-declaration.ts'
import { bodyRefusals } from '../shared/validation.ts'
import { idempotencyErrors } from './idempotency.errors.ts'

/** What a route that answers once may refuse: where there is a key, any body is read for its fingerprint. */
export const idempotencyRefusals = [...idempotencyErrors.all, ...bodyRefusals]

/** The header of every route that creates or charges, as it is documented; idempotency.rules.ts reads it. */
export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .optional()
    .openapi({
      minLength: 1,
      maxLength: 255,
      description:
        'A name for this request, such as a UUID that is made for it. Sent again with the same name within 24 hours, it takes effect once and is ' +
        'answered as the first time, with `Idempotency-Replayed: true`',
    }),
})

/** The header of the answers of such a route. */
export const replayedHeader = {
  'Idempotency-Replayed': describeHeader(
    '`true` where the request was sent before, and this tells what came of it then',
  ),
}
