import { type AuditEntry, auditChangeStatement } from '../../audit/audit-log.repository.ts'
import type { Database } from '../../shared/database.ts'
import type { InferenceItemRow, InferenceVideoRow } from '../inferences.table.ts'

export type ArchivedItem = Pick<
  InferenceItemRow,
  | 'position'
  | 'kind'
  | 'state'
  | 'imageKey'
  | 'imageName'
  | 'resultKey'
  | 'videoId'
  | 'frameIndex'
  | 'width'
  | 'height'
  | 'sizeBytes'
  | 'sha256'
  | 'crc32'
  | 'joules'
  | 'energyMethod'
  | 'inpaintMs'
  | 'errorCode'
  | 'errorMessage'
  | 'updatedAt'
>

/** An inference's items behind a position, in their order. */
export async function listArchivedItems(
  database: Database,
  query: { inferenceId: string; afterPosition: number; limit: number },
): Promise<ArchivedItem[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT position, kind, state, image_key AS imageKey, image_name AS imageName, result_key AS resultKey,
         video_id AS videoId, frame_index AS frameIndex, width, height, size_bytes AS sizeBytes, sha256, crc32,
         joules, energy_method AS energyMethod, inpaint_ms AS inpaintMs, error_code AS errorCode, error_message AS errorMessage,
         updated_at AS updatedAt
       FROM inference_items WHERE inference_id = ?1 AND position > ?2 ORDER BY position LIMIT ?3`,
    )
    .bind(query.inferenceId, query.afterPosition, query.limit)
    .all<ArchivedItem>()
  return results
}

export type ArchivedVideo = Pick<
  InferenceVideoRow,
  | 'videoId'
  | 'uploadIndex'
  | 'name'
  | 'state'
  | 'frameCount'
  | 'resultKey'
  | 'replacedFrames'
  | 'notes'
  | 'width'
  | 'height'
  | 'durationSeconds'
  | 'sizeBytes'
  | 'sha256'
  | 'crc32'
  | 'joules'
  | 'energyMethod'
  | 'errorCode'
  | 'errorMessage'
  | 'updatedAt'
>

/** An inference's videos, in the order of the dataset. */
export async function listArchivedVideos(
  database: Database,
  inferenceId: string,
): Promise<ArchivedVideo[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT video_id AS videoId, upload_index AS uploadIndex, name, state, frame_count AS frameCount,
         result_key AS resultKey, replaced_frames AS replacedFrames, notes, width, height,
         duration_seconds AS durationSeconds, size_bytes AS sizeBytes, sha256, crc32, joules,
         energy_method AS energyMethod, error_code AS errorCode, error_message AS errorMessage, updated_at AS updatedAt
       FROM inference_videos WHERE inference_id = ?1 ORDER BY upload_index, first_position`,
    )
    .bind(inferenceId)
    .all<ArchivedVideo>()
  return results
}

/** Writes down the checksums of results that were recorded without one. The plus leaves the index of keys to SQLite. */
export async function recordChecksums(
  database: Database,
  inferenceId: string,
  checksums: readonly { readonly resultKey: string; readonly crc32: number }[],
): Promise<void> {
  if (checksums.length === 0) return
  const list = JSON.stringify(checksums)
  const statements = ['inference_items', 'inference_videos'].map((table) =>
    database.raw
      .prepare(
        `UPDATE ${table} SET crc32 = known.value ->> 'crc32' FROM json_each(?2) AS known
         WHERE +inference_id = ?1 AND result_key = known.value ->> 'resultKey' AND crc32 IS NULL`,
      )
      .bind(inferenceId, list),
  )
  await database.raw.batch(statements)
}

/**
 * Writes down that the results of the user's ended inference are deleted; the first time stays. Answers that time, and
 * null where the inference has not ended.
 */
export async function markResultsDeleted(
  database: Database,
  query: { inferenceId: string; nowMs: number; audit: AuditEntry },
): Promise<number | null> {
  const [, , found] = await database.raw.batch<{ deletedAt: number }>([
    database.raw
      .prepare(
        `UPDATE inferences SET results_deleted_at = ?2
         WHERE id = ?1 AND ended_at IS NOT NULL AND results_deleted_at IS NULL`,
      )
      .bind(query.inferenceId, query.nowMs),
    auditChangeStatement(database, query.audit),
    database.raw
      .prepare(
        `SELECT results_deleted_at AS deletedAt FROM inferences
         WHERE id = ?1 AND results_deleted_at IS NOT NULL`,
      )
      .bind(query.inferenceId),
  ])
  return found?.results[0]?.deletedAt ?? null
}
