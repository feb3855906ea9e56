import type { Database } from '../../../shared/database.ts'
import type { ErrorDetails } from '../../../shared/errors.ts'
import type { Ingestion, IngestionRequest } from './ingestion.model.ts'
import { ingestionLeaseMs } from './ingestions.lifecycle.ts'
import type { IngestionRow } from './ingestions.table.ts'

const columns = `id, user_id AS userId, dataset_id AS datasetId, dataset_name AS datasetName, kind, state, phase,
  request, reservation_id AS reservationId, reserved, spent, total_count AS totalCount, done_count AS doneCount,
  notes, error, attempts, lease_until AS leaseUntil, lease_id AS leaseId, sent_at AS sentAt,
  created_at AS createdAt, updated_at AS updatedAt, ended_at AS endedAt`

/** Writes down that files of an upload are being received, before the first of their bytes is stored. */
export async function openIngestion(
  database: Database,
  upload: { id: string; userId: string; kind: IngestionRow['kind']; nowMs: number },
): Promise<void> {
  await database.raw
    .prepare(
      `INSERT OR IGNORE INTO ingestions (id, user_id, kind, state, sent_at, created_at, updated_at)
       VALUES (?1, ?2, ?3, 'RECEIVING', ?4, ?4, ?4)`,
    )
    .bind(upload.id, upload.userId, upload.kind, upload.nowMs)
    .run()
}

/** Its files are stored: from here on it is run. False when the dataset is gone or the sweep gave the upload up. */
export async function beginIngestion(
  database: Database,
  upload: {
    id: string
    datasetId: string
    datasetName: string
    phase: IngestionRow['phase']
    request: IngestionRequest
    nowMs: number
  },
): Promise<boolean> {
  const result = await database.raw
    .prepare(
      `UPDATE ingestions SET state = 'RUNNING', phase = ?4, dataset_id = ?2, dataset_name = ?3, request = ?5,
         sent_at = ?6, updated_at = ?6
       WHERE id = ?1 AND state = 'RECEIVING'
         AND EXISTS (SELECT 1 FROM datasets WHERE id = ?2 AND deleted_at IS NULL)`,
    )
    .bind(
      upload.id,
      upload.datasetId,
      upload.datasetName,
      upload.phase,
      JSON.stringify(upload.request),
      upload.nowMs,
    )
    .run()
  return result.meta.changes === 1
}

/** Takes an upload for a lease's time; null when it has ended or is held by another. */
export async function claimIngestion(
  database: Database,
  claim: { id: string; leaseId: string; nowMs: number },
): Promise<Ingestion | null> {
  const row = await database.raw
    .prepare(
      `UPDATE ingestions SET lease_id = ?2, lease_until = ?4, updated_at = ?3
       WHERE id = ?1 AND state = 'RUNNING' AND (lease_until IS NULL OR lease_until < ?3)
       RETURNING ${columns}`,
    )
    .bind(claim.id, claim.leaseId, claim.nowMs, claim.nowMs + ingestionLeaseMs)
    .first<IngestionRow>()
  if (!row || row.datasetId === null) return null
  return {
    ...row,
    datasetId: row.datasetId,
    leaseId: claim.leaseId,
    request: JSON.parse(row.request) as IngestionRequest,
  }
}

type Holder = Pick<Ingestion, 'id' | 'leaseId'>

/** Holds the upload for another lease's time; false when it is no longer the holder's. */
export async function renewIngestionLease(
  database: Database,
  holder: Holder,
  nowMs: number,
): Promise<boolean> {
  const result = await database.raw
    .prepare(
      `UPDATE ingestions SET lease_until = ?3 WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
    )
    .bind(holder.id, holder.leaseId, nowMs + ingestionLeaseMs)
    .run()
  return result.meta.changes === 1
}

/**
 * Throws when the upload is no longer the holder's. Asked before an object is made that the commit's tidying would find
 * no more: a holder that was held up must not make it after that.
 */
export async function ensureHeldOrThrow(
  database: Database,
  holder: Holder,
  nowMs: number,
): Promise<void> {
  if (!(await renewIngestionLease(database, holder, nowMs))) throw new LeaseLost()
}

/** Thrown by a run that finds that the upload has ended or is another's. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'

  constructor() {
    super('The lease of the upload was lost.')
  }
}

/** Gives the upload back, to be gone on with from `runsAtMs` on. */
export async function returnIngestion(
  database: Database,
  holder: Holder,
  again: { runsAtMs: number; nowMs: number },
): Promise<void> {
  await database.raw
    .prepare(
      `UPDATE ingestions SET lease_id = NULL, lease_until = NULL, sent_at = ?3, updated_at = ?4
       WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
    )
    .bind(holder.id, holder.leaseId, again.runsAtMs, again.nowMs)
    .run()
}

