import type { Database } from '../../shared/database.ts'
import { offsetOf, type PageRequest } from '../../shared/pagination.ts'
import type { FileUploadRow } from './file-uploads.table.ts'

const columns = `id, user_id AS userId, file_name AS fileName, bytes, part_bytes AS partBytes,
  part_count AS partCount, taken_by AS takenBy, taken_at AS takenAt, created_at AS createdAt, expires_at AS expiresAt`

interface OwnedFile {
  readonly id: string
  readonly userId: string
  readonly nowMs: number
}

/** Writes a file down; false when the user has as many open ones as they may. */
export async function insertFileUpload(
  database: Database,
  file: Omit<FileUploadRow, 'takenBy' | 'takenAt'>,
  { openMax }: { openMax: number },
): Promise<boolean> {
  const result = await database.raw
    .prepare(
      `INSERT INTO file_uploads
         (id, user_id, file_name, bytes, part_bytes, part_count, created_at, expires_at)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
       WHERE (SELECT count(*) FROM file_uploads
         WHERE user_id = ?2 AND taken_by IS NULL AND expires_at > ?7) < ?9`,
    )
    .bind(
      file.id,
      file.userId,
      file.fileName,
      file.bytes,
      file.partBytes,
      file.partCount,
      file.createdAt,
      file.expiresAt,
      openMax,
    )
    .run()
  return result.meta.changes === 1
}

/** The user's file; null where it has expired. A file that an upload took does not expire. */
export async function findFileUpload(
  database: Database,
  { id, userId, nowMs }: OwnedFile,
): Promise<FileUploadRow | null> {
  return database.raw
    .prepare(
      `SELECT ${columns} FROM file_uploads
       WHERE id = ?1 AND user_id = ?2 AND (expires_at > ?3 OR taken_by IS NOT NULL)`,
    )
    .bind(id, userId, nowMs)
    .first<FileUploadRow>()
}

/** One page of the user's files that no upload took, newest first, with how many there are in all. */
export async function listOpenFileUploads(
  database: Database,
  query: { userId: string; page: PageRequest; nowMs: number },
): Promise<{ rows: FileUploadRow[]; total: number }> {
  const open = 'user_id = ?1 AND taken_by IS NULL AND expires_at > ?2'
  const [rows, counts] = await database.raw.batch<FileUploadRow & { total: number }>([
    database.raw
      .prepare(
        `SELECT ${columns} FROM file_uploads WHERE ${open}
         ORDER BY created_at DESC, rowid DESC LIMIT ?3 OFFSET ?4`,
      )
      .bind(query.userId, query.nowMs, query.page.limit, offsetOf(query.page)),
    database.raw
      .prepare(`SELECT count(*) AS total FROM file_uploads WHERE ${open}`)
      .bind(query.userId, query.nowMs),
  ])
  return { rows: rows?.results ?? [], total: counts?.results[0]?.total ?? 0 }
}

/** Gives the file to an upload; false when it is gone or another's. Giving it to the same one again changes nothing. */
export async function markTaken(
  database: Database,
  { id, userId, uploadId, nowMs }: OwnedFile & { uploadId: string },
): Promise<boolean> {
  const result = await database.raw
    .prepare(
      `UPDATE file_uploads SET taken_by = ?3, taken_at = coalesce(taken_at, ?4)
       WHERE id = ?1 AND user_id = ?2
         AND (taken_by = ?3 OR (taken_by IS NULL AND expires_at > ?4))`,
    )
    .bind(id, userId, uploadId, nowMs)
    .run()
  return result.meta.changes === 1
}

/** Takes the user's files back from an upload, to be there at least until `expiresAtLeast`. */
export async function markReleased(
  database: Database,
  files: { userId: string; uploadId: string; expiresAtLeast: number },
): Promise<void> {
  await database.raw
    .prepare(
      `UPDATE file_uploads SET taken_by = NULL, taken_at = NULL, expires_at = max(expires_at, ?3)
       WHERE user_id = ?1 AND taken_by = ?2`,
    )
    .bind(files.userId, files.uploadId, files.expiresAtLeast)
    .run()
}

/** The ids of the user's files that an upload took. */
export async function listTakenBy(
  database: Database,
  query: { userId: string; uploadId: string },
): Promise<string[]> {
  const { results } = await database.raw
    .prepare('SELECT id FROM file_uploads WHERE user_id = ?1 AND taken_by = ?2')
    .bind(query.userId, query.uploadId)
    .all<{ id: string }>()
  return results.map(({ id }) => id)
}

/** Forgets a file of the user's that no upload took; false where there is none. */
export async function deleteOpenFileUpload(
  database: Database,
  file: { id: string; userId: string },
): Promise<boolean> {
  const result = await database.raw
    .prepare('DELETE FROM file_uploads WHERE id = ?1 AND user_id = ?2 AND taken_by IS NULL')
    .bind(file.id, file.userId)
    .run()
  return result.meta.changes === 1
}

/** Forgets a file that an upload took and needs no more. */
export async function deleteTakenFileUpload(
  database: Database,
  file: { id: string; uploadId: string },
): Promise<void> {
  await database.raw
    .prepare('DELETE FROM file_uploads WHERE id = ?1 AND taken_by = ?2')
    .bind(file.id, file.uploadId)
    .run()
}

/** Files that expired before then and that no upload took, the oldest first. */
export async function listExpiredFileUploads(
  database: Database,
  query: { expiredBeforeMs: number; limit: number },
): Promise<Pick<FileUploadRow, 'id' | 'userId'>[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT id, user_id AS userId FROM file_uploads
       WHERE expires_at < ?1 AND taken_by IS NULL ORDER BY expires_at LIMIT ?2`,
    )
    .bind(query.expiredBeforeMs, query.limit)
    .all<Pick<FileUploadRow, 'id' | 'userId'>>()
  return results
}

/** Files that an upload took before then and still has; `unless` is a condition on `taken_by`. */
export async function listStaleTakenFiles(
  database: Database,
  query: { takenBeforeMs: number; limit: number; unless: string },
): Promise<{ userId: string; takenBy: string }[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT user_id AS userId, taken_by AS takenBy FROM file_uploads
       WHERE taken_by IS NOT NULL AND coalesce(taken_at, expires_at) < ?1 AND NOT ${query.unless}
       ORDER BY expires_at LIMIT ?2`,
    )
    .bind(query.takenBeforeMs, query.limit)
    .all<{ userId: string; takenBy: string }>()
  return results
}

/** Those of the ids that no file has. */
export async function listUnknownIds(
  database: Database,
  ids: readonly string[],
): Promise<string[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT wanted.value AS id FROM json_each(?1) AS wanted
       WHERE NOT EXISTS (SELECT 1 FROM file_uploads WHERE id = wanted.value)`,
    )
    .bind(JSON.stringify(ids))
    .all<{ id: string }>()
  return results.map(({ id }) => id)
}
