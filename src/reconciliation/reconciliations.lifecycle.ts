import { isUuid } from '../shared/ids.ts'

/*
 * A reconciliation:
 *
 *   RUNNING    goes on a page at a time from where its cursor is, by whoever holds its lease: the request that started
 *              it, and after that the sweep, some seconds of every minute. A step that dies is done again.
 *   COMPLETED  every account and every object was looked at.
 *   FAILED     it had not come to its end after a day.
 *
 *   At most one is RUNNING. Its stages, in their order:
 *
 *   accounts    every account's own books, its projection, and what its reservations paid for
 *   inferences  every inference has a reservation
 *   uploads     every upload has a reservation
 *   videos      every video's source is stored
 *   objects     every stored object is named by a row, and every named one is stored
 */

export const stages = ['accounts', 'inferences', 'uploads', 'videos', 'objects'] as const

export type Stage = (typeof stages)[number]

/** Where the next page begins. */
export interface Cursor {
  readonly stage: Stage
  /** The last user, inference, upload, video or key that was looked at; empty before the first. */
  readonly after: string
  /** Of an account that takes several pages: how far its entries were added up. */
  readonly account: AccountCursor | null
}

export interface AccountCursor {
  readonly userId: string
  readonly afterSequence: number
  /** The sum of the entries up to there, in thousandths of a token. */
  readonly sum: number
}

export const firstCursor: Cursor = { stage: 'accounts', after: '', account: null }

/** Where the next stage begins; null after the last. */
export function nextStage(stage: Stage): Cursor | null {
  const next = stages[stages.indexOf(stage) + 1]
  return next === undefined ? null : { stage: next, after: '', account: null }
}

const dayMs = 24 * 60 * 60_000

/** One is started a day after the last was. */
export const reconciliationEveryMs = dayMs
/** One that has not ended by then is given up, so that another begins. */
export const reconciliationDeadlineMs = dayMs
/** Longer than any page takes. */
export const reconciliationLeaseMs = 2 * 60_000
/** How long one run of the sweep, and the request that starts one, go on with it. */
export const sweepStepMs = 10_000
export const requestStepMs = 5_000
/** How many statements of D1 a step may run: an invocation has a thousand, and the rest of the sweep needs some. */
export const stepStatementsMax = 600
/** About what a page of each stage runs, its bookkeeping included: an account takes five, and eight where much is wrong. */
export const statementsPerPage: Readonly<Record<Stage, number>> = {
  accounts: 120,
  inferences: 2,
  uploads: 2,
  videos: 2,
  objects: 20,
}

/** Who starts the daily one. */
export const systemStarter = 'system'

/** The row of this id tells of the sweep's last run, in the same columns; it is no reconciliation. */
export const sweepReportId = 'sweep'

export function isReconciliationId(id: string): boolean {
  return isUuid(id)
}
