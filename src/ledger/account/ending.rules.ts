import { createAmount, isTokenAmount, type TokenAmount, zeroTokens } from '../amounts.ts'
import type {
  AccountState,
  EndAnswer,
  Entry,
  ReleaseCommand,
  Reservation,
  ReservationEnding,
  SettleCommand,
} from '../ledger.model.ts'
import { type Decision, post, refuse, refuseAmount, type Stamp } from './ledger.rules.ts'

export interface EndingView {
  readonly account: AccountState
  /** The reservation that the command names, and the entry that opened it. */
  readonly held: { readonly reservation: Reservation; readonly entry: Entry } | null
}

const operationFailed = 'Refunded due to operation failure'
const expired = 'Refunded because the reservation expired'

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
