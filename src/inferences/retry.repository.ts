import { resultPrefix } from '../media/keys.ts'
import type { Database } from '../shared/database.ts'
import type { PlannedItem } from './plan-tasks.ts'

/*
 * An inference and the retries of its failed items are one family, whose items are told by their positions in the dataset:
 * an item that one of them made is not made, and charged, again.
 */
const familyOf = ({ user, retried }: { user: string; retried: string }) => `
  WITH RECURSIVE up(id, retry_of) AS (
    SELECT id, retry_of FROM inferences WHERE id = ${retried}
    UNION SELECT before.id, before.retry_of FROM inferences AS before JOIN up ON before.id = up.retry_of),
  family(id) AS (
    SELECT id FROM up WHERE retry_of IS NULL
    UNION SELECT again.id FROM family JOIN inferences AS again ON again.retry_of = family.id
      WHERE again.user_id = ${user})`

const isFailed = (names: { user: string; retried: string }) => `
  failed.inference_id = ${names.retried} AND failed.state = 'FAILED'
  AND failed.position NOT IN (${familyOf(names)}
    SELECT made.position FROM family JOIN inference_items AS made ON made.inference_id = family.id
    WHERE made.state = 'SUCCEEDED')`

/** Whether exactly that many items are left to be tried again, and nothing is trying them. */
export function mayRetry(names: { user: string; retried: string; itemCount: string }): string {
  return `(NOT EXISTS (${familyOf(names)}
      SELECT 1 FROM family JOIN inferences AS live ON live.id = family.id
      WHERE live.state IN ('PENDING', 'RUNNING'))
    AND ${names.itemCount} = (SELECT count(*) FROM inference_items AS failed WHERE ${isFailed(names)}))`
}

/** The failed items of an inference that no retry has made, in the order of their positions. */
export async function listFailedItems(
  database: Database,
  retried: { id: string; userId: string; datasetId: string },
): Promise<(PlannedItem & { readonly kind: 'image' | 'frame' })[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT failed.position, failed.kind, NULL AS videoId, NULL AS pts,
         coalesce(items.width * items.height, 0) AS pixels, coalesce(items.hole_pixels, 0) AS holePixels
       FROM inference_items AS failed
       LEFT JOIN dataset_items AS items ON items.dataset_id = ?3 AND items.position = failed.position
       WHERE ${isFailed({ user: '?1', retried: '?2' })} ORDER BY failed.position`,
    )
    .bind(retried.userId, retried.id, retried.datasetId)
    .all<PlannedItem & { kind: 'image' | 'frame' }>()
  return results
}

/** The inference of the family that has not ended; null where all have. */
export async function findLiveRetry(
  database: Database,
  retried: { id: string; userId: string },
): Promise<{ id: string } | null> {
  return await database.raw
    .prepare(
      `${familyOf({ user: '?1', retried: '?2' })}
       SELECT live.id FROM family JOIN inferences AS live ON live.id = family.id
       WHERE live.state IN ('PENDING', 'RUNNING') LIMIT 1`,
    )
    .bind(retried.userId, retried.id)
    .first<{ id: string }>()
}

export async function isDatasetLive(database: Database, datasetId: string): Promise<boolean> {
  const row = await database.raw
    .prepare('SELECT 1 FROM datasets WHERE id = ?1 AND deleted_at IS NULL')
    .bind(datasetId)
    .first()
  return row !== null
}

/** Copies the failed items, with keys of their own for what is made of them; a frame is filled and stored on its own. */
export function copyFailedItemsStatement(
  database: Database,
  retry: { id: string; userId: string; retryOf: string; nowMs: number },
): D1PreparedStatement {
  const prefix = resultPrefix({ userId: retry.userId, inferenceId: retry.id })
  return database.raw
    .prepare(
      `INSERT INTO inference_items (inference_id, position, kind, state, image_key, mask_key,
         image_name, result_key, video_id, frame_index, pts, updated_at)
       SELECT ?3, position, kind, 'PENDING', image_key, mask_key, image_name,
         ?4 || substr(result_key, ?5), video_id, frame_index, pts, ?6
       FROM inference_items AS failed
       WHERE EXISTS (SELECT 1 FROM inferences WHERE id = ?3) AND ${isFailed({ user: '?1', retried: '?2' })}`,
    )
    .bind(retry.userId, retry.retryOf, retry.id, prefix, prefix.length + 1, retry.nowMs)
}
