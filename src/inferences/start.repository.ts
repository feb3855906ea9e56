import { auditChangeStatement } from '../audit/audit-log.repository.ts'
import { inferencePrefix, resultPrefix } from '../media/keys.ts'
import type { Database } from '../shared/database.ts'
import type { PlannedInference } from './launch-inference.ts'
import type { PlannedItem, PlannedTask } from './plan-tasks.ts'
import { copyFailedItemsStatement, mayRetry } from './retry.repository.ts'
import { fillLineStatement, readPromoted } from './tasks/promotions.repository.ts'
import type { TaskMessage } from './tasks/tasks.queue.ts'
import type { VideoTimes } from './videos/timing.rules.ts'

const exists = 'EXISTS (SELECT 1 FROM inferences WHERE id = ?1)'

/** How many of a user's inferences have not ended. */
const runningOf = (user: string) =>
  `(SELECT count(*) FROM inferences WHERE user_id = ${user} AND state IN ('PENDING', 'RUNNING'))`

export interface InferableDataset {
  readonly id: string
  readonly name: string
  readonly itemCount: number
  readonly frameCount: number
}

/** The user's live dataset of that name, with how many of their inferences have not ended. */
export async function findInferableDataset(
  database: Database,
  query: { userId: string; name: string },
): Promise<(InferableDataset & { readonly runningCount: number }) | null> {
  return database.raw
    .prepare(
      `SELECT id, name, item_count AS itemCount, frame_count AS frameCount, ${runningOf('?1')} AS runningCount
       FROM datasets
       WHERE user_id = ?1 AND name = ?2 AND deleted_at IS NULL`,
    )
    .bind(query.userId, query.name)
    .first<InferableDataset & { readonly runningCount: number }>()
}

