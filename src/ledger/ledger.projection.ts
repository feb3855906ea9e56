import type { Database } from '../shared/database.ts'
import type { TokenAmount } from './amounts.ts'
import type { Entry } from './ledger.model.ts'

export interface Delivery {
  readonly userId: string
  /** The account's balance after the entry numbered `lastSequence`. */
  readonly balance: TokenAmount
  readonly lastSequence: number
  readonly entries: readonly Entry[]
  readonly nowMs: number
}

/** Where accounts tell what happened in them. Told twice or out of order, it keeps the newest. */
export interface LedgerProjection {
  /** Rejects when nothing of the delivery was stored. */
  deliver(delivery: Delivery): Promise<void>
}

/** Every entry comes in one parameter, so that a delivery is two statements however long it is. */
const insertEntries = `
  INSERT INTO token_transactions (
    id, user_id, sequence, operation_type, operation_id, reservation_id,
    amount, balance_before, balance_after, status, description, version, created_at
  )
  SELECT
    value ->> 'id', ?2, value ->> 'sequence', value ->> 'operationType', value ->> 'operationId',
    value ->> 'reservationId', value ->> 'amount', value ->> 'balanceBefore', value ->> 'balanceAfter',
    value ->> 'status', value ->> 'description', value ->> 'version', value ->> 'createdAt'
  FROM json_each(?1)
  WHERE true`

const upsertEntries = `${insertEntries}
  ON CONFLICT (id) DO UPDATE SET
    status = excluded.status, description = excluded.description, version = excluded.version
  WHERE excluded.version > token_transactions.version`

const upsertAccount = `
  INSERT INTO token_accounts (user_id, balance, version, updated_at) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (user_id) DO UPDATE SET
    balance = excluded.balance, version = excluded.version, updated_at = excluded.updated_at
  WHERE excluded.version > token_accounts.version`

/** A row that is as new as its entry, and says otherwise, was not written by a delivery. */
const overwriteEntries = `${insertEntries}
  ON CONFLICT (id) DO UPDATE SET
    user_id = excluded.user_id, sequence = excluded.sequence, operation_type = excluded.operation_type,
    operation_id = excluded.operation_id, reservation_id = excluded.reservation_id,
    amount = excluded.amount, balance_before = excluded.balance_before,
    balance_after = excluded.balance_after, status = excluded.status,
    description = excluded.description, version = excluded.version, created_at = excluded.created_at
  WHERE excluded.version >= token_transactions.version`

/** Writes entries as their account has them, whatever the projection says of them; one that is newer there stays. */
export async function overwriteEntriesOf(
  { raw }: Database,
  { userId, entries }: { userId: string; entries: readonly Entry[] },
): Promise<void> {
  await raw.prepare(overwriteEntries).bind(JSON.stringify(entries), userId).run()
}

/** Writes an account's balance down as the account has it; false when the row has changed since it was read. */
export async function overwriteAccount(
  { raw }: Database,
  account: {
    userId: string
    balance: TokenAmount
    version: number
    seenVersion: number | null
    nowMs: number
  },
): Promise<boolean> {
  const written = await raw
    .prepare(
      `INSERT INTO token_accounts (user_id, balance, version, updated_at) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT (user_id) DO UPDATE SET
         balance = excluded.balance, version = excluded.version, updated_at = excluded.updated_at
       WHERE token_accounts.version = ?5`,
    )
    .bind(account.userId, account.balance, account.version, account.nowMs, account.seenVersion)
    .run()
  return written.meta.changes === 1
}

export function createLedgerProjection(
  database: Pick<D1Database, 'prepare' | 'batch'>,
): LedgerProjection {
  return {
    async deliver({ userId, balance, lastSequence, entries, nowMs }) {
      await database.batch([
        database.prepare(upsertEntries).bind(JSON.stringify(entries), userId),
        database.prepare(upsertAccount).bind(userId, balance, lastSequence, nowMs),
      ])
    },
  }
}
