import { type ApiError, defineErrors } from '../shared/errors.ts'
import { formatTokens, zeroTokens } from './amounts.ts'
import type { InsufficientRefusal, Refusal } from './ledger.model.ts'

export const ledgerErrors = defineErrors({
  'tokens.insufficient': 401,
  'tokens.amount_invalid': 400,
  'tokens.account_closed': 409,
  'tokens.account_already_open': 409,
  'tokens.operation_conflict': 409,
  'tokens.reservation_not_found': 404,
  'tokens.reservation_already_ended': 409,
  'tokens.unavailable': 503,
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
        'This token account is closed: it takes no more recharges and reservations.',
      )
    case 'account.already_open':
      return ledgerErrors.createError(
        'tokens.account_already_open',
        'This token account has its initial grant already.',
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
