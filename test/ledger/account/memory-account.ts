import {
  decideExpiry,
  decideRelease,
  decideSettle,
} from '../../../src/ledger/account/ending.rules.ts'
import {
  type Changes,
  type Decision,
  decideClose,
  decideCredit,
  decideOpen,
} from '../../../src/ledger/account/ledger.rules.ts'
import { decideReserve } from '../../../src/ledger/account/reserve.rules.ts'
import { createAmount, type TokenAmount, zeroTokens } from '../../../src/ledger/amounts.ts'
import type {
  AccountState,
  CloseCommand,
  CreditCommand,
  Entry,
  RecordedOperation,
  ReleaseCommand,
  Reservation,
  ReserveCommand,
  SettleCommand,
} from '../../../src/ledger/ledger.model.ts'

const emptyAccount: AccountState = {
  balance: zeroTokens,
  reserved: zeroTokens,
  lastSequence: 0,
  isOpened: false,
  isClosed: false,
}

/** An account in plain memory, for the rules alone: it keeps what they decide and nothing else. */
export class MemoryAccount {
  account: AccountState = emptyAccount
  readonly entries: Entry[] = []
  readonly operations = new Map<string, RecordedOperation>()
  readonly reservations = new Map<string, Reservation>()
  nowMs = 1_000
  #ids = 0

  open = (command: CreditCommand) =>
    this.#keep(decideOpen(this.#viewOf(command), command, this.#stamp()))
  credit = (command: CreditCommand) =>
    this.#keep(decideCredit(this.#viewOf(command), command, this.#stamp()))
  reserve = (command: ReserveCommand) =>
    this.#keep(decideReserve(this.#viewOf(command), command, this.#stamp()))
  settle = (command: SettleCommand) =>
    this.#keep(decideSettle(this.#endingOf(command), command, this.#stamp()))
  release = (command: ReleaseCommand) =>
    this.#keep(decideRelease(this.#endingOf(command), command, this.#stamp()))
  close = (command: CloseCommand) => this.#keep(decideClose(this.#viewOf(command), command))
  expire = (reservationId: string) =>
    this.#keep(decideExpiry(this.#endingOf({ reservationId }), reservationId, this.#stamp()))

  get balance(): TokenAmount {
    return this.account.balance
  }

  #viewOf({ operationId }: { operationId: string }) {
    return { account: this.account, operation: this.operations.get(operationId) ?? null }
  }

  #endingOf({ reservationId }: { reservationId: string }) {
    const reservation = this.reservations.get(reservationId)
    const entry = this.entries.find(({ id }) => id === reservationId)
    return { account: this.account, held: reservation && entry ? { reservation, entry } : null }
  }

  #stamp() {
    return { nowMs: this.nowMs, createId: () => `id-${++this.#ids}` }
  }

  #keep<Answer>({ answer, changes }: Decision<Answer>): Answer {
    if (changes !== null) this.#apply(changes)
    return answer
  }

  /** Throws where a decision would rewrite the past. */
  #apply(changes: Changes): void {
    this.account = changes.account
    for (const entry of changes.added) {
      if (entry.sequence !== this.entries.length + 1) throw new Error('An entry left a gap.')
      this.entries.push(entry)
    }
    for (const entry of changes.changed) {
      const before = this.entries[entry.sequence - 1]
      const { status, description, version } = entry
      if (before === undefined || version !== before.version + 1)
        throw new Error('A version jumped.')
      if (JSON.stringify(entry) !== JSON.stringify({ ...before, status, description, version })) {
        throw new Error('More than the outcome of an entry was changed.')
      }
      this.entries[entry.sequence - 1] = entry
    }
    const { reservation, operation } = changes
    if (reservation !== null) this.reservations.set(reservation.id, reservation)
    if (operation !== null) this.operations.set(operation.operationId, operation)
  }
}

/** What an account's balance must be by its entries alone. */
export function sumOfMovingEntries(entries: readonly Entry[]): number {
  return entries
    .filter(({ status }) => status !== 'aborted')
    .reduce((sum, { amount }) => sum + amount, 0)
}

/** A grant of one token. */
export const grant = {
  operationId: 'open',
  amount: createAmount(1_000),
  description: 'Initial grant',
}
export const upload = {
  operationId: 'upload-1',
  operationType: 'dataset_upload',
  amount: createAmount(650),
} satisfies ReserveCommand

export function createAccount() {
  const account = new MemoryAccount()
  account.open(grant)
  return account
}

export function createReserved() {
  const account = createAccount()
  const answer = account.reserve(upload)
  if (!answer.ok) throw new Error('The reservation was refused.')
  return { account, reservationId: answer.reservationId }
}
