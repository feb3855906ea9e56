import { formatTime } from '../shared/clock.ts'
import { createAmount, formatTokens } from './amounts.ts'
import type { TransactionRow } from './ledger.table.ts'

type TransactionFacts = Pick<
  TransactionRow,
  | 'id'
  | 'operationType'
  | 'operationId'
  | 'amount'
  | 'balanceBefore'
  | 'balanceAfter'
  | 'status'
  | 'description'
  | 'createdAt'
>

/** A ledger entry, from the account itself or from the projection, with its amounts as numbers of tokens. */
export function formatTransactionForApi(entry: TransactionFacts) {
  return {
    id: entry.id,
    operationType: entry.operationType,
    operationId: entry.operationId,
    amount: formatTokens(createAmount(entry.amount)),
    balanceBefore: formatTokens(createAmount(entry.balanceBefore)),
    balanceAfter: formatTokens(createAmount(entry.balanceAfter)),
    status: entry.status,
    description: entry.description,
    createdAt: formatTime(entry.createdAt),
  }
}
