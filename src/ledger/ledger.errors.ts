import { type ApiError, defineErrors } from '../shared/errors.ts'
import { formatTokens, zeroTokens } from './amounts.ts'
import type { InsufficientRefusal, Refusal } from './ledger.model.ts'

export const ledgerErrors = defineErrors({
  'tokens.insufficient': {
    status: 401,
    meaning:
      'Your balance does not cover what the request costs. `required` is its price, `balance` what you have and `shortfall` what is missing, all in tokens. The status is 401, as in the original API, though your access token is right.',
    remedy:
      'Ask an administrator to recharge your account with at least `shortfall` tokens (`POST /api/admin/user-tokens`), then send the request again; or send less: fewer pictures, a lower `fps`. `GET /api/users/tokens` tells your balance and the prices. Nothing was charged, and nothing was stored.',
  },
  'tokens.amount_invalid': {
    status: 400,
    meaning:
      'The amount cannot be booked: it is not more than 0, or the account would hold more than the most that one can (999999999999.999 tokens). `message` says which.',
    remedy:
      'Send a smaller amount, greater than 0. Nothing was booked; sending the same again is refused again.',
  },
  'tokens.account_closed': {
    status: 409,
    meaning:
      'The token account was closed because its user was deleted. It takes no more recharges and no new work; what was running is still paid or refunded.',
    remedy:
      'Use an account that exists: a deleted one does not come back, not even when somebody registers its e-mail address again. Nothing was booked and nothing was charged.',
  },
  'tokens.account_already_open': {
    status: 409,
    meaning:
      'The token account has been given its initial tokens before, under another operation; everybody gets them once.',
    remedy:
      'There is nothing to do: the account is open. `GET /api/users/tokens` tells its balance. Nothing was booked twice.',
  },
  'tokens.operation_conflict': {
    status: 409,
    meaning:
      'A booking with this operation id was carried out before, with another amount or another purpose; `operationId` is that id. The same id stands for the same booking always, so that this one was refused.',
    remedy:
      'Send the request under a new `Idempotency-Key`, or without one. If it stays, tell whoever runs the API the `X-Request-Id` of the answer. Nothing was booked by this request.',
  },
  'tokens.reservation_not_found': {
    status: 404,
    meaning:
      'The tokens that were set aside for a piece of work are not on record with this account; `reservationId` is what was looked for.',
    remedy:
      'Look at the work itself: `GET /api/inferences/:id` or `GET /api/datasets/uploads/:uploadId` tells whether it ended. Tell whoever runs the API the `X-Request-Id` of the answer; a daily comparison of the books finds what does not fit. Nothing was booked by this request.',
  },
  'tokens.reservation_already_ended': {
    status: 409,
    meaning:
      'The tokens that were set aside for a piece of work have been paid or refunded before, in another way than now. `endedAs` says which, `spent` and `refunded` how many tokens went where, `reservationId` what it is about.',
    remedy:
      'There is nothing to send again: what was booked first stays. `GET /api/users/tokens` shows the entries. Nothing was booked by this request.',
  },
  'tokens.unavailable': {
    status: 503,
    meaning:
      'The token account did not answer after several tries, so that the price could not be reserved, or the balance not be told. No token is lost.',
    remedy:
      'Wait as many seconds as the header `Retry-After` says (2) and send the request again; a POST with the same `Idempotency-Key`, so that it takes effect once. What did not take effect is not charged.',
  },
})

const zeroBalanceMessage =
  'Your current token balance is 0 tokens. You need tokens to perform this operation. ' +
  'Please contact an administrator to recharge your account.'

/** The typed error of each refusal that an account gives. Every refusal has one, or this does not compile. */
export function createRefusalError(refusal: Refusal | InsufficientRefusal): ApiError {
  switch (refusal.code) {
    case 'tokens.insufficient':
      return createInsufficientError(refusal)
    case 'amount.invalid':
      return ledgerErrors.createError('tokens.amount_invalid', refusal.problem)
    case 'account.closed':
      return ledgerErrors.createError(
        'tokens.account_closed',
        'This token account was closed when its user was deleted: it takes no more recharges and no more work.',
      )
    case 'account.already_open':
      return ledgerErrors.createError(
        'tokens.account_already_open',
        'This token account was given its initial tokens before; everybody gets them once.',
      )
    case 'operation.conflict':
      return ledgerErrors.createError(
        'tokens.operation_conflict',
        `The operation ${refusal.operationId} was carried out before with other content. Use another operation id.`,
        { operationId: refusal.operationId },
      )
    case 'reservation.not_found':
      return ledgerErrors.createError(
        'tokens.reservation_not_found',
        `This account has no reservation ${refusal.reservationId}.`,
        { reservationId: refusal.reservationId },
      )
    case 'reservation.already_ended':
      return ledgerErrors.createError(
        'tokens.reservation_already_ended',
        `The reservation ${refusal.reservationId} was ${refusal.endedAs} before: ` +
          `${formatTokens(refusal.spent)} tokens spent, ${formatTokens(refusal.refunded)} refunded.`,
        {
          reservationId: refusal.reservationId,
          endedAs: refusal.endedAs,
          spent: formatTokens(refusal.spent),
          refunded: formatTokens(refusal.refunded),
        },
      )
  }
}

/** `tokens.insufficient` (401), in the words of the original API and with its figures as numbers of tokens. */
function createInsufficientError(refusal: Omit<InsufficientRefusal, 'ok' | 'code'>): ApiError {
  const details = {
    required: formatTokens(refusal.required),
    balance: formatTokens(refusal.balance),
    shortfall: formatTokens(refusal.shortfall),
  }
  const message =
    refusal.balance === zeroTokens
      ? zeroBalanceMessage
      : `Insufficient tokens. Required: ${details.required} tokens, ` +
        `Current balance: ${details.balance} tokens, Shortfall: ${details.shortfall} tokens`
  return ledgerErrors.createError('tokens.insufficient', message, details)
}
