import type { Database } from '../../shared/database.ts'
import { taskLeaseMs } from '../inferences.lifecycle.ts'
import type { InferenceItemRow, InferenceRow } from '../inferences.table.ts'

export interface ClaimedTask {
  readonly id: string
  readonly leaseId: string
  readonly inferenceId: string
  /** Runs so far, this one included. */
  readonly attempts: number
  readonly firstPosition: number
  readonly itemCount: number
  readonly modelId: string
  /** JSON. */
  readonly parameters: string
  readonly items: readonly ClaimedItem[]
}

export type ClaimedItem = Pick<InferenceItemRow, 'position' | 'imageKey' | 'maskKey' | 'resultKey'>

type ClaimRow = Omit<ClaimedTask, 'items' | 'leaseId'>

/** Takes a task for a lease's time; null when it has ended, is held by another, or its inference has ended. */
export async function claimTask(
  database: Database,
  claim: { taskId: string; leaseId: string; nowMs: number },
): Promise<ClaimedTask | null> {
  const [claimed, , items] = await database.raw.batch<unknown>([
    database.raw
      .prepare(
        `UPDATE inference_tasks
         SET state = 'RUNNING', lease_id = ?2, lease_until = ?4, attempts = attempts + 1, updated_at = ?3
         WHERE id = ?1 AND (state = 'PENDING' OR (state = 'RUNNING' AND lease_until < ?3))
           AND EXISTS (SELECT 1 FROM inferences
             WHERE id = inference_tasks.inference_id AND state IN ('PENDING', 'RUNNING'))
         RETURNING id, inference_id AS inferenceId, attempts, first_position AS firstPosition,
           item_count AS itemCount,
           (SELECT model_id FROM inferences WHERE id = inference_id) AS modelId,
           (SELECT parameters FROM inferences WHERE id = inference_id) AS parameters`,
      )
      .bind(claim.taskId, claim.leaseId, claim.nowMs, claim.nowMs + taskLeaseMs),
    database.raw
      .prepare(
        `UPDATE inferences SET state = 'RUNNING', updated_at = ?3
         WHERE state = 'PENDING'
           AND id = (SELECT inference_id FROM inference_tasks WHERE id = ?1 AND lease_id = ?2)`,
      )
      .bind(claim.taskId, claim.leaseId, claim.nowMs),
    database.raw
      .prepare(
        `SELECT items.position, items.image_key AS imageKey, items.mask_key AS maskKey,
           items.result_key AS resultKey
         FROM inference_tasks AS tasks JOIN inference_items AS items
           ON items.inference_id = tasks.inference_id AND items.position >= tasks.first_position
          AND items.position < tasks.first_position + tasks.item_count
         WHERE tasks.id = ?1 AND tasks.lease_id = ?2 AND items.state = 'PENDING'
         ORDER BY items.position`,
      )
      .bind(claim.taskId, claim.leaseId),
  ])
  const task = claimed?.results[0] as ClaimRow | undefined
  if (!task) return null
  return { ...task, leaseId: claim.leaseId, items: (items?.results ?? []) as ClaimedItem[] }
}

