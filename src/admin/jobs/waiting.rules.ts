import type { InferenceTaskRow } from '../../inferences/inferences.table.ts'
import { formatTime } from '../../shared/clock.ts'

/** What a task that has not ended waits for, as a sentence for an administrator; null where it has ended. */
export function explainWaiting(
  task: Pick<InferenceTaskRow, 'state' | 'kind' | 'sentAt' | 'leaseUntil' | 'attempts'>,
  { nowMs, queuedMax }: { nowMs: number; queuedMax: number },
): string | null {
  switch (task.state) {
    case 'WAITING':
      return task.kind === 'encode'
        ? 'For the last outcome of its frames, and a first success among those of its video.'
        : 'For the end of the tasks that encode its video.'
    case 'READY':
      return `For a place: of one user at most ${queuedMax} tasks are queued at once.`
    case 'PENDING':
      if (task.sentAt > nowMs) return `Until ${formatTime(task.sentAt)}, when it is run again.`
      return `For a consumer to claim it. Its message was sent at ${formatTime(task.sentAt)}.`
    case 'RUNNING':
      return (task.leaseUntil ?? 0) > nowMs
        ? 'For the inference service; whoever runs it was alive within the last minute.'
        : 'For the sweep: whoever ran it has said nothing for a minute. It is sent again.'
    default:
      return null
  }
}
