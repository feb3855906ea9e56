import {
  createAmount,
  formatTokens,
  isTokenAmount,
  type TokenAmount,
  zeroTokens,
} from './amounts.ts'
import type {
  AccountState,
  EndAnswer,
  Entry,
  ReleaseCommand,
  Reservation,
  ReservationEnding,
  ReserveAnswer,
  ReserveCommand,
  SettleCommand,
} from './ledger.model.ts'
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

export interface EndingView {
  readonly account: AccountState
  /** The reservation that the command names, and the entry that opened it. */
  readonly held: { readonly reservation: Reservation; readonly entry: Entry } | null
}

const operationFailed = 'Refunded due to operation failure'
const expired = 'Refunded because the reservation expired'

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

/** Pays what was spent and refunds the rest; to have spent nothing is to release. */
export function decideSettle(
  view: EndingView,
  command: SettleCommand,
  stamp: Stamp,
): Decision<EndAnswer> {
  const { reservationId, spent } = command
  if (spent === zeroTokens) return decideRelease(view, { reservationId }, stamp)
  return end(view, reservationId, { how: 'settled', spent, reason: null }, stamp)
}

/** Refunds everything. */
export function decideRelease(
  view: EndingView,
  command: ReleaseCommand,
  stamp: Stamp,
): Decision<EndAnswer> {
  const reason = command.reason ?? operationFailed
  return end(view, command.reservationId, { how: 'released', spent: zeroTokens, reason }, stamp)
}

/** Refunds everything, because nobody ended the reservation in time. */
export function decideExpiry(
  view: EndingView,
  reservationId: string,
  stamp: Stamp,
): Decision<EndAnswer> {
  const asked = { how: 'expired', spent: zeroTokens, reason: expired } as const
  return end(view, reservationId, asked, stamp)
}

/** How the caller wants the reservation to end. */
type Asked = Pick<ReservationEnding, 'how' | 'spent' | 'reason'>

/** A reservation ends once: asked again the same way it repeats its answer, asked another way it refuses. */
function end(
  view: EndingView,
  reservationId: string,
  asked: Asked,
  stamp: Stamp,
): Decision<EndAnswer> {
  if (view.held === null) return refuse({ ok: false, code: 'reservation.not_found', reservationId })
  const { reservation, entry: opening } = view.held
  if (reservation.ending !== null) return answerEnded(reservationId, reservation.ending, asked)
  const { spent } = asked
  if (!isTokenAmount(spent) || spent < 0 || spent > reservation.amount) {
    return refuseAmount('What was spent must be between 0 and what was reserved.')
  }
  const refunded = createAmount(reservation.amount - spent)
  const reserved = createAmount(view.account.reserved - reservation.amount)
  const before = { ...view.account, reserved }
  const refund = refunded > 0 ? postRefund(before, reservation, refunded, stamp) : null
  const account = refund?.account ?? before
  const ending = { ...asked, refunded, balance: account.balance }
  return {
    answer: { ok: true, balance: account.balance, spent, refunded, replayed: false },
    changes: {
      account,
      added: refund === null ? [] : [refund.entry],
      changed: [closeEntry(opening, asked)],
      reservation: { ...reservation, ending },
      operation: null,
    },
  }
}

function answerEnded(
  reservationId: string,
  { how, spent, refunded, reason, balance }: ReservationEnding,
  asked: Asked,
): Decision<EndAnswer> {
  if (spent === asked.spent && reason === asked.reason) {
    return { answer: { ok: true, balance, spent, refunded, replayed: true }, changes: null }
  }
  const code = 'reservation.already_ended'
  return refuse({ ok: false, code, reservationId, endedAs: how, spent, refunded })
}

function closeEntry(opening: Entry, { spent, reason }: Asked): Entry {
  return {
    ...opening,
    status: spent > 0 ? 'completed' : 'refunded',
    description: `${opening.description} - ${reason ?? 'Operation confirmed'}`,
    version: opening.version + 1,
  }
}

function postRefund(
  account: AccountState,
  reservation: Reservation,
  refunded: TokenAmount,
  stamp: Stamp,
) {
  return post(
    account,
    {
      id: stamp.createId(),
      operationType: 'refund',
      operationId: reservation.operationId,
      reservationId: reservation.id,
      amount: refunded,
      status: 'completed',
      description: `Token refund for ${reservation.operationType}: ${reservation.operationId}`,
    },
    stamp.nowMs,
  )
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
