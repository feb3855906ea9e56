import { formatInferenceForList } from '../../inferences/inferences.format.ts'
import type { InferenceRow, InferenceTaskRow } from '../../inferences/inferences.table.ts'
import { formatOptionalTime, formatTime } from '../../shared/clock.ts'
import type { UserRow } from '../../users/users.table.ts'
import type { FailedPart, TaskCount } from './jobs.repository.ts'
import { explainWaiting } from './waiting.rules.ts'

/** @param owner null where there is no such user any more. */
export function formatJobForList(inference: InferenceRow, owner: UserRow | undefined) {
  return {
    ...formatInferenceForList(inference),
    userId: inference.userId,
    user: formatOwner(owner),
    itemCount: inference.itemCount,
    succeededItems: inference.succeededCount,
    failedItems: inference.failedCount,
    endReason: inference.endReason,
    retryOf: inference.retryOf,
    ...formatTimes(inference),
  }
}

export function formatOwner(owner: UserRow | undefined) {
  if (!owner) return null
  const { id, name, surname, email, role } = owner
  return { id, name, surname, email, role, isDeleted: owner.deletedAt !== null }
}

/** `settledAt` is when the ledger was told what it cost. */
export function formatTimes({ endedAt, settledAt }: InferenceRow) {
  return { endedAt: formatOptionalTime(endedAt), settledAt: formatOptionalTime(settledAt) }
}

export function formatTask(task: InferenceTaskRow, at: { nowMs: number; queuedMax: number }) {
  const { leaseUntil } = task
  return {
    id: task.id,
    kind: task.kind,
    videoId: task.videoId,
    state: task.state,
    firstPosition: task.firstPosition,
    itemCount: task.itemCount,
    attempts: task.attempts,
    waitsFor: explainWaiting(task, at),
    lastErrorCode: task.errorCode,
    lease:
      leaseUntil === null
        ? null
        : { until: formatTime(leaseUntil), isOver: leaseUntil <= at.nowMs },
    sentAt: formatTime(task.sentAt),
    updatedAt: formatTime(task.updatedAt),
  }
}

export function formatTaskCounts(counts: readonly TaskCount[]) {
  const byState: Record<string, number> = {}
  for (const { state, count } of counts) byState[state] = (byState[state] ?? 0) + count
  return byState
}

export function formatFailedParts(parts: readonly FailedPart[]) {
  return parts.map((part) => ({
    ...part,
    code: part.code ?? 'unknown',
    message: part.message ?? '',
  }))
}
