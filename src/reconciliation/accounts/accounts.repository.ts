import type { Database } from '../../shared/database.ts'
import type { ProjectedEntry } from './books.rules.ts'
import type { PaidWork } from './reservations.rules.ts'

/** Users by their ids, deleted ones too: their accounts keep their books. */
export async function listUsersAfter(
  { raw }: Database,
  query: { after: string; limit: number },
): Promise<{ id: string; createdAt: number }[]> {
  const { results } = await raw
    .prepare('SELECT id, created_at AS createdAt FROM users WHERE id > ?1 ORDER BY id LIMIT ?2')
    .bind(query.after, query.limit)
    .all<{ id: string; createdAt: number }>()
  return results
}

export async function findProjectedEntries(
  { raw }: Database,
  ids: readonly string[],
): Promise<ProjectedEntry[]> {
  const { results } = await raw
    .prepare(
      `SELECT id, user_id AS userId, sequence, operation_type AS operationType,
         operation_id AS operationId, reservation_id AS reservationId, amount,
         balance_before AS balanceBefore, balance_after AS balanceAfter, status, description,
         version, created_at AS createdAt
       FROM token_transactions WHERE id IN (SELECT value FROM json_each(?1))`,
    )
    .bind(JSON.stringify(ids))
    .all<ProjectedEntry>()
  return results
}

export interface ProjectedAccount {
  /** Null where the account has told nothing. */
  readonly version: number | null
  readonly balance: number | null
  readonly entryCount: number
}

export async function findProjectedAccount(
  { raw }: Database,
  userId: string,
): Promise<ProjectedAccount> {
  const [account, entries] = await raw.batch<Record<string, number>>([
    raw.prepare('SELECT balance, version FROM token_accounts WHERE user_id = ?1').bind(userId),
    raw
      .prepare('SELECT count(*) AS entryCount FROM token_transactions WHERE user_id = ?1')
      .bind(userId),
  ])
  return {
    version: account?.results[0]?.version ?? null,
    balance: account?.results[0]?.balance ?? null,
    entryCount: entries?.results[0]?.entryCount ?? 0,
  }
}

/** Ids of a user's rows beyond an account's last entry, or beside another row of the same sequence. */
export async function listUnknownEntries(
  { raw }: Database,
  query: { userId: string; lastSequence: number; limit: number },
): Promise<string[]> {
  const { results } = await raw
    .prepare(
      `SELECT id FROM (
         SELECT id, sequence, count(*) OVER (PARTITION BY sequence) AS copies
         FROM token_transactions WHERE user_id = ?1)
       WHERE sequence > ?2 OR sequence < 1 OR copies > 1 LIMIT ?3`,
    )
    .bind(query.userId, query.lastSequence, query.limit)
    .all<{ id: string }>()
  return results.map(({ id }) => id)
}

type WorkRow = Omit<PaidWork, 'isSettled'> & { isSettled: number }

/** What reservations are for, by the ids of inferences and uploads. */
export async function findPaidWork(
  { raw }: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, PaidWork>> {
  if (ids.length === 0) return new Map()
  const wanted = JSON.stringify(ids)
  const [inferences, uploads] = await raw.batch<WorkRow>([
    raw
      .prepare(
        `SELECT id, user_id AS userId, spent, ended_at AS endedAt, settled_at IS NOT NULL AS isSettled
         FROM inferences WHERE id IN (SELECT value FROM json_each(?1))`,
      )
      .bind(wanted),
    raw
      .prepare(
        `SELECT id, user_id AS userId, price AS spent, created_at AS endedAt, 0 AS isSettled
         FROM uploads WHERE id IN (SELECT value FROM json_each(?1))`,
      )
      .bind(wanted),
  ])
  const rows = [...(inferences?.results ?? []), ...(uploads?.results ?? [])]
  return new Map(rows.map((row) => [row.id, { ...row, isSettled: row.isSettled === 1 }]))
}

export interface UnpaidWork {
  /** Where the next page goes on. */
  readonly last: string | null
  readonly ids: readonly string[]
}

/** Of a page of inferences in the order of their numbers, those whose reservation is on nobody's books. */
export async function listInferencesWithoutReservation(
  { raw }: Database,
  query: { afterJobId: number; createdBeforeMs: number; limit: number },
): Promise<UnpaidWork> {
  const { results } = await raw
    .prepare(
      `SELECT page.job_id AS place, page.id,
         page.created_at < ?2 AND entry.id IS NULL AS isUnpaid
       FROM (SELECT job_id, id, reservation_id, created_at FROM inferences
             WHERE job_id > ?1 ORDER BY job_id LIMIT ?3) AS page
       LEFT JOIN token_transactions AS entry ON entry.id = page.reservation_id
       ORDER BY page.job_id`,
    )
    .bind(query.afterJobId, query.createdBeforeMs, query.limit)
    .all<{ place: number; id: string; isUnpaid: number }>()
  return unpaidOf(results)
}

/** Of a page of uploads in the order of their ids, those whose reservation is on nobody's books. */
export async function listUploadsWithoutReservation(
  { raw }: Database,
  query: { after: string; createdBeforeMs: number; limit: number },
): Promise<UnpaidWork> {
  const { results } = await raw
    .prepare(
      `SELECT page.id AS place, page.id, page.created_at < ?2 AND entry.id IS NULL AS isUnpaid
       FROM (SELECT id, reservation_id, created_at FROM uploads
             WHERE id > ?1 AND price > 0 ORDER BY id LIMIT ?3) AS page
       LEFT JOIN token_transactions AS entry ON entry.id = page.reservation_id
       ORDER BY page.id`,
    )
    .bind(query.after, query.createdBeforeMs, query.limit)
    .all<{ place: string; id: string; isUnpaid: number }>()
  return unpaidOf(results)
}

function unpaidOf(rows: readonly { place: number | string; id: string; isUnpaid: number }[]) {
  const last = rows.at(-1)
  return {
    last: last === undefined ? null : String(last.place),
    ids: rows.filter(({ isUnpaid }) => isUnpaid === 1).map(({ id }) => id),
  }
}
