/*
 * An inference and each of its tasks:
 *
 *   PENDING    waits for a consumer to claim it. Tokens are reserved; nothing has run.
 *   RUNNING    at least one task was claimed. Waits for the tasks that are left.
 *   COMPLETED  every task has ended and an item succeeded. What succeeded is paid, the rest refunded.
 *   FAILED     every task has ended and no item succeeded. Everything is refunded.
 *   ABORTED    its user ended it. What had succeeded is paid, the rest refunded.
 *
 *   PENDING → RUNNING → COMPLETED | FAILED | ABORTED; a task whose run broke goes RUNNING → PENDING to be run again.
 *
 * The tasks that make a result video begin in a state before these:
 *
 *   WAITING    an `encode` task waits for the last outcome of its frames and a first success among the video's, an
 *              `assemble` task for the end of the video's last `encode` task. No message was sent for it.
 *
 *   WAITING → PENDING in the batch that ends the last task it waited for; WAITING → FAILED with its video, when none of
 *   the video's frames succeeded or another of its tasks failed. An inference has ended when none of its tasks is WAITING,
 *   PENDING or RUNNING; since every end of a task looks at those that wait, none waits behind nothing.
 */

export type InferenceState = 'PENDING' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'ABORTED'

export function hasEnded(state: InferenceState): boolean {
  return state !== 'PENDING' && state !== 'RUNNING'
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

/** How often a living holder makes its lease new. */
export const taskLeaseRenewalMs = 15_000

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
