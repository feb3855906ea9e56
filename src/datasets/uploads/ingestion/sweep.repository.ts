import { type SQL, sql } from 'drizzle-orm'
import type { Database } from '../../../shared/database.ts'
import { uploadOperationId } from '../uploads.rules.ts'
import { type IngestionRow, ingestions } from './ingestions.table.ts'

/** Running uploads that nobody holds and whose message is lost; they count as sent from now on. */
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

/** Failed uploads whose objects nobody has deleted yet. */
export async function listUncleanIngestions(
  database: Database,
  query: { limit: number },
): Promise<{ id: string }[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT id FROM ingestions WHERE state = 'FAILED' AND ended_at IS NULL
       ORDER BY updated_at LIMIT ?1`,
    )
    .bind(query.limit)
    .all<{ id: string }>()
  return results
}

/** Whether the upload of a row's `operation_id` is under way, or is being undone. */
export function hasOpenIngestion(): SQL {
  const start = uploadOperationId('').length + 1
  return sql`EXISTS (SELECT 1 FROM ${ingestions} WHERE id = substr(operation_id, ${start}) AND ended_at IS NULL)`
}
