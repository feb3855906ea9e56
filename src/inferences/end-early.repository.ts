import { type AuditEntry, auditChangeStatement } from '../audit/audit-log.repository.ts'
import type { Database } from '../shared/database.ts'
import type { EndReason } from './inferences.lifecycle.ts'
import { lateWritesStatement } from './late-writes.repository.ts'
import { type EndedInference, endedAnswer, endedColumns } from './tasks/endings.repository.ts'
import { fillLinesStatements, readPromoted } from './tasks/promotions.repository.ts'
import type { TaskMessage } from './tasks/tasks.queue.ts'

export interface EarlyEnd {
  readonly inferenceId: string
  readonly userId: string
  readonly reason: EndReason
  /** What the items and videos without an outcome are told by. */
  readonly error: { readonly code: string; readonly message: string }
  /** Who ended it, where that is to be told later. */
  readonly audit: AuditEntry | null
  readonly gramsPerJoule: number
  readonly queuedMax: number
  readonly nowMs: number
}

/**
 * Ends an inference that has not ended, with everything of it that has not: one batch, so that of two ends exactly one is.
 * What succeeded stays. Leases go, so that no outcome of a run under way is recorded any more. The user's places in the
 * queues go to their other inferences, whose messages are to be sent.
 */
export async function endEarly(
  database: Database,
  end: EarlyEnd,
): Promise<{ ended: EndedInference | null; queued: readonly TaskMessage[] }> {
  const isAbort = end.reason !== 'deadline_passed'
  const state = isAbort ? 'ABORTED' : 'FAILED'
  const { inferenceId, userId, nowMs, queuedMax } = end
  // Of an inference that had ended otherwise nothing is open, so that the statements behind the first change nothing.
  const rest = (table: string, changes: string, open: string, ...values: readonly string[]) =>
    database.raw
      .prepare(
        `UPDATE ${table} SET state = '${state}', ${changes}, updated_at = ?2
         WHERE inference_id = ?1 AND state IN (${open})
           AND EXISTS (SELECT 1 FROM inferences WHERE id = ?1 AND end_reason = ?3)`,
      )
      .bind(inferenceId, nowMs, end.reason, ...values)
  const unmade = ['error_code = ?4, error_message = ?5', `'PENDING'`] as const
  const audit = end.audit === null ? [] : [auditChangeStatement(database, end.audit)]
  const results = await database.raw.batch<unknown>([
    database.raw
      .prepare(
        `UPDATE inferences SET end_reason = ?4, ${endedColumns}, ${
          isAbort
            ? `state = 'ABORTED'`
            : `failed_count = item_count - succeeded_count,
               state = CASE WHEN succeeded_count > 0 THEN 'COMPLETED' ELSE 'FAILED' END`
        }
         WHERE id = ?1 AND state IN ('PENDING', 'RUNNING') RETURNING ${endedAnswer}`,
      )
      .bind(inferenceId, nowMs, end.gramsPerJoule, end.reason),
    ...audit,
    lateWritesStatement(database, { inferenceId, nowMs }),
    rest(
      'inference_tasks',
      'lease_id = NULL, lease_until = NULL',
      `'WAITING', 'READY', 'PENDING', 'RUNNING'`,
    ),
    rest('inference_items', ...unmade, end.error.code, end.error.message),
    rest('inference_videos', ...unmade, end.error.code, end.error.message),
    ...fillLinesStatements(database, { userId, queuedMax, nowMs }),
  ])
  return {
    ended: (results[0]?.results[0] as EndedInference | undefined) ?? null,
    queued: readPromoted(results.slice(-2)),
  }
}
