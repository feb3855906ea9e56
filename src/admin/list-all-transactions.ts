import { formatTransactionForApi } from '../ledger/ledger.format.ts'
import {
  findProjectedBalances,
  listTransactions,
  type TransactionFilter,
} from '../ledger/ledger.repository.ts'
import { type TransactionRow, tokenTransactions } from '../ledger/ledger.table.ts'
import type { Database } from '../shared/database.ts'
import { formatPage, type PageRequest } from '../shared/pagination.ts'
import { findUsersByIds } from '../users/users.repository.ts'
import { countBy, formatPersonForApi, withoutAbsent } from './admin.format.ts'

/**
 * A page of everybody's transactions, newest first, each with its user as they are now: a fixed number of queries.
 * The summary counts what is on the page.
 */
export async function listAllTransactions(
  database: Database,
  { filters, page }: { filters: TransactionFilter; page: PageRequest },
) {
  const { transactions, total } = await listTransactions(database, filters, page)
  const userIds = [...new Set(transactions.map((transaction) => transaction.userId))]
  const [people, balances] = await Promise.all([
    findUsersByIds(database, userIds),
    findProjectedBalances(database, userIds),
  ])
  return {
    transactions: transactions.map((transaction) => {
      const person = people.get(transaction.userId)
      const balance = balances.get(transaction.userId) ?? null
      return {
        ...formatTransactionForApi(transaction),
        user: person === undefined ? null : formatPersonForApi(person, balance),
      }
    }),
    pagination: formatPage(page, total),
    filters: withoutAbsent(filters),
    summary: summarize(transactions),
  }
}

function summarize(transactions: readonly TransactionRow[]) {
  const { status, operationType } = tokenTransactions
  return {
    totalTransactions: transactions.length,
    statusBreakdown: {
      ...zeros(status.enumValues),
      ...countBy(transactions.map((transaction) => transaction.status)),
    },
    operationBreakdown: {
      ...zeros(operationType.enumValues),
      ...countBy(transactions.map((transaction) => transaction.operationType)),
    },
  }
}

function zeros<Key extends string>(keys: readonly Key[]) {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<Key, number>
}
