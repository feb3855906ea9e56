import { type SQL, sql } from 'drizzle-orm'
import type { Database } from '../../../shared/database.ts'
import { uploadOperationId } from '../uploads.rules.ts'
import type { IngestionRow } from './ingestions.table.ts'

/**
 * Running uploads that nobody holds and whose message is lost; they count as sent from now on. The first condition on
 * the state is the partial index's, which SQLite uses only where a query repeats it.
 */
export async function takeLostIngestions(
  database: Database,
  query: { sentBeforeMs: number; nowMs: number; limit: number },
): Promise<string[]> {
  const { results } = await database.raw
    .prepare(
      `UPDATE ingestions SET sent_at = ?2 WHERE id IN (
         SELECT id FROM ingestions
         WHERE state IN ('RECEIVING', 'RUNNING') AND state = 'RUNNING' AND sent_at < ?1
           AND (lease_until IS NULL OR lease_until < ?2)
         ORDER BY sent_at LIMIT ?3)
       RETURNING id`,
    )
    .bind(query.sentBeforeMs, query.nowMs, query.limit)
    .all<{ id: string }>()
  return results.map(({ id }) => id)
}

/** Uploads that should have ended long ago. */
export async function listOverdueIngestions(
  database: Database,
  query: { receivingBeforeMs: number; runningBeforeMs: number; limit: number },
): Promise<Pick<IngestionRow, 'id' | 'state'>[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT id, state FROM ingestions WHERE state IN ('RECEIVING', 'RUNNING')
         AND created_at < CASE state WHEN 'RECEIVING' THEN ?1 ELSE ?2 END
       ORDER BY sent_at LIMIT ?3`,
    )
    .bind(query.receivingBeforeMs, query.runningBeforeMs, query.limit)
    .all<Pick<IngestionRow, 'id' | 'state'>>()
  return results
}

/** Uploads that failed before then and whose objects are to be deleted for the last time. */
export async function listUncleanIngestions(
  database: Database,
  query: { failedBeforeMs: number; limit: number },
): Promise<{ id: string }[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT id FROM ingestions WHERE state = 'FAILED' AND ended_at IS NULL AND updated_at < ?1
       ORDER BY updated_at LIMIT ?2`,
    )
    .bind(query.failedBeforeMs, query.limit)
    .all<{ id: string }>()
  return results
}

/**
 * The condition that the upload whose id an expression gives is under way, or is being undone. Not one that is committed
 * and not yet tidied or paid: whoever finds it may end it.
 */
export function isOpenIngestion(uploadId: string): string {
  return `EXISTS (SELECT 1 FROM ingestions WHERE ingestions.id = ${uploadId}
    AND (state IN ('RECEIVING', 'RUNNING') OR (state = 'FAILED' AND ended_at IS NULL)))`
}

/** The same of a ledger entry's upload. In `ingestions` no column is named as the entry's, so that each finds its own. */
export function hasOpenIngestion(): SQL {
  return sql.raw(isOpenIngestion(`substr(operation_id, ${uploadOperationId('').length + 1})`))
}
