import { and, asc, desc, eq, sql } from 'drizzle-orm'
import type { Database } from '../shared/database.ts'
import { offsetOf, type PageRequest } from '../shared/pagination.ts'
import {
  type InferenceItemRow,
  type InferenceRow,
  inferenceItems,
  inferences,
} from './inferences.table.ts'

/** Anybody's inference by its id. */
export async function findInferenceById(
  database: Database,
  id: string,
): Promise<InferenceRow | null> {
  const rows = await database.query.select().from(inferences).where(eq(inferences.id, id))
  return rows[0] ?? null
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

/** Those of the user's inferences that have not ended. */
export function listOpenInferences(database: Database, userId: string): Promise<InferenceRow[]> {
  return database.query
    .select()
    .from(inferences)
    .where(and(eq(inferences.userId, userId), sql`${inferences.state} IN ('PENDING', 'RUNNING')`))
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

/** Whether the user has the inference, and the item or video whose result has that key. */
export async function findResultFile(
  database: Database,
  query: { userId: string; inferenceId: string; key: string },
): Promise<{
  inferenceExists: boolean
  resultsDeletedAt: number | null
  item: Pick<InferenceItemRow, 'imageName' | 'resultKey'> | null
}> {
  const row = await database.raw
    .prepare(
      `SELECT coalesce(items.image_name, videos.name) AS imageName,
         coalesce(items.result_key, videos.result_key) AS resultKey,
         inferences.results_deleted_at AS deletedAt FROM inferences
       LEFT JOIN inference_items AS items
         ON items.inference_id = inferences.id AND items.result_key = ?3 AND items.state = 'SUCCEEDED'
       LEFT JOIN inference_videos AS videos
         ON videos.inference_id = inferences.id AND videos.result_key = ?3 AND videos.state = 'SUCCEEDED'
       WHERE inferences.id = ?2 AND inferences.user_id = ?1`,
    )
    .bind(query.userId, query.inferenceId, query.key)
    .first<{ imageName: string | null; resultKey: string | null; deletedAt: number | null }>()
  if (!row) return { inferenceExists: false, resultsDeletedAt: null, item: null }
  const { imageName, resultKey } = row
  return {
    inferenceExists: true,
    resultsDeletedAt: row.deletedAt,
    item: imageName === null || resultKey === null ? null : { imageName, resultKey },
  }
}
