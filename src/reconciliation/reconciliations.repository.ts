import { and, count, desc, eq, lt, ne, sql } from 'drizzle-orm'
import type { Database } from '../shared/database.ts'
import { offsetOf, type PageRequest } from '../shared/pagination.ts'
import type { Finding } from './findings.rules.ts'
import { type Cursor, sweepReportId } from './reconciliations.lifecycle.ts'
import { type ReconciliationRow, reconciliations } from './reconciliations.table.ts'

/** In the words of the partial index, which a bound parameter would not match. */
const isRunning = sql`state = 'RUNNING'`
const isReconciliation = ne(reconciliations.id, sweepReportId)

/** The statement that starts one; it changes nothing while one is running or, with it given, one began after `unlessSinceMs`. */
export function createStartStatement(
  { raw }: Database,
  run: { id: string; startedBy: string; cursor: Cursor; nowMs: number; unlessSinceMs?: number },
): D1PreparedStatement {
  return raw
    .prepare(
      `INSERT OR IGNORE INTO reconciliations (id, started_by, state, cursor, started_at, updated_at)
       SELECT ?1, ?2, 'RUNNING', ?3, ?4, ?4
       WHERE NOT EXISTS (SELECT 1 FROM reconciliations WHERE state = 'RUNNING')
         AND NOT EXISTS (SELECT 1 FROM reconciliations WHERE started_at > ?5 AND id <> '${sweepReportId}')`,
    )
    .bind(
      run.id,
      run.startedBy,
      JSON.stringify(run.cursor),
      run.nowMs,
      run.unlessSinceMs ?? Number.MAX_SAFE_INTEGER,
    )
}

export function findReconciliation(
  { query }: Database,
  id: string,
): Promise<ReconciliationRow | undefined> {
  return query
    .select()
    .from(reconciliations)
    .where(and(eq(reconciliations.id, id), isReconciliation))
    .get()
}

export function findRunning({ query }: Database): Promise<ReconciliationRow | undefined> {
  return query.select().from(reconciliations).where(isRunning).get()
}

/** The newest, running or not. */
export function findLatest({ query }: Database): Promise<ReconciliationRow | undefined> {
  return query
    .select()
    .from(reconciliations)
    .where(isReconciliation)
    .orderBy(desc(reconciliations.startedAt))
    .limit(1)
    .get()
}

/** One page, newest first, and how many there are in all. */
export async function listReconciliations(
  { query }: Database,
  page: PageRequest,
): Promise<{ rows: ReconciliationRow[]; total: number }> {
  const [rows, [counted]] = await query.batch([
    query
      .select()
      .from(reconciliations)
      .where(isReconciliation)
      .orderBy(desc(reconciliations.startedAt))
      .limit(page.limit)
      .offset(offsetOf(page)),
    query.select({ total: count() }).from(reconciliations).where(isReconciliation),
  ])
  return { rows, total: counted?.total ?? 0 }
}

/** Takes the lease of the running one; undefined where none is running or somebody else holds it. */
export async function claimRunning(
  { query }: Database,
  lease: { id: string; nowMs: number; untilMs: number },
): Promise<ReconciliationRow | undefined> {
  const claimed = await query
    .update(reconciliations)
    .set({ leaseId: lease.id, leaseUntil: lease.untilMs })
    .where(and(isRunning, sql`(lease_until IS NULL OR lease_until < ${lease.nowMs})`))
    .returning()
  return claimed[0]
}

/** Writes a page's end down, as long as the lease is held; undefined where it is not. A null cursor ends the reconciliation. */
export async function saveProgress(
  { query }: Database,
  progress: {
    id: string
    leaseId: string
    leaseUntilMs: number
    cursor: Cursor | null
    accountsChecked: number
    objectsChecked: number
    repairedCount: number
    unrepairedCount: number
    findings: readonly Finding[]
    nowMs: number
  },
): Promise<ReconciliationRow | undefined> {
  const { cursor, nowMs } = progress
  const ending =
    cursor === null
      ? { state: 'COMPLETED' as const, endedAt: nowMs, leaseId: null, leaseUntil: null }
      : { cursor: JSON.stringify(cursor), leaseUntil: progress.leaseUntilMs }
  const saved = await query
    .update(reconciliations)
    .set({
      ...ending,
      accountsChecked: sql`accounts_checked + ${progress.accountsChecked}`,
      objectsChecked: sql`objects_checked + ${progress.objectsChecked}`,
      repairedCount: sql`repaired_count + ${progress.repairedCount}`,
      unrepairedCount: sql`unrepaired_count + ${progress.unrepairedCount}`,
      findings: JSON.stringify(progress.findings),
      updatedAt: nowMs,
    })
    .where(
      and(
        eq(reconciliations.id, progress.id),
        eq(reconciliations.leaseId, progress.leaseId),
        isRunning,
      ),
    )
    .returning()
  return saved[0]
}

export async function releaseLease(
  { query }: Database,
  lease: { id: string; leaseId: string },
): Promise<void> {
  await query
    .update(reconciliations)
    .set({ leaseId: null, leaseUntil: null })
    .where(and(eq(reconciliations.id, lease.id), eq(reconciliations.leaseId, lease.leaseId)))
}

/** Gives up what has been running since before that time. */
export async function failOverdue(
  { query }: Database,
  overdue: { startedBeforeMs: number; nowMs: number },
): Promise<void> {
  await query
    .update(reconciliations)
    .set({
      state: 'FAILED',
      endedAt: overdue.nowMs,
      updatedAt: overdue.nowMs,
      leaseId: null,
      leaseUntil: null,
    })
    .where(and(isRunning, lt(reconciliations.startedAt, overdue.startedBeforeMs)))
}
