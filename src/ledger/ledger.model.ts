import type { TokenAmount } from './amounts.ts'
import type { TransactionRow } from './ledger.table.ts'

export type OperationType = TransactionRow['operationType']

/** What tokens can be reserved for. */
export type ReservableOperation = Extract<OperationType, 'dataset_upload' | 'inference'>

/** A line of an account's ledger. Added once; only a reservation's `status`, `description` and `version` change later. */
export interface Entry {
  readonly id: string
  /** The entry's place in its account, from 1 without gaps. */
  readonly sequence: number
  readonly operationType: OperationType
  readonly operationId: string
  readonly reservationId: string | null
  readonly amount: TokenAmount
  readonly balanceBefore: TokenAmount
  readonly balanceAfter: TokenAmount
  readonly status: TransactionRow['status']
  readonly description: string
  readonly version: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

export interface AccountState {
  /** What can be spent: the sum of the moving entries, never below 0. */
  readonly balance: TokenAmount
  /** The sum of the reservations that are pending; it may come back. */
  readonly reserved: TokenAmount
  /** The sequence of the newest entry, 0 when there is none. */
  readonly lastSequence: number
  readonly isOpened: boolean
  readonly isClosed: boolean
}

/**
 * pending  -> settled   what was spent is paid, the rest refunded
 *          -> released  everything is refunded
 *          -> expired   released by the alarm, because nobody ended it in time
 */
export type EndedAs = 'settled' | 'released' | 'expired'

export interface Reservation {
  /** The id of the entry that opened it. */
  readonly id: string
  readonly operationType: ReservableOperation
  readonly operationId: string
  readonly amount: TokenAmount
  /** Milliseconds since the epoch; null when it ends only by being settled or released. */
  readonly expiresAtMs: number | null
  /** Null while it is pending. */
  readonly ending: ReservationEnding | null
}

export interface ReservationEnding {
  readonly how: EndedAs
  readonly spent: TokenAmount
  readonly refunded: TokenAmount
  /** Why everything was refunded; null when something was spent. */
  readonly reason: string | null
  /** The balance right after the end. */
  readonly balance: TokenAmount
}

/** The first answer to an operation id, and what was asked then. */
export interface RecordedOperation {
  readonly operationId: string
  readonly fingerprint: string
  readonly answer: unknown
}

export interface CreditCommand {
  readonly operationId: string
  readonly amount: TokenAmount
  readonly description: string
}

export interface ReserveCommand {
  readonly operationId: string
  readonly operationType: ReservableOperation
  readonly amount: TokenAmount
  readonly expiresAtMs?: number
}

export interface SettleCommand {
  readonly reservationId: string
  readonly spent: TokenAmount
}

export interface ReleaseCommand {
  readonly reservationId: string
  readonly reason?: string
}

export interface CloseCommand {
  readonly operationId: string
}

export type Refusal =
  | { readonly ok: false; readonly code: 'account.closed' }
  | { readonly ok: false; readonly code: 'account.already_open' }
  | { readonly ok: false; readonly code: 'amount.invalid'; readonly problem: string }
  | { readonly ok: false; readonly code: 'operation.conflict'; readonly operationId: string }
  | { readonly ok: false; readonly code: 'reservation.not_found'; readonly reservationId: string }
  | {
      readonly ok: false
      readonly code: 'reservation.already_ended'
      readonly reservationId: string
      readonly endedAs: EndedAs
      readonly spent: TokenAmount
      readonly refunded: TokenAmount
    }

export interface InsufficientRefusal {
  readonly ok: false
  readonly code: 'tokens.insufficient'
  readonly required: TokenAmount
  readonly balance: TokenAmount
  readonly shortfall: TokenAmount
}

/** A success carries the balance right after its operation; a replay repeats the first answer. */
interface Success {
  readonly ok: true
  readonly balance: TokenAmount
  readonly replayed: boolean
}

export type CreditAnswer = (Success & { readonly entryId: string }) | Refusal
export type OpenAnswer = CreditAnswer
export type ReserveAnswer =
  | (Success & { readonly reservationId: string })
  | InsufficientRefusal
  | Refusal
export type EndAnswer =
  | (Success & { readonly spent: TokenAmount; readonly refunded: TokenAmount })
  | Refusal
export type CloseAnswer = Success | Refusal

export interface Statement {
  readonly balance: TokenAmount
  /** Newest first. */
  readonly entries: readonly Entry[]
}

/** `waiting` counts the entries that the projection still lacks; they are retried by alarm. */
export type FlushAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: 'projection.unavailable'; readonly waiting: number }

/** What still has to reach the projection. */
export interface OutboxState {
  readonly waiting: number
  /** When the oldest entry that waits was made, in milliseconds since the epoch; null when none waits. */
  readonly oldestAtMs: number | null
  /** Deliveries that have failed in a row. */
  readonly failures: number
}

/** An account's own books, a page of entries at a time, all read in one moment. */
export interface AccountInspection {
  readonly account: AccountState
  /** The sum of the reservations that have not ended. */
  readonly pendingAmount: TokenAmount
  /** Oldest first. */
  readonly entries: readonly Entry[]
  /** Of the entries that opened a reservation: how it ended, null while it is pending. */
  readonly endings: Readonly<Record<string, ReservationEnding | null>>
  /** The ids of those entries whose newest version the outbox still holds. */
  readonly undelivered: readonly string[]
}
