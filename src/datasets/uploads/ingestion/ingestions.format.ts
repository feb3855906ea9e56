import { createAmount, formatTokens } from '../../../ledger/amounts.ts'
import { formatTime } from '../../../shared/clock.ts'
import type { IngestionRequest } from './ingestion.model.ts'
import { hasEnded, reportDays } from './ingestions.lifecycle.ts'
import type { IngestionFailure } from './ingestions.repository.ts'
import type { IngestionRow } from './ingestions.table.ts'
import type { ReportedEntry } from './upload-entries.repository.ts'

const tokens = (thousandths: number | null) =>
  thousandths === null ? null : formatTokens(createAmount(thousandths))

/** An upload as it is watched; `report` is there once it has ended. */
export function formatIngestion(row: IngestionRow, entries: readonly ReportedEntry[]) {
  return {
    id: row.id,
    status: row.state,
    phase: row.state === 'RUNNING' ? row.phase : null,
    kind: row.kind,
    datasetName: row.datasetName,
    progress: progressOf(row),
    totalItems: row.totalCount,
    storedItems: row.doneCount,
    tokensReserved: tokens(row.reserved),
    tokensSpent: row.state === 'FAILED' ? 0 : tokens(row.spent),
    notes: JSON.parse(row.notes) as string[],
    error: readFailure(row),
    report: hasEnded(row.state) ? formatReport(row, entries) : null,
    createdAt: formatTime(row.createdAt),
    updatedAt: formatTime(row.updatedAt),
    endedAt: hasEnded(row.state) ? formatTime(row.endedAt ?? row.updatedAt) : null,
  }
}

/** Why an upload failed; null where it did not. */
export function readFailure({ error }: Pick<IngestionRow, 'error'>): IngestionFailure | null {
  return error === null ? null : (JSON.parse(error) as IngestionFailure)
}

/**
 * What became of each file of an upload. `itemIndex` is the dataset position of its first item. After its time only the
 * counts are left, and `note` says so.
 */
function formatReport(row: Pick<IngestionRow, 'request'>, entries: readonly ReportedEntry[]) {
  const { reported } = JSON.parse(row.request) as Partial<IngestionRequest>
  if (reported) {
    const note = `What became of each file was told for ${reportDays} days after the upload had ended.`
    return { ...reported, note, entries: [] }
  }
  const count = (state: string) => entries.filter((entry) => entry.state === state).length
  return {
    accepted: count('ACCEPTED'),
    rejected: count('REJECTED'),
    ignored: count('IGNORED'),
    note: null,
    entries: entries.map((entry) => ({
      path: entry.path,
      status: entry.state.toLowerCase() as Lowercase<typeof entry.state>,
      role: entry.role,
      itemIndex: entry.firstPosition,
      itemCount: entry.itemCount,
      code: entry.reasonCode,
      reason: entry.reason,
    })),
  }
}

/** Whole percents of what is to be stored, 100 only when the upload has ended. */
function progressOf(row: IngestionRow): number {
  if (hasEnded(row.state)) return 100
  if (!row.totalCount) return 0
  return Math.min(99, Math.floor((row.doneCount / row.totalCount) * 100))
}
