import type { LedgerClient } from '../ledger/ledger.client.ts'
import type { MediaStore } from '../media/store.ts'
import type { Clock } from '../shared/clock.ts'
import type { Database } from '../shared/database.ts'
import { describeError, type Logger } from '../shared/logger.ts'
import {
  listInferencesWithoutReservation,
  listUploadsWithoutReservation,
  listUsersAfter,
  type UnpaidWork,
} from './accounts/accounts.repository.ts'
import { checkAccount } from './accounts/check-account.ts'
import { type Finding, findingOf, type PageResult, withoutNull } from './findings.rules.ts'
import { checkObjects, checkVideos, type MediaPage } from './media/check-media.ts'
import { type AccountCursor, type Cursor, nextStage } from './reconciliations.lifecycle.ts'

export interface CheckContext {
  readonly database: Database
  readonly ledger: Pick<LedgerClient, 'inspect' | 'outbox' | 'flush' | 'settle'>
  readonly media: Pick<MediaStore, 'head' | 'list' | 'deleteMany'>
  readonly clock: Clock
  readonly logger: Logger
}

export interface CheckedPage extends PageResult {
  /** Null when nothing is left. */
  readonly next: Cursor | null
}

const accountsAtOnce = 20
const rowsAtOnce = 1000
/** What a reservation's entry takes to reach the projection, and far more. */
const deliveredMs = 60 * 60_000

/** Checks the next page, of whatever stage the cursor is in. */
export function checkPage(context: CheckContext, cursor: Cursor): Promise<CheckedPage> {
  switch (cursor.stage) {
    case 'accounts':
      return checkAccounts(context, cursor)
    case 'inferences':
      return checkInferences(context, cursor)
    case 'uploads':
      return checkUploads(context, cursor)
    case 'videos':
      return checkMedia(cursor, (after) => checkVideos(context, after))
    case 'objects':
      return checkMedia(cursor, (after) => checkObjects(context, after))
  }
}

/** Some accounts side by side; one of many entries by itself, page by page. */
async function checkAccounts(context: CheckContext, cursor: Cursor): Promise<CheckedPage> {
  const limit = cursor.account === null ? accountsAtOnce : 1
  const users = await listUsersAfter(context.database, { after: cursor.after, limit })
  const last = users.at(-1)
  if (last === undefined) return { ...nothing, next: nextStage('accounts') }
  const pages = await Promise.all(
    users.map((user) => checkOneAccount(context, user, cursor.account)),
  )
  const firstLong = pages.findIndex(({ next }) => next !== null)
  const done = firstLong === -1 ? pages : pages.slice(0, firstLong + 1)
  const long = firstLong === -1 ? null : (pages[firstLong]?.next ?? null)
  const lastDone = users[done.length - 1] ?? last
  return {
    // Those after a long one are looked at again when their turn comes, and what was repaired is found no more.
    findings: pages.flatMap(({ findings }, index) =>
      index < done.length ? findings : findings.filter(({ repaired }) => repaired),
    ),
    accountsChecked: long === null ? done.length : done.length - 1,
    objectsChecked: 0,
    next: {
      stage: 'accounts',
      after: long === null ? lastDone.id : (users[firstLong - 1]?.id ?? cursor.after),
      account: long,
    },
  }
}

/** An account that cannot be reached keeps no other from being checked. */
async function checkOneAccount(
  context: CheckContext,
  user: { id: string; createdAt: number },
  cursor: AccountCursor | null,
): Promise<{ findings: readonly Finding[]; next: AccountCursor | null }> {
  try {
    return await checkAccount(context, user, cursor?.userId === user.id ? cursor : null)
  } catch (error) {
    context.logger.error('reconciliation.account_failed', {
      userId: user.id,
      ...describeError(error),
    })
    const message = `The token account of user ${user.id} could not be checked.`
    const code = 'account.unavailable'
    return {
      findings: withoutNull([findingOf({ code, repaired: false, ids: [user.id], message })]),
      next: null,
    }
  }
}

async function checkInferences(
  { database, clock }: CheckContext,
  cursor: Cursor,
): Promise<CheckedPage> {
  const page = await listInferencesWithoutReservation(database, {
    afterJobId: Number(cursor.after),
    createdBeforeMs: clock.nowMs() - deliveredMs,
    limit: rowsAtOnce,
  })
  return unpaidPage(cursor, page, 'inference.without_reservation', 'Inferences')
}

async function checkUploads(
  { database, clock }: CheckContext,
  cursor: Cursor,
): Promise<CheckedPage> {
  const page = await listUploadsWithoutReservation(database, {
    after: cursor.after,
    createdBeforeMs: clock.nowMs() - deliveredMs,
    limit: rowsAtOnce,
  })
  return unpaidPage(cursor, page, 'upload.without_reservation', 'Uploads')
}

function unpaidPage(
  { stage }: Cursor,
  { last, ids }: UnpaidWork,
  code: Finding['code'],
  what: string,
): CheckedPage {
  const message = `${what} name reservations that are on nobody's books: nobody paid for them.`
  return {
    ...nothing,
    findings: withoutNull([findingOf({ code, repaired: false, ids, message })]),
    next: last === null ? nextStage(stage) : { stage, after: last, account: null },
  }
}

async function checkMedia(
  { stage, after }: Cursor,
  check: (after: string) => Promise<MediaPage>,
): Promise<CheckedPage> {
  const { next, ...page } = await check(after)
  return {
    ...page,
    accountsChecked: 0,
    next: next === null ? nextStage(stage) : { stage, after: next, account: null },
  }
}

const nothing = { findings: [], accountsChecked: 0, objectsChecked: 0 } as const
