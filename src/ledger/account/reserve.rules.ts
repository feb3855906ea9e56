import { createAmount, formatTokens, isTokenAmount } from '../amounts.ts'
import type { AccountState, Reservation, ReserveAnswer, ReserveCommand } from '../ledger.model.ts'
import {
  answerOnce,
  type Decision,
  noChanges,
  type OperationView,
  post,
  refuse,
  refuseAmount,
  type Stamp,
} from './ledger.rules.ts'

/**
 * Takes the amount out of the balance at once. A denied attempt is on record and moves nothing; it leaves its operation
 * id free, so that the same operation can be tried again after a recharge.
 */
export function decideReserve(
  view: OperationView,
  command: ReserveCommand,
  stamp: Stamp,
): Decision<ReserveAnswer> {
  const { operationId, operationType, amount, expiresAtMs = null } = command
  const content = ['reserve', operationType, amount, expiresAtMs] as const
  return answerOnce<ReserveAnswer>(view, operationId, content, () => {
    const { account } = view
    if (account.isClosed) return refuse({ ok: false, code: 'account.closed' })
    if (!isTokenAmount(amount) || amount <= 0) {
      return refuseAmount('A reservation must be of more than 0 tokens.')
    }
    if (amount > account.balance) return deny(account, command, stamp)
    return grant(account, command, stamp)
  })
}

function grant(before: AccountState, command: ReserveCommand, stamp: Stamp) {
  const { operationType, operationId, amount } = command
  const id = stamp.createId()
  const { account, entry } = post(
    before,
    {
      id,
      operationType,
      operationId,
      reservationId: id,
      amount: createAmount(-amount),
      status: 'pending',
      description: `Token reservation for ${operationType}: ${operationId}`,
    },
    stamp.nowMs,
  )
  const reservation: Reservation = {
    id,
    operationType,
    operationId,
    amount,
    expiresAtMs: command.expiresAtMs ?? null,
    ending: null,
  }
  const reserved = createAmount(account.reserved + amount)
  return {
    answer: { ok: true, reservationId: id, balance: account.balance, replayed: false } as const,
    changes: { ...noChanges, account: { ...account, reserved }, added: [entry], reservation },
  }
}

function deny(before: AccountState, command: ReserveCommand, stamp: Stamp) {
  const { operationType, operationId, amount: required } = command
  const { account, entry } = post(
    before,
    {
      id: stamp.createId(),
      operationType,
      operationId,
      reservationId: null,
      amount: createAmount(-required),
      status: 'aborted',
      description:
        `Token reservation for ${operationType}: ${operationId} - ` +
        `Denied: ${formatTokens(required)} tokens required, balance ${formatTokens(before.balance)} tokens`,
    },
    stamp.nowMs,
  )
  const shortfall = createAmount(required - before.balance)
  return {
    answer: {
      ok: false,
      code: 'tokens.insufficient',
      required,
      balance: before.balance,
      shortfall,
    } as const,
    changes: { ...noChanges, account, added: [entry] },
  }
}
