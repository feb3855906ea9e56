/*
 * An inference:
 *
 *   PENDING    none of its tasks was claimed. Tokens are reserved; nothing has run.
 *   RUNNING    at least one task was claimed. Waits for the tasks that are left.
 *   COMPLETED  every task has ended and an item succeeded. What succeeded is paid, the rest refunded.
 *   FAILED     every task has ended and no item succeeded. Everything is refunded.
 *   ABORTED    its owner or an administrator ended it. What had succeeded is kept and paid, the rest refunded.
 *
 *   PENDING → RUNNING → COMPLETED | FAILED | ABORTED. What ends one before its tasks did is its `end_reason`: an abort, or
 *   its deadline, at which what has no outcome fails with `inference.deadline_passed`. So it is COMPLETED when an item
 *   succeeded and FAILED otherwise, as if its tasks had failed: nobody wanted it ended.
 *
 * A task:
 *
 *   WAITING    an `encode` task waits for the last outcome of its frames and a first success among the video's, an
 *              `assemble` task for the end of the video's last `encode` task.
 *   READY      may run, and waits for a place among the tasks of its user that are queued. No message was sent for it.
 *   PENDING    queued: its message was sent, or is sent again after a while. Waits for a consumer to claim it.
 *   RUNNING    claimed. Waits for the inference service, for as long as its holder makes the lease new.
 *   COMPLETED | FAILED | ABORTED, as its inference.
 *
 *   READY → PENDING → RUNNING → COMPLETED | FAILED; RUNNING → PENDING when a run broke, to be run again.
 *   WAITING → READY in the batch that ends the last task it waited for; WAITING → FAILED with its video, when none of the
 *   video's frames succeeded or another of its tasks failed. Since every end of a task looks at those that wait, none
 *   waits behind nothing, and an inference has ended when none of its tasks is WAITING, READY, PENDING or RUNNING.
 *   Whatever has not ended becomes ABORTED or FAILED with its inference when that is ended early; the lease goes with it,
 *   so that a holder's later outcomes are refused.
 *
 * Of each user only so many tasks are queued at once (`TASKS_QUEUED_PER_USER`; those that assemble videos have a queue, and
 * so a count, of their own). A place that is free goes to one of the user's inferences, each as likely as another. So what others sent before one
 * user's picture is never more than a few tasks of each.
 */

export type InferenceState = 'PENDING' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'ABORTED'

export function hasEnded(state: InferenceState): boolean {
  return state !== 'PENDING' && state !== 'RUNNING'
}

/** Whether what it made is listed: of an aborted inference that is what had succeeded before. */
export function mayHaveResults(state: InferenceState): boolean {
  return state === 'COMPLETED' || state === 'ABORTED'
}

/** The words in which the original's queue told a job's state; its clients wait for `completed` or `failed`. */
const jobStatuses = {
  PENDING: 'waiting',
  RUNNING: 'active',
  COMPLETED: 'completed',
  FAILED: 'failed',
  ABORTED: 'failed',
} as const satisfies Record<InferenceState, string>

type JobStatus = (typeof jobStatuses)[InferenceState]

export function jobStatusOf(state: InferenceState): JobStatus {
  return jobStatuses[state]
}

/** Whole percents of the items that have ended, 100 only when the inference has. */
export function progressOf(inference: {
  state: InferenceState
  itemCount: number
  succeededCount: number
  failedCount: number
}): number {
  if (hasEnded(inference.state)) return 100
  const share = (inference.succeededCount + inference.failedCount) / inference.itemCount
  return Math.min(99, Math.floor(share * 100))
}

/** A job that has not ended by then is ended by the sweep. */
export const inferenceDeadlineMs = 24 * 60 * 60 * 1000

/** Seconds before run `attempt + 1` of a task, doubling from 2 to 60. */
export function retryDelaySeconds(attempt: number): number {
  return Math.min(60, 2 ** Math.max(1, attempt))
}

/** A task that was claimed this often and never ended takes its consumer down with it. */
export const taskAttemptsMax = 12

/** How long a claim holds a task whose holder says nothing more. */
export const taskLeaseMs = 60_000

/** How often a living holder makes its lease new, and so the longest until it notices that its inference was aborted. */
export const taskLeaseRenewalMs = 5_000

/** The longest that a busy service is left alone, whatever it asks for. */
export const busySecondsMax = 300

export const taskKinds = ['inpaint', 'encode', 'assemble'] as const

export type TaskKind = (typeof taskKinds)[number]

/** The longest a run may take; a consumer of the queue is stopped after 15 minutes. */
export const taskRunMsMax: Readonly<Record<TaskKind, number>> = {
  inpaint: 4 * 60_000,
  encode: 4 * 60_000,
  assemble: 12 * 60_000,
}

/** Of a task whose frames are filled from each other: a frame of it waits for all that its window looks at. */
export const sequenceRunMsMax = 12 * 60_000

/** The URLs that a run got to write to are over by then, and whatever began to write has ended. */
export const lateWritesMs = 15 * 60_000

/** What an inference is ended for before its tasks have ended it. */
export type EndReason = 'aborted_by_owner' | 'aborted_by_administrator' | 'deadline_passed'
