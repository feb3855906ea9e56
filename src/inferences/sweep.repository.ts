import { type SQL, sql } from 'drizzle-orm'
import type { Database } from '../shared/database.ts'
import { inferences } from './inferences.table.ts'
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

/** Open tasks of inferences that should have ended long ago. */
export async function listOverdueTasks(
  database: Database,
  query: { createdBeforeMs: number; limit: number },
): Promise<{ id: string }[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT tasks.id FROM inferences JOIN inference_tasks AS tasks ON tasks.inference_id = inferences.id
       WHERE inferences.state IN ('PENDING', 'RUNNING') AND inferences.created_at < ?1
         AND tasks.state IN ('PENDING', 'RUNNING')
       ORDER BY inferences.created_at LIMIT ?2`,
    )
    .bind(query.createdBeforeMs, query.limit)
    .all<{ id: string }>()
  return results
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
