import type { Database } from '../../../shared/database.ts'
import type { Ingestion } from './ingestion.model.ts'
import type { UploadEntryRow, UploadItemRow } from './ingestions.table.ts'

export type NewEntry = Pick<
  UploadEntryRow,
  'number' | 'path' | 'role' | 'state' | 'maskNumber' | 'location' | 'reasonCode' | 'reason'
>

type Holder = Pick<Ingestion, 'id' | 'leaseId'>

/** A bound parameter holds 2 MB; an entry takes some 300 bytes and at most a few thousand. */
const jsonCharactersMax = 1_000_000

const held = `EXISTS (SELECT 1 FROM ingestions WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING')`

/** Writes down every file of the upload and what was reserved for it. */
export async function insertEntries(
  database: Database,
  holder: Holder,
  plan: {
    entries: readonly NewEntry[]
    totalCount: number
    reservation: { id: string; amount: number } | null
    nowMs: number
  },
): Promise<void> {
  await database.raw.batch([
    ...cut(plan.entries).map((json) =>
      database.raw
        .prepare(
          `INSERT OR IGNORE INTO upload_entries
             (upload_id, number, path, role, state, mask_number, location, reason_code, reason)
           SELECT ?1, value ->> 'number', value ->> 'path', value ->> 'role', value ->> 'state',
             value ->> 'maskNumber', value ->> 'location', value ->> 'reasonCode', value ->> 'reason'
           FROM json_each(?3) WHERE ${held}`,
        )
        .bind(holder.id, holder.leaseId, json),
    ),
    database.raw
      .prepare(
        `UPDATE ingestions SET total_count = ?3,
           reservation_id = coalesce(?4, reservation_id), reserved = coalesce(?5, reserved), updated_at = ?6
         WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
      )
      .bind(
        holder.id,
        holder.leaseId,
        plan.totalCount,
        plan.reservation?.id ?? null,
        plan.reservation?.amount ?? null,
        plan.nowMs,
      ),
  ])
}

/** The next pictures and videos that are not stored, in the archive's order, each with its mask. */
export async function listOpenEntries(
  database: Database,
  query: { uploadId: string; limit: number },
): Promise<(UploadEntryRow & { maskPath: string | null; maskLocation: string | null })[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT entry.upload_id AS uploadId, entry.number, entry.path, entry.role, entry.state,
         entry.mask_number AS maskNumber, entry.location, entry.video, entry.reason_code AS reasonCode,
         entry.reason, mask.path AS maskPath, mask.location AS maskLocation
       FROM upload_entries AS entry LEFT JOIN upload_entries AS mask
         ON mask.upload_id = entry.upload_id AND mask.number = entry.mask_number
       WHERE entry.upload_id = ?1 AND entry.state IN ('PENDING', 'SAMPLING') AND entry.role IN ('image', 'video')
       ORDER BY entry.number LIMIT ?2`,
    )
    .bind(query.uploadId, query.limit)
    .all<UploadEntryRow & { maskPath: string | null; maskLocation: string | null }>()
  return results
}

export interface RejectedEntry {
  readonly number: number
  readonly code: string
  readonly reason: string
}

export type NewUploadItem = Omit<UploadItemRow, 'uploadId'>

/** Records pairs that were stored and entries that were refused; masks share the fate of their pictures. */
export async function recordEntries(
  database: Database,
  holder: Holder,
  outcome: {
    items: readonly NewUploadItem[]
    rejected: readonly RejectedEntry[]
    nowMs: number
  },
): Promise<void> {
  const numbers = outcome.items.map((item) => item.entryNumber)
  await database.raw.batch([
    ...itemStatements(database, holder, outcome.items),
    ...acceptStatements(database, holder, numbers),
    ...rejectStatements(database, holder, outcome.rejected),
    progressStatement(
      database,
      holder,
      outcome.items.length + outcome.rejected.length,
      outcome.nowMs,
    ),
  ])
}

export function itemStatements(
  database: Database,
  holder: Holder,
  items: readonly NewUploadItem[],
): D1PreparedStatement[] {
  return cut(items).map((json) =>
    database.raw
      .prepare(
        `INSERT OR IGNORE INTO upload_items (upload_id, entry_number, frame_index, kind, state, video_id, pts,
           image_key, mask_key, image_name, width, height, hole_pixels, image_bytes, mask_bytes,
           image_sha256, mask_sha256)
         SELECT ?1, value ->> 'entryNumber', value ->> 'frameIndex', value ->> 'kind', value ->> 'state',
           value ->> 'videoId', value ->> 'pts', value ->> 'imageKey', value ->> 'maskKey',
           value ->> 'imageName', value ->> 'width', value ->> 'height', value ->> 'holePixels',
           value ->> 'imageBytes', value ->> 'maskBytes', value ->> 'imageSha256', value ->> 'maskSha256'
         FROM json_each(?3) WHERE ${held}`,
      )
      .bind(holder.id, holder.leaseId, json),
  )
}

export function acceptStatements(
  database: Database,
  holder: Holder,
  numbers: readonly number[],
): D1PreparedStatement[] {
  if (numbers.length === 0) return []
  return [
    database.raw
      .prepare(
        `UPDATE upload_entries SET state = 'ACCEPTED'
         WHERE upload_id = ?1 AND ${held} AND (number IN (SELECT value FROM json_each(?3))
           OR number IN (SELECT mask_number FROM upload_entries
             WHERE upload_id = ?1 AND number IN (SELECT value FROM json_each(?3))))`,
      )
      .bind(holder.id, holder.leaseId, JSON.stringify(numbers)),
  ]
}

export function rejectStatements(
  database: Database,
  holder: Holder,
  rejected: readonly RejectedEntry[],
): D1PreparedStatement[] {
  if (rejected.length === 0) return []
  const json = JSON.stringify(rejected)
  return [
    database.raw
      .prepare(
        `UPDATE upload_entries SET state = 'REJECTED', reason_code = refused.value ->> 'code',
           reason = refused.value ->> 'reason'
         FROM json_each(?3) AS refused
         WHERE upload_id = ?1 AND ${held}
           AND (number = refused.value ->> 'number' OR number = (SELECT media.mask_number
             FROM upload_entries AS media
             WHERE media.upload_id = ?1 AND media.number = refused.value ->> 'number'))`,
      )
      .bind(holder.id, holder.leaseId, json),
  ]
}

/** Adds to what is done; attempts are counted from the last time that there was something to add. */
export function progressStatement(
  database: Database,
  holder: Holder,
  done: number,
  nowMs: number,
): D1PreparedStatement {
  return database.raw
    .prepare(
      `UPDATE ingestions SET done_count = done_count + ?3, attempts = iif(?3 > 0, 0, attempts), updated_at = ?4
       WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
    )
    .bind(holder.id, holder.leaseId, done, nowMs)
}

export type ReportedEntry = Pick<
  UploadEntryRow,
  'number' | 'path' | 'role' | 'state' | 'reasonCode' | 'reason' | 'firstPosition' | 'itemCount'
>

/** Every file of an upload, in the archive's order. */
export async function listEntries(database: Database, uploadId: string): Promise<ReportedEntry[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT number, path, role, state, reason_code AS reasonCode, reason, first_position AS firstPosition,
         item_count AS itemCount
       FROM upload_entries WHERE upload_id = ?1 ORDER BY number`,
    )
    .bind(uploadId)
    .all<ReportedEntry>()
  return results
}

/** The list as JSON arrays that a bound parameter holds. */
function cut(list: readonly object[]): string[] {
  const arrays: string[] = []
  let current: string[] = []
  let characters = 0
  for (const element of list) {
    const json = JSON.stringify(element)
    if (characters + json.length > jsonCharactersMax) {
      arrays.push(`[${current.join()}]`)
      current = []
      characters = 0
    }
    current.push(json)
    characters += json.length
  }
  if (current.length > 0) arrays.push(`[${current.join()}]`)
  return arrays
}
