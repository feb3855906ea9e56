import { uploadIdOf } from '../../datasets/uploads/uploads.rules.ts'
import { inferenceOperationId } from '../../inferences/launch-inference.ts'
import { formatTokens, type TokenAmount } from '../../ledger/amounts.ts'
import type { LedgerClient } from '../../ledger/ledger.client.ts'
import type { AccountInspection, AccountState, Entry } from '../../ledger/ledger.model.ts'
import { overwriteAccount, overwriteEntriesOf } from '../../ledger/ledger.projection.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../shared/database.ts'
import { type Finding, findingOf, withoutNull } from '../findings.rules.ts'
import type { AccountCursor } from '../reconciliations.lifecycle.ts'
import * as repository from './accounts.repository.ts'
import { checkBooks, findWrongEntries, isLastPage, sumAfter } from './books.rules.ts'
import { type HeldReservation, judgeReservation } from './reservations.rules.ts'

export interface CheckAccountContext {
  readonly database: Database
  readonly ledger: Pick<LedgerClient, 'inspect' | 'outbox' | 'flush' | 'settle'>
  readonly clock: Clock
}

const entriesAtOnce = 500
const unknownMax = 100
/** An entry that is delivered this late is one that is not delivered. */
const deliveryMsMax = 5 * 60_000
/** A registration opens its account at once, and the sweep what a crash left. */
const openingMsMax = 60 * 60_000

/** Where the account goes on; null after its last page. */
export interface AccountPage {
  readonly findings: readonly Finding[]
  readonly next: AccountCursor | null
}

/** Checks a page of one account's entries, repairs the projection from them, and judges the reservations among them. */
export async function checkAccount(
  context: CheckAccountContext,
  user: { readonly id: string; readonly createdAt: number },
  cursor: AccountCursor | null,
): Promise<AccountPage> {
  const { database, ledger } = context
  const before = { sum: cursor?.sum ?? 0, sequence: cursor?.afterSequence ?? 0 }
  if (cursor === null) await ledger.flush(user.id)
  const inspection = await ledger.inspect(user.id, {
    afterSequence: before.sequence,
    limit: entriesAtOnce,
  })
  const view = { userId: user.id, inspection, before }
  const findings = [
    ...checkBooks(view),
    ...(await repairEntries(database, user.id, inspection)),
    ...(await judgeReservations(context, user.id, inspection)),
  ]
  const lastEntry = inspection.entries.at(-1)
  if (lastEntry !== undefined && !isLastPage(inspection)) {
    const next = { userId: user.id, afterSequence: lastEntry.sequence, sum: sumAfter(view) }
    return { findings, next }
  }
  return { findings: [...findings, ...(await checkWhole(context, user))], next: null }
}

async function repairEntries(
  database: Database,
  userId: string,
  inspection: AccountInspection,
): Promise<Finding[]> {
  if (inspection.entries.length === 0) return []
  const ids = inspection.entries.map(({ id }) => id)
  const projected = await repository.findProjectedEntries(database, ids)
  const wrong = findWrongEntries(userId, inspection, projected)
  if (wrong.length === 0) return []
  await overwriteEntriesOf(database, { userId, entries: wrong })
  return withoutNull([
    findingOf({
      code: 'projection.entries_wrong',
      repaired: true,
      ids: wrong.map(({ id }) => id),
      message: `Transactions of user ${userId} were missing or told otherwise, and were written as the account has them.`,
    }),
  ])
}

