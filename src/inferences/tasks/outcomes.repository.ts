import type { Database } from '../../shared/database.ts'
import type { ClaimedTask } from './claims.repository.ts'

export interface SucceededItem {
  readonly position: number
  readonly contentType: string
  readonly width: number
  readonly height: number
  readonly sizeBytes: number
  readonly sha256: string
  readonly crc32: number
  readonly joules: number
  readonly energyMethod: string
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

export type Holder = Pick<ClaimedTask, 'id' | 'leaseId' | 'inferenceId'>

/** Guards a statement whose first two parameters are the task and the lease. */
export const held = `EXISTS (SELECT 1 FROM inference_tasks WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING')`

/** Finds the items by their key: the join alone reads every item of the inference for every task. */
const named = `position IN (SELECT value ->> 'position' FROM json_each(?5))`

/** Writes outcomes down while the lease holds; an item's first outcome stays, and counts go with what was written. */
export function outcomeStatements(
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
        `UPDATE inferences SET ${column} = ${column} + changes(), updated_at = ?2
         WHERE id = ?1 AND changes() > 0`,
      )
      .bind(holder.inferenceId, nowMs)
  const statements: D1PreparedStatement[] = []
  if (outcomes.succeeded.length > 0) {
    statements.push(
      prepare(
        `UPDATE inference_items SET state = 'SUCCEEDED', content_type = made.value ->> 'contentType',
           width = made.value ->> 'width', height = made.value ->> 'height',
           size_bytes = made.value ->> 'sizeBytes', sha256 = made.value ->> 'sha256', crc32 = made.value ->> 'crc32',
           joules = made.value ->> 'joules', energy_method = made.value ->> 'energyMethod',
           inpaint_ms = made.value ->> 'inpaintMs', updated_at = ?4
         FROM json_each(?5) AS made
         WHERE inference_id = ?3 AND ${named} AND position = made.value ->> 'position'
           AND state = 'PENDING' AND ${held}`,
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
         WHERE inference_id = ?3 AND ${named} AND position = lost.value ->> 'position'
           AND state = 'PENDING' AND ${held}`,
        outcomes.failed,
      ),
      count('failed_count'),
    )
  }
  return statements
}

/** Records outcomes of a task that goes on; false when it is no longer the holder's, and nothing was recorded. */
export async function recordOutcomes(
  database: Database,
  holder: Holder,
  outcomes: Outcomes,
  nowMs: number,
): Promise<boolean> {
  const results = await database.raw.batch<{ isHeld: number }>([
    ...outcomeStatements(database, holder, outcomes, nowMs),
    database.raw.prepare(`SELECT ${held} AS isHeld`).bind(holder.id, holder.leaseId),
  ])
  return results.at(-1)?.results[0]?.isHeld === 1
}

/**
 * Gives a task back, to be run again for the items that have no outcome; false when it is no longer the holder's: another
 * has it, or it has ended.
 */
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
): Promise<boolean> {
  const results = await database.raw.batch([
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
  return results.at(-1)?.meta.changes === 1
}
