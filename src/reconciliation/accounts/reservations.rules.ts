import { createAmount, formatTokens, type TokenAmount } from '../../ledger/amounts.ts'
import type { ReservableOperation, ReservationEnding } from '../../ledger/ledger.model.ts'
import type { Finding } from '../findings.rules.ts'

/** A reservation as its account has it. */
export interface HeldReservation {
  readonly id: string
  readonly userId: string
  readonly operationType: ReservableOperation
  readonly operationId: string
  readonly createdAt: number
  readonly ending: ReservationEnding | null
}

/** The inference or the upload that a reservation is for, as D1 has it. */
export interface PaidWork {
  readonly id: string
  readonly userId: string
  /** What it costs, in thousandths of a token; null while an inference runs. */
  readonly spent: number | null
  /** When it ended; null while it runs. */
  readonly endedAt: number | null
  /** Whether it is written down that the reservation has ended. */
  readonly isSettled: boolean
}

export type ReservationVerdict =
  | { readonly kind: 'right' }
  | { readonly kind: 'settle'; readonly spent: TokenAmount }
  | { readonly kind: 'wrong'; readonly finding: Finding }

const hourMs = 60 * 60_000
/** The sweep pays for ended work within minutes. */
const unpaidMsMax = hourMs
/** What never became anything is given back by the sweep, or expires, within a day. */
const unusedMsMax = 25 * hourMs

const right: ReservationVerdict = { kind: 'right' }

/**
 * Whether a reservation ended as its work says. Open ones of work that runs are right; one that its work calls settled
 * is settled again, which repeats what should have happened.
 */
export function judgeReservation(
  reservation: HeldReservation,
  work: PaidWork | null,
  nowMs: number,
): ReservationVerdict {
  const { ending } = reservation
  if (work !== null && work.userId !== reservation.userId) {
    return wrong(
      reservation,
      'reservation.ended_otherwise',
      `belongs to work of user ${work.userId}`,
    )
  }
  if (ending === null) return judgeOpen(reservation, work, nowMs)
  if (work === null) {
    if (ending.spent === 0) return right
    const message = `was settled for ${formatTokens(ending.spent)} tokens, and what they paid for is not on record`
    return wrong(reservation, 'reservation.paid_for_nothing', message)
  }
  if (work.endedAt === null) {
    return wrong(
      reservation,
      'reservation.ended_otherwise',
      `was ${ending.how} while its work goes on`,
    )
  }
  const cost = createAmount(work.spent ?? 0)
  if (cost === ending.spent) return right
  const message =
    `was ${ending.how} for ${formatTokens(ending.spent)} tokens, ` +
    `and its work costs ${formatTokens(cost)}`
  return wrong(reservation, 'reservation.ended_otherwise', message)
}

function judgeOpen(
  reservation: HeldReservation,
  work: PaidWork | null,
  nowMs: number,
): ReservationVerdict {
  if (work === null) {
    if (nowMs - reservation.createdAt < unusedMsMax) return right
    return wrong(
      reservation,
      'reservation.open',
      'is open for more than a day and pays for nothing',
    )
  }
  if (work.endedAt === null) return right
  if (work.isSettled) return { kind: 'settle', spent: createAmount(work.spent ?? 0) }
  if (nowMs - work.endedAt < unpaidMsMax) return right
  return wrong(
    reservation,
    'reservation.open',
    'is open for more than an hour after its work ended',
  )
}

function wrong(
  { id, userId, operationId }: HeldReservation,
  code: Finding['code'],
  what: string,
): ReservationVerdict {
  const message = `The reservation ${id} of ${operationId} (user ${userId}) ${what}.`
  return { kind: 'wrong', finding: { code, repaired: false, count: 1, ids: [id], message } }
}
