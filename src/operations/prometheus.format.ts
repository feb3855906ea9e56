import type { FormattedMetrics } from './metrics.format.ts'

interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number | null
}

/** A line for each sample that has a value, after what it is. Figures are gauges: they are read from rows, not counted. */
function gauge(name: string, help: string, samples: readonly Sample[]): string[] {
  const lines = samples
    .filter(({ value }) => value !== null)
    .map(({ labels = {}, value }) => `${name}${formatLabels(labels)} ${value}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines]
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function by(label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([key, value]) => ({ labels: { [label]: key }, value }))
}

/** The Prometheus text format, version 0.0.4. */
export function formatForPrometheus(metrics: FormattedMetrics): string {
  const { queue, inferences, uploads, ledger, failuresLastDay, sweep, reconciliation } = metrics
  const one = (value: number | null): Sample[] => [{ value }]
  const lines = [
    gauge(
      'pa_queue_oldest_message_seconds',
      'Age of the oldest message that nobody has begun; absent where none waits.',
      one(queue.oldestMessageSeconds),
    ),
    gauge(
      'pa_queue_oldest_waiting_inference_seconds',
      'Age of the oldest inference that has a task to run.',
      one(queue.oldestWaitingInferenceSeconds),
    ),
    gauge(
      'pa_tasks',
      'Tasks of inferences that have not ended.',
      queue.tasks.map(({ kind, state, count }) => ({ labels: { kind, state }, value: count })),
    ),
    gauge('pa_inferences_open', 'Inferences that have not ended.', by('state', inferences.open)),
    gauge(
      'pa_inferences_ended_last_day',
      'Inferences that ended in the last 24 hours.',
      by('state', inferences.endedLastDay),
    ),
    gauge(
      'pa_inferences_unsettled',
      'Inferences that have ended and are not paid.',
      one(inferences.unsettled),
    ),
    gauge(
      'pa_inferences_oldest_unsettled_seconds',
      'How long ago the oldest of them ended.',
      one(inferences.oldestUnsettledSeconds),
    ),
    gauge(
      'pa_ingestions',
      'Uploads of archives and videos under way, and failed ones that are not cleaned up.',
      by('state', uploads.ingestions),
    ),
    gauge(
      'pa_files_in_parts',
      'Files that are being sent in parts and have not expired.',
      one(uploads.filesInParts),
    ),
    gauge(
      'pa_ledger_reservations',
      'Reservations that have not ended.',
      ledger.reservations.map(({ operationType, count }) => ({
        labels: { operation_type: operationType },
        value: count,
      })),
    ),
    gauge(
      'pa_ledger_oldest_reservation_seconds',
      'Age of the oldest of them.',
      ledger.reservations.map(({ operationType, oldestSeconds }) => ({
        labels: { operation_type: operationType },
        value: oldestSeconds,
      })),
    ),
    gauge(
      'pa_ledger_tokens_in_last_day',
      'Tokens that came into accounts in the last 24 hours.',
      by('operation_type', ledger.lastDay.in),
    ),
    gauge(
      'pa_ledger_tokens_out_last_day',
      'Tokens that left accounts in the last 24 hours, before refunds.',
      by('operation_type', ledger.lastDay.out),
    ),
    gauge(
      'pa_ledger_denied_last_day',
      'Requests for more tokens than there were, in the last 24 hours.',
      one(ledger.lastDay.denied),
    ),
    gauge(
      'pa_ledger_outbox_entries',
      'Entries that the accounts asked have not delivered.',
      one(ledger.outbox.entriesWaiting),
    ),
    gauge(
      'pa_ledger_outbox_oldest_seconds',
      'Age of the oldest of them.',
      one(ledger.outbox.oldestSeconds),
    ),
    gauge(
      'pa_ledger_outbox_accounts_unanswered',
      'Accounts that were asked and did not answer.',
      one(ledger.outbox.accountsUnanswered),
    ),
    gauge(
      'pa_ledger_reservations_undelivered',
      'Of the newest inferences, those whose payment the projection should have and has not.',
      one(ledger.outbox.reservationsUndelivered),
    ),
    gauge(
      'pa_failures_last_day',
      'Items, videos and tasks that failed in the last 24 hours, by error code.',
      failuresLastDay.map(({ part, code, count }) => ({ labels: { part, code }, value: count })),
    ),
    gauge(
      'pa_sweep_seconds_ago',
      'How long ago the last sweep ended.',
      one(sweep?.secondsAgo ?? null),
    ),
    gauge(
      'pa_sweep_part_failed',
      'Whether the part failed in the last sweep.',
      (sweep?.parts ?? []).map(({ part, failed }) => ({ labels: { part }, value: Number(failed) })),
    ),
    gauge(
      'pa_reconciliation_unrepaired',
      'What the last reconciliation found and could not repair.',
      one(reconciliation?.unrepairedCount ?? null),
    ),
    gauge(
      'pa_reconciliation_repaired',
      'What the last reconciliation repaired.',
      one(reconciliation?.repairedCount ?? null),
    ),
    gauge(
      'pa_reconciliation_started_at_seconds',
      'When the last reconciliation began, in seconds since the epoch.',
      one(reconciliation === null ? null : Date.parse(reconciliation.startedAt) / 1000),
    ),
  ]
  return `${lines.flat().join('\n')}\n`
}
