import type { Entry, OutboxState } from '../ledger.model.ts'

/**
 * `outbox` names the entries that the projection does not have yet, with the version it lacks;
 * `delivery` counts the deliveries that have failed in a row.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS outbox (sequence INTEGER PRIMARY KEY, version INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS delivery (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    failures INTEGER NOT NULL
  );
  INSERT OR IGNORE INTO delivery VALUES (1, 0);
`

/** What still has to reach the projection. It refers to the entries, so that one that changed twice goes out once. */
export class TokenAccountOutbox {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  prepare(): void {
    this.#sql.exec(schema)
  }

  add({ sequence, version }: Entry): void {
    this.#sql.exec('INSERT OR REPLACE INTO outbox VALUES (?, ?)', sequence, version)
  }

  /** Oldest first. */
  list(limit: number): Entry[] {
    const query = `SELECT entries.* FROM outbox JOIN entries USING (sequence)
      ORDER BY outbox.sequence LIMIT ?`
    return [...this.#sql.exec(query, limit)].map(readEntry)
  }

  count(): number {
    return Number(this.#sql.exec('SELECT count(*) AS waiting FROM outbox').one().waiting)
  }

  isEmpty(): boolean {
    return [...this.#sql.exec('SELECT 1 FROM outbox LIMIT 1')].length === 0
  }

  describe(): OutboxState {
    const query = `SELECT count(*) AS waiting, min(created_at) AS oldest
      FROM outbox JOIN entries USING (sequence)`
    const { waiting, oldest } = this.#sql.exec(query).one()
    return {
      waiting: Number(waiting),
      oldestAtMs: oldest === null ? null : Number(oldest),
      failures: this.readFailures(),
    }
  }

  /** Of entries in a range of sequences, the ids of those that wait. */
  listWaiting(range: { first: number; last: number }): string[] {
    const query = `SELECT entries.id FROM outbox JOIN entries USING (sequence)
      WHERE outbox.sequence BETWEEN ? AND ?`
    return [...this.#sql.exec(query, range.first, range.last)].map((row) => String(row.id))
  }

  /** Takes delivered entries out, except those that have changed since. */
  forget(entries: readonly Entry[]): void {
    const delivered = JSON.stringify(entries.map(({ sequence, version }) => [sequence, version]))
    this.#sql.exec(
      `DELETE FROM outbox WHERE (sequence, version) IN
        (SELECT value ->> 0, value ->> 1 FROM json_each(?))`,
      delivered,
    )
  }

  readFailures(): number {
    return Number(this.#sql.exec('SELECT failures FROM delivery').one().failures)
  }

  writeFailures(count: number): void {
    this.#sql.exec('UPDATE delivery SET failures = ? WHERE failures <> ?', count, count)
  }
}

/** An entry as the account's table keeps it. */
export function readEntry(row: Record<string, SqlStorageValue>): Entry {
  return {
    id: row.id,
    sequence: row.sequence,
    operationType: row.operation_type,
    operationId: row.operation_id,
    reservationId: row.reservation_id,
    amount: row.amount,
    balanceBefore: row.balance_before,
    balanceAfter: row.balance_after,
    status: row.status,
    description: row.description,
    version: row.version,
    createdAt: row.created_at,
  } as Entry
}
