import { and, asc, desc, eq, sql } from 'drizzle-orm'
import { type Database, preparedOnce } from '../shared/database.ts'
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

const inferenceOfUser = preparedOnce((query) =>
  query
    .select()
    .from(inferences)
    .where(
      and(
        eq(inferences.id, sql.placeholder('id')),
        eq(inferences.userId, sql.placeholder('userId')),
      ),
    )
    .prepare(),
)

/** The user's inference by its id. */
export async function findInference(
  database: Database,
  query: { userId: string; id: string },
): Promise<InferenceRow | null> {
  return (await inferenceOfUser(database).get(query)) ?? null
}

const inferenceOfJob = preparedOnce((query) =>
  query
    .select()
    .from(inferences)
    .where(
      and(
        eq(inferences.jobId, sql.placeholder('jobId')),
        eq(inferences.userId, sql.placeholder('userId')),
      ),
    )
    .prepare(),
)

/** The user's inference by its job number. */
export async function findInferenceByJob(
  database: Database,
  query: { userId: string; jobId: number },
): Promise<InferenceRow | null> {
  return (await inferenceOfJob(database).get(query)) ?? null
}

/** Those of the user's inferences that have not ended. */
export function listOpenInferences(database: Database, userId: string): Promise<InferenceRow[]> {
  return database.query
    .select()
    .from(inferences)
    .where(and(eq(inferences.userId, userId), sql`${inferences.state} IN ('PENDING', 'RUNNING')`))
}

const pageOfInferences = preparedOnce((query) =>
  query
    .select({
      inference: inferences,
      total: sql<number>`(SELECT count(*) FROM inferences WHERE user_id = ${sql.placeholder('userId')})`,
    })
    .from(inferences)
    .where(eq(inferences.userId, sql.placeholder('userId')))
    .orderBy(desc(inferences.createdAt), desc(inferences.jobId))
    .limit(sql.placeholder('limit'))
    .offset(sql.placeholder('offset'))
    .prepare(),
)

/** A page of the user's inferences, newest first, with how many there are in all. */
export async function listInferences(
  database: Database,
  { userId, page }: { userId: string; page: PageRequest },
): Promise<{ rows: InferenceRow[]; total: number }> {
  const rows = await pageOfInferences(database).all({
    userId,
    limit: page.limit,
    offset: offsetOf(page),
  })
  const [first] = rows
  // A page without rows tells no total.
  const total = first
    ? first.total
    : await database.query.$count(inferences, eq(inferences.userId, userId))
  return { rows: rows.map(({ inference }) => inference), total }
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

const itemsOfInference = preparedOnce((query) =>
  query
    .select()
    .from(inferenceItems)
    .where(eq(inferenceItems.inferenceId, sql.placeholder('inferenceId')))
    .orderBy(asc(inferenceItems.position))
    .prepare(),
)

/** Every item of an inference, in the order of the dataset. */
export function listInferenceItems(
  database: Database,
  inferenceId: string,
): Promise<InferenceItemRow[]> {
  return itemsOfInference(database).all({ inferenceId })
}

const toldColumns = {
  kind: inferenceItems.kind,
  state: inferenceItems.state,
  imageKey: inferenceItems.imageKey,
  imageName: inferenceItems.imageName,
  resultKey: inferenceItems.resultKey,
  errorCode: inferenceItems.errorCode,
  errorMessage: inferenceItems.errorMessage,
}
/** What became of an item, as an inference tells it: without what its results tell. */
export type ItemOutcome = Pick<InferenceItemRow, keyof typeof toldColumns>

const outcomesOfInference = preparedOnce((query) =>
  query
    .select(toldColumns)
    .from(inferenceItems)
    .where(eq(inferenceItems.inferenceId, sql.placeholder('inferenceId')))
    .orderBy(asc(inferenceItems.position))
    .prepare(),
)

/** What became of every item of an inference, in the order of the dataset. */
export function listItemOutcomes(database: Database, inferenceId: string): Promise<ItemOutcome[]> {
  return outcomesOfInference(database).all({ inferenceId })
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
