import type { Database } from '../shared/database.ts'
import { type Claim, type ClaimedRow, keptMs, leaseMs } from './idempotency.rules.ts'

/**
 * Claims a key, in one statement: a new one, one whose time is over, or one whose holder died before it had answered, for
 * the same content as far as both are known. Answers the row as it is then, whoever holds it.
 */
export async function claimKey(database: Database, claim: Claim): Promise<ClaimedRow> {
  const [, read] = await database.raw.batch<ClaimedRow>([
    database.raw
      .prepare(
        `INSERT INTO idempotency_keys
           (owner, key, route, fingerprint, subject_id, lease_id, lease_until, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (owner, key) DO UPDATE SET
           route = excluded.route,
           fingerprint = iif(expires_at <= ?8, excluded.fingerprint, coalesce(fingerprint, excluded.fingerprint)),
           subject_id = iif(expires_at <= ?8, excluded.subject_id, subject_id),
           lease_id = excluded.lease_id,
           lease_until = excluded.lease_until,
           status = NULL,
           body = NULL,
           created_at = iif(expires_at <= ?8, excluded.created_at, created_at),
           expires_at = iif(expires_at <= ?8, excluded.expires_at, expires_at)
         WHERE coalesce(lease_until, 0) < ?8 AND (expires_at <= ?8 OR (status IS NULL AND route = excluded.route
           AND (fingerprint IS NULL OR excluded.fingerprint IS NULL OR fingerprint = excluded.fingerprint)))`,
      )
      .bind(
        claim.owner,
        claim.key,
        claim.route,
        claim.fingerprint,
        claim.subjectId,
        claim.leaseId,
        claim.nowMs + leaseMs,
        claim.nowMs,
        claim.nowMs + keptMs,
      ),
    database.raw
      .prepare(
        `SELECT route, fingerprint, subject_id AS subjectId, lease_id AS leaseId, status, body
         FROM idempotency_keys WHERE owner = ?1 AND key = ?2`,
      )
      .bind(claim.owner, claim.key),
  ])
  const row = read?.results[0]
  if (!row) throw new Error('A key that was claimed has its row.')
  return row
}

/** Whoever holds a key. */
export type Holder = Pick<Claim, 'owner' | 'key' | 'leaseId'>

const held = 'owner = ?1 AND key = ?2 AND lease_id = ?3'

async function changeHeld(
  database: Database,
  holder: Holder,
  change: { sql: string; parameters?: unknown[] },
): Promise<boolean> {
  const result = await database.raw
    .prepare(change.sql)
    .bind(holder.owner, holder.key, holder.leaseId, ...(change.parameters ?? []))
    .run()
  return result.meta.changes === 1
}

/** Holds the key for another lease's time; false when it is no longer the holder's. */
export function renewLease(database: Database, holder: Holder, nowMs: number): Promise<boolean> {
  return changeHeld(database, holder, {
    sql: `UPDATE idempotency_keys SET lease_until = ?4 WHERE ${held}`,
    parameters: [nowMs + leaseMs],
  })
}

/** Writes the content down, once it was read; `other` where an earlier run had other content. */
export async function writeFingerprint(
  database: Database,
  holder: Holder,
  fingerprint: string,
): Promise<'same' | 'other' | 'lost'> {
  const row = await database.raw
    .prepare(
      `UPDATE idempotency_keys SET fingerprint = coalesce(fingerprint, ?4) WHERE ${held}
       RETURNING fingerprint`,
    )
    .bind(holder.owner, holder.key, holder.leaseId, fingerprint)
    .first<{ fingerprint: string }>()
  if (!row) return 'lost'
  return row.fingerprint === fingerprint ? 'same' : 'other'
}

/** Gives the subject another id; false when the key is no longer the holder's. */
export function writeSubject(
  database: Database,
  holder: Holder,
  subjectId: string,
): Promise<boolean> {
  return changeHeld(database, holder, {
    sql: `UPDATE idempotency_keys SET subject_id = ?4 WHERE ${held}`,
    parameters: [subjectId],
  })
}

/** Keeps the answer, which ends the request. */
export function keepAnswer(
  database: Database,
  holder: Holder,
  answer: { status: number; body: string },
): Promise<boolean> {
  return changeHeld(database, holder, {
    sql: `UPDATE idempotency_keys SET status = ?4, body = ?5, lease_id = NULL, lease_until = NULL WHERE ${held}`,
    parameters: [answer.status, answer.body],
  })
}

/** Ends the request without an answer: the next with this key and content goes on from what is there. */
export function dropLease(database: Database, holder: Holder): Promise<boolean> {
  return changeHeld(database, holder, {
    sql: `UPDATE idempotency_keys SET lease_id = NULL, lease_until = NULL WHERE ${held}`,
  })
}

/** Forgets a request that left nothing behind: its key is free for any other. */
export function freeKey(database: Database, holder: Holder): Promise<boolean> {
  return changeHeld(database, holder, { sql: `DELETE FROM idempotency_keys WHERE ${held}` })
}

/** Deletes keys whose time is over, the oldest first; answers how many. */
export async function deleteExpiredKeys(
  database: Database,
  query: { nowMs: number; limit: number },
): Promise<number> {
  const result = await database.raw
    .prepare(
      `DELETE FROM idempotency_keys WHERE rowid IN (
         SELECT rowid FROM idempotency_keys
         WHERE expires_at <= ?1 AND coalesce(lease_until, 0) < ?1 ORDER BY expires_at LIMIT ?2)`,
    )
    .bind(query.nowMs, query.limit)
    .run()
  return result.meta.changes
}