/** What can be said of an account as a whole. Read after the rows it is compared with, it is never behind them. */
async function checkWhole(
  context: CheckAccountContext,
  user: { readonly id: string; readonly createdAt: number },
): Promise<Finding[]> {
  const { database, ledger, clock } = context
  const nowMs = clock.nowMs()
  const projected = await repository.findProjectedAccount(database, user.id)
  const afterSequence = Number.MAX_SAFE_INTEGER
  const { account } = await ledger.inspect(user.id, { afterSequence, limit: 1 })
  const outbox = await ledger.outbox(user.id)
  const isLate = outbox.oldestAtMs !== null && nowMs - outbox.oldestAtMs > deliveryMsMax
  const isMissing = !account.isOpened && nowMs - user.createdAt > openingMsMax
  const finding = (code: Finding['code'], message: string) =>
    findingOf({ code, repaired: false, ids: [user.id], message })
  return withoutNull([
    isMissing ? finding('account.not_opened', `User ${user.id} has no token account.`) : null,
    isLate
      ? finding(
          'projection.behind',
          `${outbox.waiting} entries of user ${user.id} have not reached the projection after ${outbox.failures} failed deliveries.`,
        )
      : null,
    await repairBalance(context, { userId: user.id, account, projected, waiting: outbox.waiting }),
    await findUnknown(database, user.id, projected.entryCount, account.lastSequence),
  ])
}

async function repairBalance(
  { database, clock }: CheckAccountContext,
  view: {
    userId: string
    account: AccountState
    projected: repository.ProjectedAccount
    waiting: number
  },
): Promise<Finding | null> {
  const { userId, account, projected } = view
  const { lastSequence, balance } = account
  if (lastSequence === 0) return null
  if (projected.version === lastSequence && projected.balance === balance) return null
  // A row that lags is right as long as its delivery is on its way.
  if ((projected.version ?? 0) < lastSequence && view.waiting > 0) return null
  const isWritten = await overwriteAccount(database, {
    userId,
    balance,
    version: lastSequence,
    seenVersion: projected.version,
    nowMs: clock.nowMs(),
  })
  if (!isWritten) return null
  const told = projected.balance === null ? 'nothing' : tokens(projected.balance)
  return findingOf({
    code: 'projection.balance_wrong',
    repaired: true,
    ids: [userId],
    message: `The projection told ${told} as the balance of user ${userId}; it is ${tokens(balance)}.`,
  })
}

async function findUnknown(
  database: Database,
  userId: string,
  entryCount: number,
  lastSequence: number,
): Promise<Finding | null> {
  if (entryCount <= lastSequence) return null
  const limit = unknownMax
  const ids = await repository.listUnknownEntries(database, { userId, lastSequence, limit })
  return findingOf({
    code: 'projection.entries_unknown',
    repaired: false,
    ids,
    message: `The projection tells transactions of user ${userId} that the account does not know.`,
  })
}

function workIdOf({ operationType, operationId }: Entry): string {
  return operationType === 'inference'
    ? operationId.slice(inferenceOperationId('').length)
    : uploadIdOf(operationId)
}

async function judgeReservations(
  { database, ledger, clock }: CheckAccountContext,
  userId: string,
  { entries, endings }: AccountInspection,
): Promise<Finding[]> {
  const opened = entries.filter(({ id }) => id in endings)
  const work = await repository.findPaidWork(database, opened.map(workIdOf))
  const findings: (Finding | null)[] = []
  for (const entry of opened) {
    const { id, operationId, createdAt } = entry
    const operationType = entry.operationType as HeldReservation['operationType']
    const verdict = judgeReservation(
      { id, userId, operationType, operationId, createdAt, ending: endings[id] ?? null },
      work.get(workIdOf(entry)) ?? null,
      clock.nowMs(),
    )
    if (verdict.kind === 'wrong') findings.push(verdict.finding)
    if (verdict.kind !== 'settle') continue
    const answer = await ledger.settle(userId, { reservationId: id, spent: verdict.spent })
    if (answer.ok && answer.replayed) continue
    findings.push(
      findingOf({
        code: 'reservation.open',
        repaired: answer.ok,
        ids: [id],
        message: answer.ok
          ? `The reservation ${id} of ${operationId} was open though its work calls it settled; it was settled for ${tokens(verdict.spent)} tokens.`
          : `The reservation ${id} of ${operationId} is open though its work calls it settled, and settling it was refused: ${answer.code}.`,
      }),
    )
  }
  return withoutNull(findings)
}

function tokens(amount: number): number {
  return formatTokens(amount as TokenAmount)
}
