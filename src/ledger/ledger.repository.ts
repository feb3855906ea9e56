import { and, count, desc, eq, lt, not, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../shared/database.ts'
import { offsetOf, type PageRequest } from '../shared/pagination.ts'
import { createAmount, type TokenAmount } from './amounts.ts'
import type { ReservableOperation } from './ledger.model.ts'
import { type TransactionRow, tokenAccounts, tokenTransactions } from './ledger.table.ts'

/*
 * What the projection tells: some moments behind the accounts, and never the ground for a decision about tokens.
 */

export interface TransactionFilter {
  readonly userId?: string | undefined
  readonly operationType?: TransactionRow['operationType'] | undefined
  readonly status?: TransactionRow['status'] | undefined
}

/** Entries of one moment keep the order that their account gave them. */
const newestFirst = [
  desc(tokenTransactions.createdAt),
  desc(tokenTransactions.sequence),
  desc(tokenTransactions.id),
]

/** One page, newest first, and how many there are in all. */
export async function listTransactions(
  { query }: Database,
  filter: TransactionFilter,
  page: PageRequest,
): Promise<{ readonly transactions: TransactionRow[]; readonly total: number }> {
  const condition = createCondition(filter)
  const [transactions, [counted]] = await query.batch([
    query
      .select()
      .from(tokenTransactions)
      .where(condition)
      .orderBy(...newestFirst)
      .limit(page.limit)
      .offset(offsetOf(page)),
    query.select({ total: count() }).from(tokenTransactions).where(condition),
  ])
  return { transactions, total: counted?.total ?? 0 }
}

export interface PendingReservation {
  readonly reservationId: string
  readonly userId: string
  readonly operationId: string
  readonly amount: TokenAmount
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** For the sweep: reservations from before a time that nobody has ended yet, oldest first. */
export async function listPendingReservations(
  { query }: Database,
  wanted: {
    readonly operationType: ReservableOperation
    readonly createdBeforeMs: number
    readonly limit: number
    /** Leaves out those of which it holds: a condition on `operation_id`. */
    readonly unless?: SQL
  },
): Promise<PendingReservation[]> {
  const rows = await query
    .select()
    .from(tokenTransactions)
    .where(
      and(
        // In the words of the partial index, which a bound parameter would not match.
        sql`status = 'pending'`,
        eq(tokenTransactions.operationType, wanted.operationType),
        lt(tokenTransactions.createdAt, wanted.createdBeforeMs),
        wanted.unless && not(wanted.unless),
      ),
    )
    .orderBy(tokenTransactions.createdAt)
    .limit(wanted.limit)
  return rows.map((row) => ({
    reservationId: row.reservationId ?? row.id,
    userId: row.userId,
    operationId: row.operationId,
    amount: createAmount(-row.amount),
    createdAt: row.createdAt,
  }))
}

/** The reservation of an operation that nobody has ended yet, as far as the projection knows. */
export async function findPendingReservation(
  { query }: Database,
  wanted: {
    readonly userId: string
    readonly operationType: ReservableOperation
    readonly operationId: string
  },
): Promise<Omit<PendingReservation, 'amount' | 'createdAt'> | null> {
  const row = await query
    .select()
    .from(tokenTransactions)
    .where(
      and(
        sql`status = 'pending'`,
        eq(tokenTransactions.operationType, wanted.operationType),
        eq(tokenTransactions.operationId, wanted.operationId),
        eq(tokenTransactions.userId, wanted.userId),
      ),
    )
    .get()
  if (row === undefined) return null
  const { id, userId, operationId } = row
  return { reservationId: row.reservationId ?? id, userId, operationId }
}

/** The last balance that each of these accounts has told; an account that has told none is missing. */
export async function findProjectedBalances(
  { query }: Database,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, TokenAmount>> {
  const rows = await query
    .select({ userId: tokenAccounts.userId, balance: tokenAccounts.balance })
    .from(tokenAccounts)
    .where(
      sql`${tokenAccounts.userId} IN (SELECT value FROM json_each(${JSON.stringify(userIds)}))`,
    )
  return new Map(rows.map(({ userId, balance }) => [userId, createAmount(balance)]))
}

function createCondition({ userId, operationType, status }: TransactionFilter): SQL | undefined {
  return and(
    userId === undefined ? undefined : eq(tokenTransactions.userId, userId),
    operationType === undefined ? undefined : eq(tokenTransactions.operationType, operationType),
    status === undefined ? undefined : eq(tokenTransactions.status, status),
  )
}
