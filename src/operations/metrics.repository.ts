import type { Database } from '../shared/database.ts'

/*
 * What D1 tells of how things stand. Every query reads what is open, what is newest, or the last day: none grows with
 * all that ever happened. A CROSS JOIN keeps SQLite from beginning with the larger table, and INDEXED BY from reading all
 * rows in the order of their groups.
 */

/** How many inferences back the figures of the last day look. */
export const recentInferences = 10_000
/** How many inferences back it is looked for entries that the projection should have. */
const undeliveredLookBack = 1_000
/** What an entry takes to reach the projection, and far more. */
const deliveryMs = 60_000

const queries = {
  oldestMessage: `SELECT sent_at AS at FROM inference_tasks
    WHERE state IN ('PENDING', 'RUNNING') AND state = 'PENDING' ORDER BY sent_at LIMIT 1`,
  oldestWaiting: `SELECT created_at AS at FROM inferences
    WHERE state IN ('PENDING', 'RUNNING') AND EXISTS (
      SELECT 1 FROM inference_tasks
      WHERE inference_id = inferences.id AND inference_tasks.state IN ('READY', 'PENDING'))
    ORDER BY created_at LIMIT 1`,
  tasks: `SELECT tasks.kind, tasks.state, count(*) AS count FROM inferences
    CROSS JOIN inference_tasks AS tasks ON tasks.inference_id = inferences.id
    WHERE inferences.state IN ('PENDING', 'RUNNING') GROUP BY tasks.kind, tasks.state`,
  openInferences: `SELECT state, count(*) AS count FROM inferences
    WHERE state IN ('PENDING', 'RUNNING') GROUP BY state`,
  endedInferences: `SELECT state, count(*) AS count FROM (
      SELECT state, ended_at FROM inferences WHERE job_id > 0 ORDER BY job_id DESC LIMIT ${recentInferences})
    WHERE ended_at >= ?1 GROUP BY state`,
  unsettled: `SELECT count(*) AS count, min(ended_at) AS at FROM inferences
    WHERE ended_at IS NOT NULL AND settled_at IS NULL`,
  ingestions: `SELECT state, count(*) AS count FROM ingestions
    WHERE state IN ('RECEIVING', 'RUNNING') GROUP BY state
    UNION ALL SELECT 'FAILED', count(*) FROM ingestions WHERE state = 'FAILED' AND ended_at IS NULL`,
  fileUploads: 'SELECT count(*) AS count FROM file_uploads WHERE expires_at >= ?2',
  reservations: `SELECT operation_type AS type, count(*) AS count, -sum(amount) AS amount, min(created_at) AS at
    FROM token_transactions WHERE status = 'pending' GROUP BY operation_type`,
  tokens: `SELECT operation_type AS type, status, count(*) AS count, sum(amount) AS amount
    FROM token_transactions INDEXED BY token_transactions_by_time
    WHERE created_at >= ?1 GROUP BY operation_type, status`,
  undelivered: `SELECT count(*) AS count, min(recent.at) AS at FROM (
      SELECT reservation_id, settled_at, coalesce(settled_at, created_at) AS at
      FROM inferences WHERE job_id > 0 ORDER BY job_id DESC LIMIT ${undeliveredLookBack}) AS recent
    LEFT JOIN token_transactions AS entry ON entry.id = recent.reservation_id
    WHERE recent.at < ?2 - ${deliveryMs}
      AND (entry.id IS NULL OR (recent.settled_at IS NOT NULL AND entry.status = 'pending'))`,
  itemFailures: failures('inference_items', 'item', 'recent.failed_count > 0 AND '),
  videoFailures: failures('inference_videos', 'video', ''),
  taskFailures: failures('inference_tasks', 'task', ''),
} as const

function failures(table: string, part: string, condition: string): string {
  return `SELECT '${part}' AS part, coalesce(failed.error_code, 'unknown') AS code, count(*) AS count FROM (
      SELECT id, failed_count, updated_at FROM inferences WHERE job_id > 0 ORDER BY job_id DESC LIMIT ${recentInferences}) AS recent
    CROSS JOIN ${table} AS failed ON failed.inference_id = recent.id
    WHERE recent.updated_at >= ?1 AND ${condition}failed.state = 'FAILED' AND failed.updated_at >= ?1
    GROUP BY code`
}

interface Row {
  readonly state: string
  readonly kind: string
  readonly type: string
  readonly status: string
  readonly part: string
  readonly code: string
  readonly count: number
  readonly amount: number
  readonly at: number | null
}

export type MetricRows = Readonly<Record<keyof typeof queries, readonly Row[]>>

/** All figures at one moment, in one round trip; `sinceMs` begins the last day. */
export async function readMetricRows(
  { raw }: Database,
  time: { readonly nowMs: number; readonly sinceMs: number },
): Promise<MetricRows> {
  const names = Object.keys(queries) as (keyof typeof queries)[]
  const answers = await raw.batch<Row>(
    names.map((name) => {
      const sql = queries[name]
      const statement = raw.prepare(sql)
      if (sql.includes('?2')) return statement.bind(time.sinceMs, time.nowMs)
      return sql.includes('?1') ? statement.bind(time.sinceMs) : statement
    }),
  )
  return Object.fromEntries(
    names.map((name, index) => [name, answers[index]?.results ?? []]),
  ) as unknown as MetricRows
}

/** Users whose accounts did something of late: they alone can have anything to deliver that is not being retried. */
export async function listActiveUsers(
  { raw }: Database,
  query: { limit: number },
): Promise<string[]> {
  const { results } = await raw
    .prepare(
      `SELECT DISTINCT id FROM (
         SELECT user_id AS id FROM (SELECT user_id FROM inferences WHERE job_id > 0 ORDER BY job_id DESC LIMIT 100)
         UNION ALL SELECT user_id FROM (
           SELECT user_id FROM token_transactions ORDER BY created_at DESC LIMIT 100)
         UNION ALL SELECT user_id FROM (
           SELECT user_id FROM token_transactions WHERE status = 'pending' LIMIT 100))
       LIMIT ?1`,
    )
    .bind(query.limit)
    .all<{ id: string }>()
  return results.map(({ id }) => id)
}