/** Holds the task for another lease's time; false when it is no longer the holder's. */
export async function renewLease(
  database: Database,
  holder: Pick<ClaimedTask, 'id' | 'leaseId'>,
  nowMs: number,
): Promise<boolean> {
  const result = await database.raw
    .prepare(
      `UPDATE inference_tasks SET lease_until = ?3
       WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
    )
    .bind(holder.id, holder.leaseId, nowMs + taskLeaseMs)
    .run()
  return result.meta.changes === 1
}

export interface SucceededItem {
  readonly position: number
  readonly contentType: string
  readonly width: number
  readonly height: number
  readonly sizeBytes: number
  readonly sha256: string
  readonly crc32: number
  readonly joules: number
  readonly inpaintMs: number
}

export interface FailedItem {
  readonly position: number
  readonly code: string
  readonly message: string
}

export interface Outcomes {
  readonly succeeded: readonly SucceededItem[]
  readonly failed: readonly FailedItem[]
}

type Holder = Pick<ClaimedTask, 'id' | 'leaseId' | 'inferenceId'>

const held = `EXISTS (SELECT 1 FROM inference_tasks WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING')`

/** Writes outcomes down while the lease holds; an item's first outcome stays, and counts go with what was written. */
function outcomeStatements(
  database: Database,
  holder: Holder,
  outcomes: Outcomes,
  nowMs: number,
): D1PreparedStatement[] {
  const prepare = (sql: string, list: readonly unknown[]) =>
    database.raw
      .prepare(sql)
      .bind(holder.id, holder.leaseId, holder.inferenceId, nowMs, JSON.stringify(list))
  const count = (column: string) =>
    database.raw
      .prepare(
        `UPDATE inferences SET ${column} = ${column} + changes(), updated_at = ?2 WHERE id = ?1`,
      )
      .bind(holder.inferenceId, nowMs)
  const statements: D1PreparedStatement[] = []
  if (outcomes.succeeded.length > 0) {
    statements.push(
      prepare(
        `UPDATE inference_items SET state = 'SUCCEEDED', content_type = made.value ->> 'contentType',
           width = made.value ->> 'width', height = made.value ->> 'height',
           size_bytes = made.value ->> 'sizeBytes', sha256 = made.value ->> 'sha256', crc32 = made.value ->> 'crc32',
           joules = made.value ->> 'joules', inpaint_ms = made.value ->> 'inpaintMs', updated_at = ?4
         FROM json_each(?5) AS made
         WHERE inference_id = ?3 AND position = made.value ->> 'position' AND state = 'PENDING' AND ${held}`,
        outcomes.succeeded,
      ),
      count('succeeded_count'),
    )
  }
  if (outcomes.failed.length > 0) {
    statements.push(
      prepare(
        `UPDATE inference_items SET state = 'FAILED', error_code = lost.value ->> 'code',
           error_message = lost.value ->> 'message', updated_at = ?4
         FROM json_each(?5) AS lost
         WHERE inference_id = ?3 AND position = lost.value ->> 'position' AND state = 'PENDING' AND ${held}`,
        outcomes.failed,
      ),
      count('failed_count'),
    )
  }
  return statements
}

/** Records outcomes of a task that goes on. */
export async function recordOutcomes(
  database: Database,
  holder: Holder,
  outcomes: Outcomes,
  nowMs: number,
): Promise<void> {
  const statements = outcomeStatements(database, holder, outcomes, nowMs)
  if (statements.length > 0) await database.raw.batch(statements)
}

/** Gives a task back, to be run again for the items that have no outcome. */
export async function returnTask(
  database: Database,
  holder: Holder,
  again: {
    outcomes: Outcomes
    errorCode: string
    runsAtMs: number
    countsAsAttempt: boolean
    nowMs: number
  },
): Promise<void> {
  await database.raw.batch([
    ...outcomeStatements(database, holder, again.outcomes, again.nowMs),
    database.raw
      .prepare(
        `UPDATE inference_tasks SET state = 'PENDING', lease_id = NULL, lease_until = NULL,
           error_code = ?3, sent_at = ?4, updated_at = ?5, attempts = attempts - ?6
         WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
      )
      .bind(
        holder.id,
        holder.leaseId,
        again.errorCode,
        again.runsAtMs,
        again.nowMs,
        again.countsAsAttempt ? 0 : 1,
      ),
  ])
}

export type EndedInference = Pick<InferenceRow, 'id' | 'userId' | 'reservationId'> & {
  readonly spent: number
}

/** Ends a task with its last outcomes, and its inference when it was the last; answers the inference that ended. */
export async function finishTask(
  database: Database,
  holder: Holder,
  end: { outcomes: Outcomes; gramsPerJoule: number; nowMs: number },
): Promise<EndedInference | null> {
  const results = await database.raw.batch<EndedInference>([
    ...outcomeStatements(database, holder, end.outcomes, end.nowMs),
    database.raw
      .prepare(
        `UPDATE inference_tasks SET lease_id = NULL, lease_until = NULL, updated_at = ?4,
           state = CASE WHEN EXISTS (
             SELECT 1 FROM inference_items WHERE inference_id = ?3 AND state = 'SUCCEEDED'
               AND position >= first_position AND position < first_position + item_count
           ) THEN 'COMPLETED' ELSE 'FAILED' END
         WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
      )
      .bind(holder.id, holder.leaseId, holder.inferenceId, end.nowMs),
    endInferenceStatement(database, {
      inferenceId: holder.inferenceId,
      gramsPerJoule: end.gramsPerJoule,
      nowMs: end.nowMs,
    }),
  ])
  return results.at(-1)?.results[0] ?? null
}

/** Ends an inference that has no open task: COMPLETED when an item succeeded, otherwise FAILED. */
function endInferenceStatement(
  database: Database,
  end: { inferenceId: string; gramsPerJoule: number; nowMs: number },
): D1PreparedStatement {
  return database.raw
    .prepare(
      `UPDATE inferences SET
         state = CASE WHEN succeeded_count > 0 THEN 'COMPLETED' ELSE 'FAILED' END,
         spent = (SELECT coalesce(sum(CASE kind WHEN 'frame' THEN frame_unit_price ELSE image_unit_price END), 0)
           FROM inference_items WHERE inference_id = ?1 AND state = 'SUCCEEDED'),
         carbon_grams = ?3 * (SELECT coalesce(sum(joules), 0) FROM inference_items WHERE inference_id = ?1),
         ended_at = ?2, updated_at = ?2
       WHERE id = ?1 AND state IN ('PENDING', 'RUNNING')
         AND NOT EXISTS (SELECT 1 FROM inference_tasks
           WHERE inference_id = ?1 AND state IN ('PENDING', 'RUNNING'))
       RETURNING id, user_id AS userId, reservation_id AS reservationId, spent`,
    )
    .bind(end.inferenceId, end.nowMs, end.gramsPerJoule)
}
