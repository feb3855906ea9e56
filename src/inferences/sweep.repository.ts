import { and, asc, eq, getTableColumns, isNotNull, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../shared/database.ts'
import { users } from '../users/users.table.ts'
import { type InferenceRow, inferences } from './inferences.table.ts'
import type { EndedInference } from './tasks/endings.repository.ts'
import type { TaskMessage } from './tasks/tasks.queue.ts'

/** Inferences that have ended and whose reservation was not settled, oldest first. */
export async function listUnsettled(
  database: Database,
  query: { limit: number },
): Promise<EndedInference[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT id, user_id AS userId, reservation_id AS reservationId, spent FROM inferences
       WHERE ended_at IS NOT NULL AND settled_at IS NULL ORDER BY ended_at LIMIT ?1`,
    )
    .bind(query.limit)
    .all<EndedInference>()
  return results
}

/** Tasks that wait without a message, or whose holder is dead, oldest first; they count as sent from now on. */
export async function takeLostTasks(
  database: Database,
  query: { sentBeforeMs: number; nowMs: number; limit: number },
): Promise<TaskMessage[]> {
  const { results } = await database.raw
    .prepare(
      `UPDATE inference_tasks SET sent_at = ?2 WHERE id IN (
         SELECT id FROM inference_tasks
         WHERE state IN ('PENDING', 'RUNNING') AND sent_at < ?1
           AND (state = 'PENDING' OR lease_until < ?2)
         ORDER BY sent_at LIMIT ?3)
       RETURNING id AS taskId, inference_id AS inferenceId, kind`,
    )
    .bind(query.sentBeforeMs, query.nowMs, query.limit)
    .all<TaskMessage>()
  return results
}

type OpenInference = Pick<InferenceRow, 'id' | 'userId' | 'frameCount'>

/** Inferences that should have ended long ago, oldest first. */
export async function listOverdue(
  database: Database,
  query: { createdBeforeMs: number; limit: number },
): Promise<OpenInference[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT id, user_id AS userId, frame_count AS frameCount FROM inferences
       WHERE state IN ('PENDING', 'RUNNING') AND created_at < ?1 ORDER BY created_at LIMIT ?2`,
    )
    .bind(query.createdBeforeMs, query.limit)
    .all<OpenInference>()
  return results
}

/** Inferences that go on though their user's account is deleted, oldest first. */
export async function listOrphaned(
  database: Database,
  query: { limit: number },
): Promise<InferenceRow[]> {
  return await database.query
    .select(getTableColumns(inferences))
    .from(inferences)
    .innerJoin(users, eq(users.id, inferences.userId))
    .where(and(sql`${inferences.state} IN ('PENDING', 'RUNNING')`, isNotNull(users.deletedAt)))
    .orderBy(asc(inferences.createdAt))
    .limit(query.limit)
}

/**
 * Users whose ready tasks wait though there are places for them: a crash cannot bring that about, a larger number of
 * places can. Reads the tasks that are queued, of which each user has few.
 */
export async function listUsersWithRoom(
  database: Database,
  query: { queuedMax: number; limit: number },
): Promise<string[]> {
  const hasReady = (kinds: string) => `EXISTS (SELECT 1 FROM inference_tasks AS ready
    WHERE ready.inference_id = open.id AND ready.state = 'READY' AND ready.kind ${kinds} 'assemble')`
  const { results } = await database.raw
    .prepare(
      `WITH queued AS MATERIALIZED (
         SELECT inferences.user_id, sum(tasks.kind <> 'assemble') AS tasks, sum(tasks.kind = 'assemble') AS videos
         FROM inference_tasks AS tasks JOIN inferences ON inferences.id = tasks.inference_id
         WHERE tasks.state IN ('PENDING', 'RUNNING') GROUP BY inferences.user_id)
       SELECT DISTINCT open.user_id AS userId FROM inferences AS open
       LEFT JOIN queued ON queued.user_id = open.user_id
       WHERE open.state IN ('PENDING', 'RUNNING') AND (
         (coalesce(queued.tasks, 0) < ?1 AND ${hasReady('<>')})
         OR (open.frame_count > 0 AND coalesce(queued.videos, 0) < ?1 AND ${hasReady('=')}))
       LIMIT ?2`,
    )
    .bind(query.queuedMax, query.limit)
    .all<{ userId: string }>()
  return results.map((user) => user.userId)
}

/** Whether the inference of a row's `operation_id` was written. */
export function hasInference(operationIdPrefix: string): SQL {
  return sql`EXISTS (SELECT 1 FROM ${inferences} WHERE id = substr(operation_id, ${operationIdPrefix.length + 1}))`
}

/**
 * Of the operations, those without an inference; they are marked as abandoned in the same statement, so that a start
 * that is still under way can no longer write its inference.
 */
export async function abandonUnstarted(
  database: Database,
  query: { operationIds: readonly string[]; operationIdPrefix: string; nowMs: number },
): Promise<ReadonlySet<string>> {
  if (query.operationIds.length === 0) return new Set()
  const ids = JSON.stringify(query.operationIds)
  const [, abandoned] = await database.raw.batch<{ operationId: string }>([
    database.raw
      .prepare(
        `INSERT OR IGNORE INTO abandoned_operations (operation_id, abandoned_at)
         SELECT value, ?2 FROM json_each(?1)
         WHERE NOT EXISTS (SELECT 1 FROM inferences WHERE id = substr(value, ?3))`,
      )
      .bind(ids, query.nowMs, query.operationIdPrefix.length + 1),
    database.raw
      .prepare(
        `SELECT operation_id AS operationId FROM abandoned_operations
         WHERE operation_id IN (SELECT value FROM json_each(?1))`,
      )
      .bind(ids),
  ])
  return new Set((abandoned?.results ?? []).map((row) => row.operationId))
}
