import type { Database } from '../../../shared/database.ts'

/** Of the next so many uploads that have entries, in the order of their ids, those that ended before then. */
export async function listOldReports(
  database: Database,
  query: { after: string; endedBeforeMs: number; lookedAt: number },
): Promise<string[]> {
  const next = (id: string) => `SELECT min(upload_id) FROM upload_entries WHERE upload_id > ${id}`
  const { results } = await database.raw
    .prepare(
      `WITH RECURSIVE walk (id, place) AS (
         SELECT (${next('?1')}), 1
         UNION ALL
         SELECT (${next('walk.id')}), place + 1 FROM walk WHERE walk.id IS NOT NULL AND place < ?3)
       SELECT ingestions.id FROM walk JOIN ingestions ON ingestions.id = walk.id
       WHERE ingestions.ended_at < ?2`,
    )
    .bind(query.after, query.endedBeforeMs, query.lookedAt)
    .all<{ id: string }>()
  return results.map(({ id }) => id)
}

/** Keeps the counts of an upload's report and deletes at most so many of its entries; answers how many it deleted. */
export async function forgetEntriesOf(
  database: Database,
  report: { id: string; limit: number },
): Promise<number> {
  const count = (state: string) =>
    `(SELECT count(*) FROM upload_entries WHERE upload_id = ?1 AND state = '${state}')`
  const [, deleted] = await database.raw.batch([
    database.raw
      .prepare(
        `UPDATE ingestions SET request = json_set(request, '$.reported', json_object(
           'accepted', ${count('ACCEPTED')}, 'rejected', ${count('REJECTED')}, 'ignored', ${count('IGNORED')}))
         WHERE id = ?1 AND request ->> '$.reported' IS NULL`,
      )
      .bind(report.id),
    database.raw
      .prepare(
        `DELETE FROM upload_entries WHERE rowid IN (
           SELECT rowid FROM upload_entries WHERE upload_id = ?1 ORDER BY number LIMIT ?2)`,
      )
      .bind(report.id, report.limit),
  ])
  return deleted?.meta.changes ?? 0
}
