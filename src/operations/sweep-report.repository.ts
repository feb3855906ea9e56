import { sweepReportId } from '../reconciliation/reconciliations.lifecycle.ts'
import type { Database } from '../shared/database.ts'

/** How one part of the sweep ended. */
export interface SweptPart {
  readonly part: string
  readonly ms: number
  readonly failed: boolean
  /** The names of the errors that it logged, each once. */
  readonly errors: readonly string[]
}

export interface SweepReport {
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly endedAt: number
  readonly parts: readonly SweptPart[]
}

/** Keeps the newest report alone: the table's columns tell of a sweep what they tell of a reconciliation. */
export async function saveSweepReport({ raw }: Database, report: SweepReport): Promise<void> {
  const failed = report.parts.filter((part) => part.failed).length
  await raw
    .prepare(
      `INSERT INTO reconciliations (id, started_by, state, cursor, unrepaired_count, findings,
         started_at, updated_at, ended_at)
       VALUES ('${sweepReportId}', 'system', ?1, '{}', ?2, ?3, ?4, ?5, ?5)
       ON CONFLICT (id) DO UPDATE SET
         state = excluded.state, unrepaired_count = excluded.unrepaired_count,
         findings = excluded.findings, started_at = excluded.started_at,
         updated_at = excluded.updated_at, ended_at = excluded.ended_at
       WHERE excluded.started_at >= reconciliations.started_at`,
    )
    .bind(
      failed === 0 ? 'COMPLETED' : 'FAILED',
      failed,
      JSON.stringify(report.parts),
      report.startedAt,
      report.endedAt,
    )
    .run()
}

/** The last sweep that came to its end; null before the first. */
export async function findSweepReport({ raw }: Database): Promise<SweepReport | null> {
  const row = await raw
    .prepare(
      `SELECT started_at AS startedAt, ended_at AS endedAt, findings FROM reconciliations
       WHERE id = '${sweepReportId}'`,
    )
    .first<{ startedAt: number; endedAt: number; findings: string }>()
  if (row === null) return null
  return { ...row, parts: JSON.parse(row.findings) as SweptPart[] }
}
