import type { TokenAmount } from '../amounts.ts'
import type {
  AccountState,
  Entry,
  RecordedOperation,
  Reservation,
  ReservationEnding,
} from '../ledger.model.ts'
import type { EndingView } from './ending.rules.ts'
import type { Changes } from './ledger.rules.ts'

import { readEntry, type TokenAccountOutbox } from './token-account.outbox.ts'

type Row = Record<string, SqlStorageValue>

const schema = `
  CREATE TABLE IF NOT EXISTS account (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    user_id TEXT NOT NULL,
    balance INTEGER NOT NULL DEFAULT 0 CHECK (balance >= 0),
    reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    last_sequence INTEGER NOT NULL DEFAULT 0,
    is_opened INTEGER NOT NULL DEFAULT 0,
    is_closed INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE IF NOT EXISTS entries (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    operation_type TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    reservation_id TEXT,
    amount INTEGER NOT NULL,
    balance_before INTEGER NOT NULL,
    balance_after INTEGER NOT NULL,
    status TEXT NOT NULL,
    description TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS reservations (
    id TEXT PRIMARY KEY,
    operation_type TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    amount INTEGER NOT NULL,
    expires_at INTEGER,
    ending TEXT
  );
  CREATE INDEX IF NOT EXISTS reservations_to_expire ON reservations (expires_at)
    WHERE ending IS NULL AND expires_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS operations (
    operation_id TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL
  );
`

/** The account's tables in the object's own storage. Every call is synchronous, so none lets another request in. */
export class TokenAccountStore {
  readonly #sql: SqlStorage
  readonly #outbox: TokenAccountOutbox

  constructor(sql: SqlStorage, outbox: TokenAccountOutbox) {
    this.#sql = sql
    this.#outbox = outbox
  }

  /** Creates what is missing. The account's row remembers whose it is, because an alarm comes without the name. */
  prepare(userId: string | undefined): void {
    this.#sql.exec(schema)
    if (userId === undefined) return
    this.#sql.exec('INSERT OR IGNORE INTO account (one, user_id) VALUES (1, ?)', userId)
  }

