import type { LedgerClient } from '../ledger/ledger.client.ts'
import type { OutboxState } from '../ledger/ledger.model.ts'
import { findLatest } from '../reconciliation/reconciliations.repository.ts'
import type { ReconciliationRow } from '../reconciliation/reconciliations.table.ts'
import type { Clock } from '../shared/clock.ts'
import type { Database } from '../shared/database.ts'
import { listActiveUsers, type MetricRows, readMetricRows } from './metrics.repository.ts'
import { findSweepReport, type SweepReport } from './sweep-report.repository.ts'

export interface MetricsContext {
  readonly database: Database
  readonly ledger: Pick<LedgerClient, 'outbox'>
  readonly clock: Clock
}

/** What the accounts that were asked have not delivered yet. */
export interface OutboxFigures {
  readonly asked: number
  readonly unanswered: number
  readonly waiting: number
  readonly oldestAtMs: number | null
}

export interface Metrics {
  readonly nowMs: number
  readonly rows: MetricRows
  readonly outbox: OutboxFigures
  readonly sweep: SweepReport | null
  readonly reconciliation: ReconciliationRow | null
}

const dayMs = 24 * 60 * 60_000
const accountsAsked = 20
const answerMsMax = 2_000

/** How things stand at this moment. */
export async function collectMetrics(context: MetricsContext): Promise<Metrics> {
  const { database, clock } = context
  const nowMs = clock.nowMs()
  const [rows, outbox, sweep, reconciliation] = await Promise.all([
    readMetricRows(database, { nowMs, sinceMs: nowMs - dayMs }),
    askOutboxes(context),
    findSweepReport(database),
    findLatest(database),
  ])
  return { nowMs, rows, outbox, sweep, reconciliation: reconciliation ?? null }
}

/**
 * Only an account knows what it has not delivered. The busiest of late are asked; the reconciliation asks all of them, and
 * an account that cannot deliver says so in the log each time.
 */
async function askOutboxes({ database, ledger }: MetricsContext): Promise<OutboxFigures> {
  const users = await listActiveUsers(database, { limit: accountsAsked })
  const states = await Promise.all(users.map((userId) => askOutbox(ledger, userId)))
  const told = states.filter((state) => state !== null)
  const oldest = told.flatMap(({ oldestAtMs }) => (oldestAtMs === null ? [] : [oldestAtMs]))
  return {
    asked: users.length,
    unanswered: users.length - told.length,
    waiting: told.reduce((sum, { waiting }) => sum + waiting, 0),
    oldestAtMs: oldest.length === 0 ? null : Math.min(...oldest),
  }
}

async function askOutbox(
  ledger: MetricsContext['ledger'],
  userId: string,
): Promise<OutboxState | null> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), answerMsMax)
  })
  try {
    return await Promise.race([ledger.outbox(userId), late])
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}
