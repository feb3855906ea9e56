import { and, asc, desc, eq, sql } from 'drizzle-orm'
import { resultPrefix } from '../media/keys.ts'
import type { Database } from '../shared/database.ts'
import { offsetOf, type PageRequest } from '../shared/pagination.ts'
import {
  type InferenceItemRow,
  type InferenceRow,
  inferenceItems,
  inferences,
} from './inferences.table.ts'
import type { PlannedItem, PlannedTask } from './plan-tasks.ts'

export interface InferableDataset {
  readonly id: string
  readonly name: string
  readonly itemCount: number
  readonly frameCount: number
}

/** The user's live dataset of that name. */
export async function findInferableDataset(
  database: Database,
  query: { userId: string; name: string },
): Promise<InferableDataset | null> {
  return database.raw
    .prepare(
      `SELECT id, name, item_count AS itemCount, frame_count AS frameCount FROM datasets
       WHERE user_id = ?1 AND name = ?2 AND deleted_at IS NULL`,
    )
    .bind(query.userId, query.name)
    .first<InferableDataset>()
}

/** The sizes of the dataset's first `itemCount` items, in the order of their positions. */
export async function listPlannedItems(
  database: Database,
  query: { datasetId: string; itemCount: number },
): Promise<PlannedItem[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT position, width * height AS pixels, hole_pixels AS holePixels FROM dataset_items
       WHERE dataset_id = ?1 AND position < ?2 ORDER BY position`,
    )
    .bind(query.datasetId, query.itemCount)
    .all<PlannedItem>()
  return results
}

export interface NewInference {
  readonly id: string
  readonly operationId: string
  readonly userId: string
  readonly dataset: InferableDataset
  readonly modelId: string
  /** JSON. */
  readonly parameters: string
  readonly reservationId: string
  readonly imageUnitPrice: number
  readonly frameUnitPrice: number
  readonly resultExtension: string
  readonly tasks: readonly (PlannedTask & { readonly id: string })[]
  readonly nowMs: number
}

/**
 * Writes an inference, its tasks and its items at once; the items are copied inside the database.
 * Answers the inference's `jobId`, or null when the sweep has given the operation up or the dataset is gone.
 */
export async function insertInference(
  database: Database,
  inference: NewInference,
): Promise<number | null> {
  const exists = 'EXISTS (SELECT 1 FROM inferences WHERE id = ?1)'
  const [inserted] = await database.raw.batch<{ jobId: number }>([
    database.raw
      .prepare(
        `INSERT INTO inferences (id, user_id, dataset_id, dataset_name, model_id, parameters, state,
           reservation_id, image_unit_price, frame_unit_price, item_count, frame_count, created_at, updated_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, 'PENDING', ?7, ?8, ?9, ?10, ?11, ?12, ?12
         WHERE EXISTS (SELECT 1 FROM datasets WHERE id = ?3 AND deleted_at IS NULL)
           AND NOT EXISTS (SELECT 1 FROM abandoned_operations WHERE operation_id = ?13)
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
      ),
    database.raw
      .prepare(
        `INSERT INTO inference_items (inference_id, position, kind, state, image_key, mask_key,
           image_name, result_key, updated_at)
         SELECT ?1, position, kind, 'PENDING', image_key, mask_key, image_name,
           ?2 || upload_id || '_' || position || '.' || ?5, ?6
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
        `INSERT INTO inference_tasks (id, inference_id, state, first_position, item_count, sent_at, created_at, updated_at)
         SELECT value ->> 'id', ?1, 'PENDING', value ->> 'firstPosition', value ->> 'itemCount', ?3, ?3, ?3
         FROM json_each(?2) WHERE ${exists}`,
      )
      .bind(inference.id, JSON.stringify(inference.tasks), inference.nowMs),
  ])
  return inserted?.results[0]?.jobId ?? null
}

/** The user's inference by its id. */
export async function findInference(
  database: Database,
  query: { userId: string; id: string },
): Promise<InferenceRow | null> {
  const rows = await database.query
    .select()
    .from(inferences)
    .where(and(eq(inferences.id, query.id), eq(inferences.userId, query.userId)))
  return rows[0] ?? null
}

/** The user's inference by its job number. */
export async function findInferenceByJob(
  database: Database,
  query: { userId: string; jobId: number },
): Promise<InferenceRow | null> {
  const rows = await database.query
    .select()
    .from(inferences)
    .where(and(eq(inferences.jobId, query.jobId), eq(inferences.userId, query.userId)))
  return rows[0] ?? null
}

export async function listInferences(
  database: Database,
  query: { userId: string; page: PageRequest },
): Promise<{ rows: InferenceRow[]; total: number }> {
  const [rows, counted] = await database.query.batch([
    database.query
      .select()
      .from(inferences)
      .where(eq(inferences.userId, query.userId))
      .orderBy(desc(inferences.createdAt), desc(inferences.jobId))
      .limit(query.page.limit)
      .offset(offsetOf(query.page)),
    database.query
      .select({ total: sql<number>`count(*)` })
      .from(inferences)
      .where(eq(inferences.userId, query.userId)),
  ])
  return { rows, total: counted[0]?.total ?? 0 }
}

/** Writes down that the reservation of an ended inference is settled; the first time stays. */
export async function markSettled(
  database: Database,
  inference: { id: string; nowMs: number },
): Promise<void> {
  await database.raw
    .prepare('UPDATE inferences SET settled_at = ?2 WHERE id = ?1 AND settled_at IS NULL')
    .bind(inference.id, inference.nowMs)
    .run()
}

/** Every item of an inference, in the order of the dataset. */
export function listInferenceItems(
  database: Database,
  inferenceId: string,
): Promise<InferenceItemRow[]> {
  return database.query
    .select()
    .from(inferenceItems)
    .where(eq(inferenceItems.inferenceId, inferenceId))
    .orderBy(asc(inferenceItems.position))
}

/** Whether the user has the inference, and its item whose result has that key. */
export async function findResultFile(
  database: Database,
  query: { userId: string; inferenceId: string; key: string },
): Promise<{
  inferenceExists: boolean
  item: Pick<InferenceItemRow, 'imageName' | 'resultKey'> | null
}> {
  const row = await database.raw
    .prepare(
      `SELECT items.image_name AS imageName, items.result_key AS resultKey FROM inferences
       LEFT JOIN inference_items AS items
         ON items.inference_id = inferences.id AND items.result_key = ?3 AND items.state = 'SUCCEEDED'
       WHERE inferences.id = ?2 AND inferences.user_id = ?1`,
    )
    .bind(query.userId, query.inferenceId, query.key)
    .first<{ imageName: string | null; resultKey: string | null }>()
  if (!row) return { inferenceExists: false, item: null }
  const { imageName, resultKey } = row
  return {
    inferenceExists: true,
    item: imageName === null || resultKey === null ? null : { imageName, resultKey },
  }
}
