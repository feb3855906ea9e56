import { and, asc, count, desc, eq, gt, gte, lt, sql } from 'drizzle-orm'
import type { InferenceState } from '../../inferences/inferences.lifecycle.ts'
import {
  type InferenceRow,
  type InferenceTaskRow,
  inferences,
  inferenceTasks,
} from '../../inferences/inferences.table.ts'
import type { Database } from '../../shared/database.ts'
import { offsetOf, type PageRequest } from '../../shared/pagination.ts'

export interface JobFilters {
  readonly userId?: string | undefined
  readonly status?: InferenceState | undefined
  /** Created at that time or later. */
  readonly fromMs?: number | undefined
  /** Created before that time. */
  readonly toMs?: number | undefined
}

/** A page of everybody's inferences, newest first, with how many there are. */
export async function listAllInferences(
  { query }: Database,
  { filters, page }: { filters: JobFilters; page: PageRequest },
): Promise<{ rows: InferenceRow[]; total: number }> {
  const isIndexedByTime = filters.userId !== undefined || isOpen(filters.status)
  const where = and(
    createCondition(filters),
    // Everybody's are read from the last number on.
    isIndexedByTime ? undefined : gt(inferences.jobId, 0),
  )
  const newestFirst = isIndexedByTime
    ? [desc(inferences.createdAt), desc(inferences.jobId)]
    : [desc(inferences.jobId)]
  const [rows, totals] = await query.batch([
    query
      .select()
      .from(inferences)
      .where(where)
      .orderBy(...newestFirst)
      .limit(page.limit)
      .offset(offsetOf(page)),
    query.select({ total: count() }).from(inferences).where(where),
  ])
  return { rows, total: totals[0]?.total ?? 0 }
}

function isOpen(status: InferenceState | undefined): boolean {
  return status === 'PENDING' || status === 'RUNNING'
}

function createCondition({ userId, status, fromMs, toMs }: JobFilters) {
  return and(
    userId === undefined ? undefined : eq(inferences.userId, userId),
    status === undefined ? undefined : eq(inferences.state, status),
    // In the words of the index of those that are open, which are few.
    isOpen(status) ? sql`${inferences.state} IN ('PENDING', 'RUNNING')` : undefined,
    fromMs === undefined ? undefined : gte(inferences.createdAt, fromMs),
    toMs === undefined ? undefined : lt(inferences.createdAt, toMs),
  )
}

export interface TaskCount {
  readonly kind: InferenceTaskRow['kind']
  readonly state: InferenceTaskRow['state']
  readonly count: number
}

/** A page of an inference's tasks, in the order of their items, and how many there are of each kind in each state. */
export async function listTasks(
  { query }: Database,
  { inferenceId, page }: { inferenceId: string; page: PageRequest },
): Promise<{ tasks: InferenceTaskRow[]; counts: TaskCount[] }> {
  const where = eq(inferenceTasks.inferenceId, inferenceId)
  const [tasks, counts] = await query.batch([
    query
      .select()
      .from(inferenceTasks)
      .where(where)
      .orderBy(asc(inferenceTasks.firstPosition), asc(sql`rowid`))
      .limit(page.limit)
      .offset(offsetOf(page)),
    query
      .select({ kind: inferenceTasks.kind, state: inferenceTasks.state, count: count() })
      .from(inferenceTasks)
      .where(where)
      .groupBy(inferenceTasks.kind, inferenceTasks.state),
  ])
  return { tasks, counts }
}

export interface FailedPart {
  /** Of an item; null of a video. */
  readonly position: number | null
  readonly kind: 'image' | 'frame' | 'video'
  readonly name: string
  readonly code: string | null
  readonly message: string | null
}

/** The items and videos of an inference that failed so far, in the order of the dataset; videos last. */
export async function listFailedParts(
  database: Database,
  inferenceId: string,
): Promise<FailedPart[]> {
  const results = await database.raw.batch<FailedPart>([
    database.raw
      .prepare(
        `SELECT position, kind, image_name AS name, error_code AS code, error_message AS message
         FROM inference_items WHERE inference_id = ?1 AND state = 'FAILED' ORDER BY position`,
      )
      .bind(inferenceId),
    database.raw
      .prepare(
        `SELECT NULL AS position, 'video' AS kind, name, error_code AS code, error_message AS message
         FROM inference_videos WHERE inference_id = ?1 AND state = 'FAILED' ORDER BY first_position`,
      )
      .bind(inferenceId),
  ])
  return results.flatMap((result) => result.results)
}
