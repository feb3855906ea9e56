import { formatTokens, type TokenAmount } from '../ledger/amounts.ts'
import { formatReconciliationForApi } from '../reconciliation/reconciliations.format.ts'
import { formatTime } from '../shared/clock.ts'
import type { Metrics } from './metrics.ts'

function tokens(amount: number): number {
  return formatTokens(amount as TokenAmount)
}

export function formatMetricsForApi({ nowMs, rows, outbox, sweep, reconciliation }: Metrics) {
  const secondsSince = (atMs: number | null | undefined) =>
    atMs === null || atMs === undefined ? null : Math.max(0, Math.round((nowMs - atMs) / 1000))
  const lastDay = rows.tokens.filter(({ status }) => status !== 'aborted')
  return {
    at: formatTime(nowMs),
    queue: {
      oldestMessageSeconds: secondsSince(rows.oldestMessage[0]?.at),
      oldestWaitingInferenceSeconds: secondsSince(rows.oldestWaiting[0]?.at),
      tasks: rows.tasks.map(({ kind, state, count }) => ({ kind, state, count })),
    },
    inferences: {
      open: countsByState(rows.openInferences),
      endedLastDay: countsByState(rows.endedInferences),
      unsettled: rows.unsettled[0]?.count ?? 0,
      oldestUnsettledSeconds: secondsSince(rows.unsettled[0]?.at),
    },
    uploads: {
      ingestions: countsByState(rows.ingestions.filter(({ count }) => count > 0)),
      filesInParts: rows.fileUploads[0]?.count ?? 0,
    },
    ledger: {
      reservations: rows.reservations.map(({ type, count, amount, at }) => ({
        operationType: type,
        count,
        tokens: tokens(amount),
        oldestSeconds: secondsSince(at),
      })),
      lastDay: {
        in: sumByType(lastDay.filter(({ amount }) => amount > 0)),
        out: sumByType(lastDay.filter(({ amount }) => amount < 0)),
        denied: rows.tokens
          .filter(({ status }) => status === 'aborted')
          .reduce((sum, { count }) => sum + count, 0),
      },
      outbox: {
        accountsAsked: outbox.asked,
        accountsUnanswered: outbox.unanswered,
        entriesWaiting: outbox.waiting,
        oldestSeconds: secondsSince(outbox.oldestAtMs),
        reservationsUndelivered: rows.undelivered[0]?.count ?? 0,
        oldestUndeliveredSeconds: secondsSince(rows.undelivered[0]?.at),
      },
    },
    failuresLastDay: [...rows.itemFailures, ...rows.videoFailures, ...rows.taskFailures].map(
      ({ part, code, count }) => ({ part, code, count }),
    ),
    sweep:
      sweep === null
        ? null
        : {
            startedAt: formatTime(sweep.startedAt),
            secondsAgo: secondsSince(sweep.endedAt),
            ms: sweep.endedAt - sweep.startedAt,
            parts: sweep.parts.map((part) => ({ ...part, errors: [...part.errors] })),
          },
    reconciliation: reconciliation === null ? null : formatReconciliationForApi(reconciliation),
  }
}

export type FormattedMetrics = ReturnType<typeof formatMetricsForApi>

function countsByState(rows: readonly { readonly state: string; readonly count: number }[]) {
  return Object.fromEntries(rows.map(({ state, count }) => [state, count])) as Record<
    string,
    number
  >
}

/** Tokens by operation type, without their sign. */
function sumByType(rows: readonly { readonly type: string; readonly amount: number }[]) {
  const sums = new Map<string, number>()
  for (const { type, amount } of rows) sums.set(type, (sums.get(type) ?? 0) + Math.abs(amount))
  return Object.fromEntries([...sums].map(([type, amount]) => [type, tokens(amount)])) as Record<
    string,
    number
  >
}
