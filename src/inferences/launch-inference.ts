import type { AuditEntry } from '../audit/audit-log.repository.ts'
import type { LedgerClient } from '../ledger/ledger.client.ts'
import { type PricePlan, priceInference } from '../ledger/pricing.ts'
import type { Database } from '../shared/database.ts'
import type { Logger } from '../shared/logger.ts'
import { inferenceErrors } from './inferences.errors.ts'
import type { PlannedTask } from './plan-tasks.ts'
import { type InferableDataset, insertInference } from './start.repository.ts'
import { sendOrLeaveToSweep } from './tasks/send-or-leave.ts'
import type { SendTasks } from './tasks/tasks.queue.ts'

export interface LaunchContext {
  readonly database: Database
  readonly ledger: Pick<LedgerClient, 'reserveOrThrow' | 'release'>
  readonly sendTasks: SendTasks
  readonly pricePlan: PricePlan
  readonly createId: () => string
  readonly nowMs: number
  readonly settings: {
    readonly TASKS_QUEUED_PER_USER: number
    readonly JOBS_RUNNING_PER_USER_MAX: number
  }
  readonly logger: Logger
}

/** An inference that was planned, with the counts of what it is over. */
export interface PlannedInference {
  readonly id: string
  readonly userId: string
  readonly dataset: InferableDataset
  readonly modelId: string
  /** JSON. */
  readonly parameters: string
  /** Null where each result has the format of its picture. */
  readonly resultExtension: string | null
  readonly tasks: readonly PlannedTask[]
  /** The videos whose frames are filled from each other, with the seconds between these. */
  readonly sequences: ReadonlyMap<string, number>
  /** The inference whose failed items are tried again; null where it is over the dataset. */
  readonly retryOf: string | null
  readonly audit: AuditEntry | null
}

/**
 * Reserves what an inference may cost, writes it down with its tasks, and sends those that are queued. A refusal leaves
 * nothing behind; what a crash leaves between two steps, the sweep undoes or goes on with. Answers its `jobId`.
 */
export async function launchInference(
  context: LaunchContext,
  planned: PlannedInference,
): Promise<number> {
  const { userId, dataset } = planned
  const price = priceInference(context.pricePlan, {
    images: dataset.itemCount - dataset.frameCount,
    frames: dataset.frameCount,
  })
  const unit = priceInference(context.pricePlan, { images: 1, frames: 1 })
  const operationId = inferenceOperationId(planned.id)
  const { reservationId } = await context.ledger.reserveOrThrow(userId, {
    operationId,
    operationType: 'inference',
    amount: price.total,
  })
  // A failure is no refusal: nobody knows whether the inference was written, and the sweep finds out.
  const { jobId, isGivenUp, runningCount, queued } = await insertInference(context.database, {
    ...planned,
    operationId,
    reservationId,
    imageUnitPrice: unit.imagesPrice,
    frameUnitPrice: unit.framesPrice,
    tasks: planned.tasks.map((task) => ({ ...task, id: context.createId() })),
    queuedMax: context.settings.TASKS_QUEUED_PER_USER,
    runningMax: context.settings.JOBS_RUNNING_PER_USER_MAX,
    nowMs: context.nowMs,
  })
  await sendOrLeaveToSweep(context, queued)
  if (jobId !== null) return jobId
  await context.ledger.release(userId, { reservationId })
  if (isGivenUp) throw createGivenUp()
  ensureRoomToRun(context.settings, runningCount)
  throw planned.retryOf === null ? createDatasetNotFound() : createRetryOvertaken()
}

/** The operation id under which an inference's tokens are reserved. */
export function inferenceOperationId(inferenceId: string): string {
  return `inference_${inferenceId}`
}

/** A short inference may have ended by then. */
const roomSeconds = 30

/** Throws `inferences.too_many_running`. */
export function ensureRoomToRun(
  { JOBS_RUNNING_PER_USER_MAX: limit }: LaunchContext['settings'],
  runningCount: number,
): void {
  if (runningCount < limit) return
  throw inferenceErrors.createError(
    'inferences.too_many_running',
    `${runningCount} inferences of this account have not ended, and at most ${limit} may run at once. Wait until one has ended, or abort one. Nothing was charged.`,
    { running: runningCount, limit, retryAfterSeconds: roomSeconds },
  )
}

export function createDatasetNotFound() {
  return inferenceErrors.createError(
    'inferences.dataset_not_found',
    'The specified dataset was not found.',
  )
}

function createGivenUp() {
  return inferenceErrors.createError(
    'inferences.start_given_up',
    'The start took longer than 5 minutes, or the request was sent again meanwhile, and it was given up. Nothing was charged. If no other start came of it, send it again.',
  )
}

function createRetryOvertaken() {
  return inferenceErrors.createError(
    'inferences.retry_running',
    'Another retry of these items was begun at the same time, or their dataset was deleted. Nothing was charged. GET the inference again to see which.',
  )
}
