import type { Database } from '../../shared/database.ts'

/** Those of an upload's objects that none of its items and none of its videos is made of. */
export async function listUnnamed(
  database: Database,
  query: { uploadId: string; keys: readonly string[] },
): Promise<string[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT stored.value AS key FROM json_each(?2) AS stored
       WHERE NOT EXISTS (SELECT 1 FROM dataset_items WHERE image_key = stored.value)
         AND NOT EXISTS (SELECT 1 FROM dataset_items WHERE mask_key = stored.value)
         AND NOT EXISTS (SELECT 1 FROM videos WHERE upload_id = ?1 AND source_key = stored.value)`,
    )
    .bind(query.uploadId, JSON.stringify(query.keys))
    .all<{ key: string }>()
  return results.map(({ key }) => key)
}

/** Writes down that nothing is left of a completed upload but its data; its end is when it was committed. */
export async function markTidied(database: Database, uploadId: string): Promise<void> {
  await database.raw
    .prepare(
      `UPDATE ingestions SET ended_at = updated_at
       WHERE id = ?1 AND state = 'COMPLETED' AND ended_at IS NULL`,
    )
    .bind(uploadId)
    .run()
}
