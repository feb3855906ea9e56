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
const upsertEntries = `
  INSERT INTO token_transactions (
    id, user_id, sequence, operation_type, operation_id, reservation_id,
    amount, balance_before, balance_after, status, description, version, created_at
  )
  SELECT
    value ->> 'id', ?2, value ->> 'sequence', value ->> 'operationType', value ->> 'operationId',
    value ->> 'reservationId', value ->> 'amount', value ->> 'balanceBefore', value ->> 'balanceAfter',
    value ->> 'status', value ->> 'description', value ->> 'version', value ->> 'createdAt'
  FROM json_each(?1)
  WHERE true
  ON CONFLICT (id) DO UPDATE SET
    status = excluded.status, description = excluded.description, version = excluded.version
  WHERE excluded.version > token_transactions.version`

const upsertAccount = `
  INSERT INTO token_accounts (user_id, balance, version, updated_at) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (user_id) DO UPDATE SET
    balance = excluded.balance, version = excluded.version, updated_at = excluded.updated_at
  WHERE excluded.version > token_accounts.version`

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