/** Counts an attempt that has failed; answers how many have since a step last came on, null when the lease is lost. */
export async function countAttempt(database: Database, holder: Holder): Promise<number | null> {
  const row = await database.raw
    .prepare(
      `UPDATE ingestions SET attempts = attempts + 1
       WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING' RETURNING attempts`,
    )
    .bind(holder.id, holder.leaseId)
    .first<{ attempts: number }>()
  return row?.attempts ?? null
}

/** Moves on to a phase. */
export async function enterPhase(
  database: Database,
  holder: Holder,
  phase: IngestionRow['phase'],
  nowMs: number,
): Promise<void> {
  await database.raw
    .prepare(
      `UPDATE ingestions SET phase = ?3, attempts = 0, updated_at = ?4
       WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
    )
    .bind(holder.id, holder.leaseId, phase, nowMs)
    .run()
}

/** Keeps what a step has learnt about the files that were sent. */
export async function rememberRequest(
  database: Database,
  holder: Holder,
  request: IngestionRequest,
): Promise<void> {
  await database.raw
    .prepare(
      `UPDATE ingestions SET request = ?3 WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
    )
    .bind(holder.id, holder.leaseId, JSON.stringify(request))
    .run()
}

export interface IngestionFailure {
  readonly code: string
  readonly status: number
  readonly message: string
  readonly details: ErrorDetails
}

/**
 * Ends an upload that did not become data; false when it has ended otherwise. With a lease only while that lease holds.
 * The commit asks for the same state, so that the two exclude each other.
 */
export async function failIngestion(
  database: Database,
  upload: { id: string; leaseId?: string | undefined; failure: IngestionFailure; nowMs: number },
): Promise<boolean> {
  const result = await database.raw
    .prepare(
      `UPDATE ingestions SET state = 'FAILED', error = ?2, lease_id = NULL, lease_until = NULL, updated_at = ?3
       WHERE id = ?1 AND state IN ('RECEIVING', 'RUNNING') AND (?4 IS NULL OR lease_id = ?4)`,
    )
    .bind(upload.id, JSON.stringify(upload.failure), upload.nowMs, upload.leaseId ?? null)
    .run()
  return result.meta.changes === 1
}

/** A failed upload has left nothing behind; its end is when it failed. */
export async function markCleanedUp(database: Database, id: string): Promise<void> {
  await database.raw.batch([
    database.raw.prepare('DELETE FROM upload_items WHERE upload_id = ?1').bind(id),
    database.raw.prepare('DELETE FROM videos WHERE upload_id = ?1').bind(id),
    database.raw
      .prepare(`UPDATE ingestions SET ended_at = updated_at WHERE id = ?1 AND state = 'FAILED'`)
      .bind(id),
  ])
}

/** The user's upload by its id. */
export async function findIngestion(
  database: Database,
  query: { id: string; userId: string },
): Promise<IngestionRow | null> {
  return database.raw
    .prepare(`SELECT ${columns} FROM ingestions WHERE id = ?1 AND user_id = ?2`)
    .bind(query.id, query.userId)
    .first<IngestionRow>()
}

/** Any upload by its id, for what ends it. */
export async function findIngestionById(
  database: Database,
  id: string,
): Promise<IngestionRow | null> {
  return database.raw
    .prepare(`SELECT ${columns} FROM ingestions WHERE id = ?1`)
    .bind(id)
    .first<IngestionRow>()
}