  readUserId(): string {
    return String(this.#sql.exec('SELECT user_id FROM account').one().user_id)
  }

  readAccount(): AccountState {
    const row = this.#sql
      .exec('SELECT balance, reserved, last_sequence, is_opened, is_closed FROM account')
      .one()
    return {
      balance: row.balance,
      reserved: row.reserved,
      lastSequence: row.last_sequence,
      isOpened: row.is_opened === 1,
      isClosed: row.is_closed === 1,
    } as AccountState
  }

  findOperation(operationId: string): RecordedOperation | null {
    const query = 'SELECT fingerprint, answer FROM operations WHERE operation_id = ?'
    const [row] = this.#sql.exec(query, operationId)
    if (row === undefined) return null
    return {
      operationId,
      fingerprint: String(row.fingerprint),
      answer: JSON.parse(String(row.answer)),
    }
  }

  findReservation(reservationId: string): Reservation | null {
    const [row] = this.#sql.exec('SELECT * FROM reservations WHERE id = ?', reservationId)
    return row === undefined ? null : readReservation(row)
  }

  findHeld(reservationId: string): EndingView['held'] {
    const reservation = this.findReservation(reservationId)
    const [row] = this.#sql.exec('SELECT * FROM entries WHERE id = ?', reservationId)
    if (reservation === null || row === undefined) return null
    return { reservation, entry: readEntry(row) }
  }

  /** Ids of pending reservations whose time is over, the oldest first. */
  listExpired(nowMs: number, limit: number): string[] {
    const query = `SELECT id FROM reservations WHERE ending IS NULL AND expires_at <= ?
      ORDER BY expires_at LIMIT ?`
    return [...this.#sql.exec(query, nowMs, limit)].map((row) => String(row.id))
  }

  /** When the next pending reservation expires, in milliseconds since the epoch. */
  findNextExpiry(): number | null {
    const query = `SELECT expires_at FROM reservations WHERE ending IS NULL AND expires_at IS NOT NULL
      ORDER BY expires_at LIMIT 1`
    const [row] = this.#sql.exec(query)
    return row === undefined ? null : Number(row.expires_at)
  }

  /** Newest first. */
  listEntries(limit: number): Entry[] {
    const query = 'SELECT * FROM entries ORDER BY sequence DESC LIMIT ?'
    return [...this.#sql.exec(query, limit)].map(readEntry)
  }

  /** Oldest first, from the one after that sequence on. */
  listEntriesAfter(query: { sequence: number; limit: number }): Entry[] {
    const sql = 'SELECT * FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ?'
    return [...this.#sql.exec(sql, query.sequence, query.limit)].map(readEntry)
  }

  /** The reservations that entries in a range of sequences opened. */
  listReservations(range: { first: number; last: number }): Reservation[] {
    const query = `SELECT reservations.* FROM entries JOIN reservations ON reservations.id = entries.id
      WHERE entries.sequence BETWEEN ? AND ?`
    return [...this.#sql.exec(query, range.first, range.last)].map(readReservation)
  }

  sumPending(): TokenAmount {
    const query =
      'SELECT coalesce(sum(amount), 0) AS pending FROM reservations WHERE ending IS NULL'
    return this.#sql.exec(query).one().pending as TokenAmount
  }

  /** Writes a decision. To be called in one transaction with what the decision was taken from. */
  apply(changes: Changes): void {
    this.#writeAccount(changes.account)
    for (const entry of changes.added) this.#addEntry(entry)
    for (const entry of changes.changed) this.#changeEntry(entry)
    if (changes.reservation !== null) this.#writeReservation(changes.reservation)
    if (changes.operation !== null) this.#addOperation(changes.operation)
  }

  #writeAccount(account: AccountState): void {
    this.#sql.exec(
      `UPDATE account SET balance = ?, reserved = ?, last_sequence = ?, is_opened = ?, is_closed = ?`,
      account.balance,
      account.reserved,
      account.lastSequence,
      Number(account.isOpened),
      Number(account.isClosed),
    )
  }

  #addEntry(entry: Entry): void {
    this.#sql.exec(
      'INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      entry.sequence,
      entry.id,
      entry.operationType,
      entry.operationId,
      entry.reservationId,
      entry.amount,
      entry.balanceBefore,
      entry.balanceAfter,
      entry.status,
      entry.description,
      entry.version,
      entry.createdAt,
    )
    this.#outbox.add(entry)
  }

  #changeEntry(entry: Entry): void {
    this.#sql.exec(
      'UPDATE entries SET status = ?, description = ?, version = ? WHERE sequence = ?',
      entry.status,
      entry.description,
      entry.version,
      entry.sequence,
    )
    this.#outbox.add(entry)
  }

  #writeReservation({ id, operationType, operationId, amount, ...rest }: Reservation): void {
    const ending = rest.ending === null ? null : JSON.stringify(rest.ending)
    this.#sql.exec(
      'INSERT OR REPLACE INTO reservations VALUES (?, ?, ?, ?, ?, ?)',
      id,
      operationType,
      operationId,
      amount,
      rest.expiresAtMs,
      ending,
    )
  }

  #addOperation({ operationId, fingerprint, answer }: RecordedOperation): void {
    const text = JSON.stringify(answer)
    this.#sql.exec('INSERT INTO operations VALUES (?, ?, ?)', operationId, fingerprint, text)
  }
}

function readReservation(row: Row): Reservation {
  const ending = row.ending === null ? null : (JSON.parse(String(row.ending)) as ReservationEnding)
  return {
    id: row.id,
    operationType: row.operation_type,
    operationId: row.operation_id,
    amount: row.amount,
    expiresAtMs: row.expires_at,
    ending,
  } as Reservation
}
