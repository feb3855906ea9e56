import type { Database } from '../shared/database.ts'

export interface DatasetToFree {
  readonly id: string
  readonly userId: string
}

/** Datasets that were deleted before that time and that nothing works on any more, the longest deleted first. */
export async function listDatasetsToFree(
  database: Database,
  query: { deletedBeforeMs: number; limit: number },
): Promise<DatasetToFree[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT id, user_id AS userId FROM datasets
       WHERE deleted_at IS NOT NULL AND media_freed_at IS NULL AND deleted_at <= ?1
         AND NOT EXISTS (SELECT 1 FROM inferences
           WHERE inferences.dataset_id = datasets.id AND state IN ('PENDING', 'RUNNING'))
         AND NOT EXISTS (SELECT 1 FROM ingestions
           WHERE ingestions.dataset_id = datasets.id AND state IN ('RECEIVING', 'RUNNING'))
       ORDER BY deleted_at LIMIT ?2`,
    )
    .bind(query.deletedBeforeMs, query.limit)
    .all<DatasetToFree>()
  return results
}

/** The first of a dataset's items that are left: the uploads they came with, and the last one's position. */
export async function findFirstItems(
  database: Database,
  query: { datasetId: string; limit: number },
): Promise<{ uploadIds: readonly string[]; lastPosition: number } | null> {
  const { results } = await database.raw
    .prepare(
      `SELECT position, upload_id AS uploadId FROM dataset_items
       WHERE dataset_id = ?1 ORDER BY position LIMIT ?2`,
    )
    .bind(query.datasetId, query.limit)
    .all<{ position: number; uploadId: string }>()
  const last = results.at(-1)
  if (!last) return null
  return {
    uploadIds: [...new Set(results.map((item) => item.uploadId))],
    lastPosition: last.position,
  }
}

/** Deletes a deleted dataset's items up to a position. */
export async function deleteItems(
  database: Database,
  query: { datasetId: string; lastPosition: number },
): Promise<void> {
  await database.raw
    .prepare(
      `DELETE FROM dataset_items WHERE dataset_id = ?1 AND position <= ?2
         AND EXISTS (SELECT 1 FROM datasets WHERE id = ?1 AND deleted_at IS NOT NULL)`,
    )
    .bind(query.datasetId, query.lastPosition)
    .run()
}

/** Deletes what is left of the dataset's rows and writes down that its media is gone, once no item is left. */
export async function markMediaFreed(
  database: Database,
  query: { datasetId: string; nowMs: number },
): Promise<void> {
  const isEmpty = `EXISTS (SELECT 1 FROM datasets WHERE id = ?1 AND deleted_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM dataset_items WHERE dataset_id = ?1)`
  await database.raw.batch([
    database.raw
      .prepare(`DELETE FROM videos WHERE dataset_id = ?1 AND ${isEmpty}`)
      .bind(query.datasetId),
    database.raw
      .prepare(
        `UPDATE datasets SET media_freed_at = ?2
         WHERE id = ?1 AND media_freed_at IS NULL AND ${isEmpty}`,
      )
      .bind(query.datasetId, query.nowMs),
  ])
}