/** What planning takes of the dataset's first `itemCount` items, in the order of their positions. */
export async function listPlannedItems(
  database: Database,
  query: { datasetId: string; itemCount: number },
): Promise<PlannedItem[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT position, video_id AS videoId, pts, width * height AS pixels, hole_pixels AS holePixels
       FROM dataset_items WHERE dataset_id = ?1 AND position < ?2 ORDER BY position`,
    )
    .bind(query.datasetId, query.itemCount)
    .all<PlannedItem>()
  return results
}

/** How the frames of a dataset's videos lie in time, by the videos' ids. */
export async function listVideoTimes(
  database: Database,
  datasetId: string,
): Promise<Map<string, Pick<VideoTimes, 'fps' | 'timeBase'>>> {
  const { results } = await database.raw
    .prepare('SELECT id, fps, time_base AS timeBase FROM videos WHERE dataset_id = ?1')
    .bind(datasetId)
    .all<{ id: string; fps: string; timeBase: string }>()
  return new Map(results.map(({ id, ...times }) => [id, times]))
}

export interface NewInference extends Omit<PlannedInference, 'tasks'> {
  readonly operationId: string
  readonly reservationId: string
  readonly imageUnitPrice: number
  readonly frameUnitPrice: number
  readonly tasks: readonly (PlannedTask & { readonly id: string })[]
  readonly queuedMax: number
  readonly runningMax: number
  readonly nowMs: number
}

export interface InsertedInference {
  /** Null when nothing was written: the operation was given up, the dataset is gone, or there are too many. */
  readonly jobId: number | null
  /** Whether the sweep, or a repeat of the request, gave the operation up before. */
  readonly isGivenUp: boolean
  /** How many of the user's inferences have not ended, this one included. */
  readonly runningCount: number
  readonly queued: readonly TaskMessage[]
}

/**
 * Writes an inference, its tasks, its items and its videos at once; items and videos are copied inside the database.
 * Tasks that inpaint are ready, and queued as far as the user has places; the others wait for them.
 */
export async function insertInference(
  database: Database,
  inference: NewInference,
): Promise<InsertedInference> {
  const { audit, retryOf } = inference
  const results = await database.raw.batch<unknown>([
    database.raw
      .prepare(
        `INSERT INTO inferences (id, user_id, dataset_id, dataset_name, model_id, parameters, state,
           reservation_id, image_unit_price, frame_unit_price, item_count, frame_count, created_at, updated_at,
           retry_of)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, 'PENDING', ?7, ?8, ?9, ?10, ?11, ?12, ?12, ?15
         WHERE EXISTS (SELECT 1 FROM datasets WHERE id = ?3 AND deleted_at IS NULL)
           AND NOT EXISTS (SELECT 1 FROM abandoned_operations WHERE operation_id = ?13)
           AND ${runningOf('?2')} < ?14
           AND (?15 IS NULL OR ${mayRetry({ user: '?2', retried: '?15', itemCount: '?10' })})
         RETURNING job_id AS jobId`,
      )
      .bind(
        inference.id,
        inference.userId,
        inference.dataset.id,
        inference.dataset.name,
        inference.modelId,
        inference.parameters,
        inference.reservationId,
        inference.imageUnitPrice,
        inference.frameUnitPrice,
        inference.dataset.itemCount,
        inference.dataset.frameCount,
        inference.nowMs,
        inference.operationId,
        inference.runningMax,
        retryOf,
      ),
    ...(audit === null ? [] : [auditChangeStatement(database, audit)]),
    ...(retryOf === null
      ? copyFromDataset(database, inference)
      : [copyFailedItemsStatement(database, { ...inference, retryOf })]),
    database.raw
      .prepare(
        `INSERT INTO inference_tasks (id, inference_id, kind, video_id, state, first_position, item_count,
           sent_at, created_at, updated_at)
         SELECT value ->> 'id', ?1, value ->> 'kind', value ->> 'videoId',
           CASE value ->> 'kind' WHEN 'inpaint' THEN 'READY' ELSE 'WAITING' END,
           value ->> 'firstPosition', value ->> 'itemCount', ?3, ?3, ?3
         FROM json_each(?2)
         WHERE ${exists} AND (value ->> 'videoId' IS NULL OR EXISTS (SELECT 1 FROM inference_videos
           WHERE inference_id = ?1 AND video_id = value ->> 'videoId'))`,
      )
      .bind(inference.id, JSON.stringify(inference.tasks), inference.nowMs),
    fillLineStatement(database, { ...inference, line: 'tasks' }),
    database.raw
      .prepare(
        `SELECT ${runningOf('?1')} AS runningCount,
           EXISTS (SELECT 1 FROM abandoned_operations WHERE operation_id = ?2) AS isGivenUp`,
      )
      .bind(inference.userId, inference.operationId),
  ])
  const inserted = results[0]?.results[0] as { jobId: number } | undefined
  const found = results.at(-1)?.results[0] as
    | { runningCount: number; isGivenUp: number }
    | undefined
  return {
    jobId: inserted?.jobId ?? null,
    runningCount: found?.runningCount ?? 0,
    isGivenUp: found?.isGivenUp === 1,
    queued: readPromoted(results.slice(-2, -1)),
  }
}

/** The items and videos of a whole dataset. */
function copyFromDataset(database: Database, inference: NewInference): D1PreparedStatement[] {
  return [
    database.raw
      .prepare(
        `INSERT INTO inference_items (inference_id, position, kind, state, image_key, mask_key,
           image_name, result_key, video_id, frame_index, pts, updated_at)
         SELECT ?1, position, kind, 'PENDING', image_key, mask_key, image_name,
           ?2 || upload_id || '_' || position || '.' || coalesce(?5, CASE
             WHEN image_key LIKE '%.jpg' THEN 'jpg' WHEN image_key LIKE '%.webp' THEN 'webp' ELSE 'png' END), video_id, frame_index, pts, ?6
         FROM dataset_items WHERE dataset_id = ?3 AND position < ?4 AND ${exists}`,
      )
      .bind(
        inference.id,
        resultPrefix({ userId: inference.userId, inferenceId: inference.id }),
        inference.dataset.id,
        inference.dataset.itemCount,
        inference.resultExtension,
        inference.nowMs,
      ),
    database.raw
      .prepare(
        `INSERT INTO inference_videos (inference_id, video_id, upload_index, name, state, first_position,
           frame_count, result_key, spacing_seconds, updated_at)
         SELECT ?1, videos.id, coalesce(videos.upload_index, items.upload_index), videos.name, 'PENDING',
           min(items.position), count(*),
           ?2 || videos.id || '_video_' || coalesce(videos.upload_index, items.upload_index) || '.mp4',
           ?6 ->> videos.id, ?5
         FROM dataset_items AS items JOIN videos ON videos.id = items.video_id
         WHERE items.dataset_id = ?3 AND items.position < ?4 AND ${exists}
         GROUP BY videos.id`,
      )
      .bind(
        inference.id,
        inferencePrefix({ userId: inference.userId, inferenceId: inference.id }),
        inference.dataset.id,
        inference.dataset.itemCount,
        inference.nowMs,
        JSON.stringify(Object.fromEntries(inference.sequences)),
      ),
  ]
}
