import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * The ledger's projection, for lists and administrators; the account object is the truth.
 * Amounts are thousandths of a token, negative where they leave the account.
 */
export const tokenTransactions = sqliteTable(
  'token_transactions',
  {
    /** The entry's id in the account object. */
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    /** The entry's place in its account, from 1. */
    sequence: integer('sequence').notNull(),
    operationType: text('operation_type', {
      enum: ['initial_grant', 'dataset_upload', 'inference', 'admin_recharge', 'refund'],
    }).notNull(),
    operationId: text('operation_id').notNull(),
    /** The reservation that the entry opens or refunds. */
    reservationId: text('reservation_id'),
    amount: integer('amount').notNull(),
    balanceBefore: integer('balance_before').notNull(),
    balanceAfter: integer('balance_after').notNull(),
    status: text('status', { enum: ['pending', 'completed', 'refunded', 'aborted'] }).notNull(),
    description: text('description').notNull(),
    /** Raised when the status changes, so that a late delivery never overwrites a newer one. */
    version: integer('version').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    index('token_transactions_by_time').on(table.createdAt, table.sequence, table.id),
    index('token_transactions_by_user').on(table.userId, table.createdAt),
    index('token_transactions_by_type').on(table.operationType, table.createdAt),
    index('token_transactions_by_status').on(table.status, table.createdAt),
    index('token_transactions_pending')
      .on(table.operationType, table.createdAt)
      .where(sql`status = 'pending'`),
  ],
)

/** The last balance that each account object has told, in thousandths of a token. */
export const tokenAccounts = sqliteTable('token_accounts', {
  userId: text('user_id').primaryKey(),
  balance: integer('balance').notNull(),
  version: integer('version').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export type TransactionRow = typeof tokenTransactions.$inferSelect
