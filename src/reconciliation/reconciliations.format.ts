import { formatOptionalTime, formatTime } from '../shared/clock.ts'
import type { Finding } from './findings.rules.ts'
import type { Cursor } from './reconciliations.lifecycle.ts'
import type { ReconciliationRow } from './reconciliations.table.ts'

export function formatReconciliationForApi(row: ReconciliationRow) {
  return {
    id: row.id,
    startedBy: row.startedBy,
    state: row.state,
    stage: row.state === 'COMPLETED' ? null : (JSON.parse(row.cursor) as Cursor).stage,
    accountsChecked: row.accountsChecked,
    objectsChecked: row.objectsChecked,
    repairedCount: row.repairedCount,
    unrepairedCount: row.unrepairedCount,
    startedAt: formatTime(row.startedAt),
    updatedAt: formatTime(row.updatedAt),
    endedAt: formatOptionalTime(row.endedAt),
  }
}

export function formatReconciliationWithFindings(row: ReconciliationRow) {
  return {
    ...formatReconciliationForApi(row),
    findings: (JSON.parse(row.findings) as Finding[]).map((finding) => ({
      ...finding,
      ids: [...finding.ids],
    })),
  }
}
