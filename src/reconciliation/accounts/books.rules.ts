import { formatTokens, type TokenAmount } from '../../ledger/amounts.ts'
import type { AccountInspection, Entry } from '../../ledger/ledger.model.ts'
import type { TransactionRow } from '../../ledger/ledger.table.ts'
import type { Finding } from '../findings.rules.ts'

/** What is wrong with an account's own books, as far as they were read. */
export interface BooksView {
  readonly userId: string
  readonly inspection: AccountInspection
  /** The sum and the sequence of the entries before this page. */
  readonly before: { readonly sum: number; readonly sequence: number }
}

/** The sum of the entries up to the end of a page, in thousandths of a token. Denied attempts move nothing. */
export function sumAfter({ inspection, before }: BooksView): number {
  return inspection.entries
    .filter(({ status }) => status !== 'aborted')
    .reduce((sum, { amount }) => sum + amount, before.sum)
}

/** Whether the page is an account's last. */
export function isLastPage({ entries, account }: AccountInspection): boolean {
  return (entries.at(-1)?.sequence ?? account.lastSequence) >= account.lastSequence
}

/**
 * Entries are numbered without gaps, each takes the balance on from the one before, and the balance is their sum. What
 * is not so cannot be repaired from anywhere: the account is the truth.
 */
export function checkBooks(view: BooksView): Finding[] {
  const { userId, inspection, before } = view
  const { account, entries, pendingAmount } = inspection
  const problems: string[] = []
  let { sum, sequence } = before
  for (const entry of entries) {
    const moved = entry.status === 'aborted' ? 0 : entry.amount
    if (entry.sequence !== sequence + 1) {
      problems.push(`the entry after ${sequence} is ${entry.sequence}`)
    }
    if (entry.balanceBefore !== sum || entry.balanceAfter !== sum + moved) {
      problems.push(
        `the entry ${entry.sequence} goes from ${tokens(entry.balanceBefore)} to ` +
          `${tokens(entry.balanceAfter)} where the entries add up to ${tokens(sum)} and ${tokens(sum + moved)}`,
      )
    }
    sum += moved
    sequence = entry.sequence
  }
  if (isLastPage(inspection)) {
    if (account.balance !== sum) {
      problems.push(
        `the balance is ${tokens(account.balance)} and the entries add up to ${tokens(sum)}`,
      )
    }
    if (account.reserved !== pendingAmount) {
      problems.push(
        `${tokens(account.reserved)} are held and the open reservations are ${tokens(pendingAmount)}`,
      )
    }
  }
  const [first] = problems
  if (first === undefined) return []
  return [
    {
      code: 'account.books_wrong',
      repaired: false,
      count: problems.length,
      ids: [userId],
      message: `The account's own books do not add up: ${first}.`,
    },
  ]
}

export type ProjectedEntry = Pick<TransactionRow, 'id' | 'userId'> & Entry

/** The entries that the projection lacks, has an old version of, or tells otherwise; not those on their way to it. */
export function findWrongEntries(
  userId: string,
  { entries, undelivered }: Pick<AccountInspection, 'entries' | 'undelivered'>,
  projected: readonly ProjectedEntry[],
): Entry[] {
  const rows = new Map(projected.map((row) => [row.id, row]))
  const waiting = new Set(undelivered)
  return entries.filter((entry) => {
    const row = rows.get(entry.id)
    if (row !== undefined && row.version > entry.version) return false
    if (row === undefined || row.version < entry.version) return !waiting.has(entry.id)
    return row.userId !== userId || fields.some((field) => row[field] !== entry[field])
  })
}

const fields = [
  'sequence',
  'operationType',
  'operationId',
  'reservationId',
  'amount',
  'balanceBefore',
  'balanceAfter',
  'status',
  'description',
  'createdAt',
] as const satisfies readonly (keyof Entry)[]

function tokens(amount: number): number {
  return formatTokens(amount as TokenAmount)
}
