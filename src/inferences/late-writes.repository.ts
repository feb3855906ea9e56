import type { Database } from '../shared/database.ts'

/*
 * An inference that ended while something worked on it may still get objects: of items that failed or were aborted, and
 * stretches of videos. It is kept among the abandoned operations until nothing writes any more and these are deleted.
 */
const prefix = 'late_writes_'
/** Behind every UUID. */
const prefixEnd = `${prefix}g`

/** Behind the statement that ends an inference: remembers it, where not everything that was asked for was made. */
export function lateWritesStatement(
  database: Database,
  ended: { readonly inferenceId: string; readonly nowMs: number },
): D1PreparedStatement {
  return database.raw
    .prepare(
      `INSERT OR IGNORE INTO abandoned_operations (operation_id, abandoned_at)
       SELECT ?3 || id, ?2 FROM inferences
       WHERE changes() > 0 AND id = ?1 AND (succeeded_count < item_count OR frame_count > 0)`,
    )
    .bind(ended.inferenceId, ended.nowMs, prefix)
}

/** Ended inferences to which nothing writes any more since that time. */
export async function listLateWrites(
  database: Database,
  query: { endedBeforeMs: number; limit: number },
): Promise<{ id: string; userId: string }[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT inferences.id, inferences.user_id AS userId
       FROM abandoned_operations AS late JOIN inferences ON inferences.id = substr(late.operation_id, ?3)
       WHERE late.operation_id >= ?1 AND late.operation_id < ?2 AND late.abandoned_at < ?4 LIMIT ?5`,
    )
    .bind(prefix, prefixEnd, prefix.length + 1, query.endedBeforeMs, query.limit)
    .all<{ id: string; userId: string }>()
  return results
}

/** The keys of results that an ended inference does not have, behind a position, in their order. */
export async function listUnmadeResults(
  database: Database,
  query: { inferenceId: string; afterPosition: number; limit: number },
): Promise<{ position: number; resultKey: string }[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT position, result_key AS resultKey FROM inference_items
       WHERE inference_id = ?1 AND position > ?2 AND state <> 'SUCCEEDED' ORDER BY position LIMIT ?3`,
    )
    .bind(query.inferenceId, query.afterPosition, query.limit)
    .all<{ position: number; resultKey: string }>()
  return results
}

export async function listUnmadeVideos(database: Database, inferenceId: string): Promise<string[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT result_key AS resultKey FROM inference_videos WHERE inference_id = ?1 AND state <> 'SUCCEEDED'`,
    )
    .bind(inferenceId)
    .all<{ resultKey: string }>()
  return results.map((video) => video.resultKey)
}

export async function forgetLateWrites(database: Database, inferenceId: string): Promise<void> {
  await database.raw
    .prepare('DELETE FROM abandoned_operations WHERE operation_id = ?1')
    .bind(`${prefix}${inferenceId}`)
    .run()
}
