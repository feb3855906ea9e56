/*
 * An upload of an archive or a video:
 *
 *   RECEIVING  its files come in with a request. Nothing is reserved. Waits for that request.
 *   RUNNING    its files are stored; steps turn them into items. Waits for whoever holds its lease, or for a message.
 *                join    parts that were sent one by one become one object
 *                plan    the archive's directory or the video is read; the price is reserved
 *                store   pairs and frames are stored, some at a time
 *                commit  everything becomes items of the dataset, at once
 *   COMPLETED  its items are in the dataset. Until `ended_at` is set, what is not needed any more (the archive, mask
 *              videos, files in parts) is being deleted; after that it is paid for. Whoever committed it does both, or the
 *              next message, or the sweep, which finds it by its pending reservation.
 *   FAILED     nothing of it is in the dataset and nothing is charged. Its objects are deleted at once, and again when
 *              nobody can still be writing; then `ended_at` is set.
 *
 *   RECEIVING → RUNNING → COMPLETED | FAILED; RECEIVING → FAILED
 */

export function hasEnded(state: 'RECEIVING' | 'RUNNING' | 'COMPLETED' | 'FAILED'): boolean {
  return state === 'COMPLETED' || state === 'FAILED'
}

/** A request that receives files lives no longer than this. */
export const receivingMsMax = 15 * 60_000

/** An upload that has not ended by then is ended by the sweep; its reservation lasts longer. */
export const ingestionDeadlineMs = 12 * 60 * 60_000

/** How long a reservation lasts: beyond the deadline, and beyond every sweep. */
export const ingestionReservationMs = 24 * 60 * 60_000

/** An upload whose steps broke this often is given up. */
export const ingestionAttemptsMax = 10

/** How long a claim holds an upload whose holder says nothing more, and how often a living one makes it new. */
export const ingestionLeaseMs = 60_000
export const ingestionLeaseRenewalMs = 15_000

/** Signed URLs and holders that know nothing of a failure are over by then: nothing more is written. */
export const lateWritesMs = 10 * 60_000

/** How long it is told what became of each file of an upload that has ended. */
export const reportDays = 30

/** How long one consumer run goes on with an upload before it gives way to others. */
export const consumerRunMs = 60_000

/** Seconds before a broken step is run again, doubling from 1 to 60. */
export function stepRetrySeconds(attempt: number): number {
  return Math.min(60, 2 ** Math.max(0, attempt - 1))
}

/** How long a request waits for its upload unless its `Prefer` header says otherwise, and the longest it may. */
export const defaultWaitSeconds = 20
export const waitSecondsMax = 25
