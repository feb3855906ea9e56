import type { ApiError } from '../shared/errors.ts'
import { idempotencyErrors } from './idempotency.errors.ts'
import type { IdempotencyKeyRow } from './idempotency-keys.table.ts'

/** How long a key is kept from its first use on. */
export const keptMs = 24 * 60 * 60_000

/** How long a request holds its key when its process says nothing more, and how often a living one makes that new. */
export const leaseMs = 60_000
export const leaseRenewalMs = 15_000

/** No request lives this long: one that hangs holds its key no longer. */
export const heldMsMax = 20 * 60_000

/** A longer answer is not kept: it is made again from what is there. */
export const answerCharactersMax = 256 * 1024

const keyCharactersMax = 255

/** What is visible in ASCII, without the two characters that a quoted text would have to escape. */
const bareKey = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/**
 * The key of a header: a word, or the same word in quotation marks, as structured fields write text (RFC 8941).
 * Throws `idempotency.key_invalid`.
 */
export function readKeyOrThrow(header: string): string {
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header
  if (key.length <= keyCharactersMax && bareKey.test(key)) return key
  throw idempotencyErrors.createError(
    'idempotency.key_invalid',
    `Idempotency-Key must be 1 to ${keyCharactersMax} visible ASCII characters without spaces, quotation marks and backslashes, ` +
      `such as a UUID. Received: ${header === '' ? 'nothing' : `${key.length} characters`}.`,
    { lengthMax: keyCharactersMax },
  )
}

/** The name under which a request's content is compared: a slash at the end says nothing. */
export function routeOf(method: string, path: string): string {
  return `${method} ${path.replace(/\/+$/, '')}`
}

export interface Claim {
  readonly owner: string
  readonly key: string
  readonly route: string
  /** Null where the content is known only once it was read to its end. */
  readonly fingerprint: string | null
  /** The subject's id, should this be the first run. */
  readonly subjectId: string
  readonly leaseId: string
  readonly nowMs: number
}

export type ClaimedRow = Pick<
  IdempotencyKeyRow,
  'route' | 'fingerprint' | 'subjectId' | 'leaseId' | 'status' | 'body'
>

export type Verdict =
  /** It is this request's; `isRepeat` where an earlier run may have taken effect. */
  | { readonly kind: 'run'; readonly isRepeat: boolean }
  | { readonly kind: 'replay' }
  | { readonly kind: 'reused' }
  | { readonly kind: 'in_flight' }

/** What a request is to do, from the row as it is after the request has tried to claim it. */
export function judge(row: ClaimedRow, claim: Claim): Verdict {
  if (row.leaseId === claim.leaseId) {
    return { kind: 'run', isRepeat: row.subjectId !== claim.subjectId }
  }
  const isOther =
    row.fingerprint !== null && claim.fingerprint !== null && row.fingerprint !== claim.fingerprint
  if (row.route !== claim.route || isOther) return { kind: 'reused' }
  return { kind: row.status === null ? 'in_flight' : 'replay' }
}

/**
 * Whether a run that ended with an error has certainly left nothing behind, so that its key is free for anything. It may
 * have where it broke off without a refusal, or where an earlier run came before it whose end nobody knows.
 */
export function leavesNothing(error: ApiError | null, run: { isRepeat: boolean }): boolean {
  if (error === null || error.status >= 500 || run.isRepeat) return false
  return !idempotencyErrors.has(error.code)
}
