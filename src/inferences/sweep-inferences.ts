import type { LedgerClient } from '../ledger/ledger.client.ts'
import { listPendingReservations, type PendingReservation } from '../ledger/ledger.repository.ts'
import { describeError } from '../shared/logger.ts'
import { abortAll, endOverdueInference } from './abort-inference.ts'
import { deleteLateWrites } from './delete-late-writes.ts'
import { inferenceDeadlineMs, lateWritesMs } from './inferences.lifecycle.ts'
import { listLateWrites } from './late-writes.repository.ts'
import { inferenceOperationId } from './launch-inference.ts'
import * as repository from './sweep.repository.ts'
import type { EndTaskContext } from './tasks/end-task.ts'
import { fillLines } from './tasks/promotions.repository.ts'
import { sendOrLeaveToSweep } from './tasks/send-or-leave.ts'
import { deleteSegments } from './videos/delete-segments.ts'

/** A message that was sent this long ago and began nothing is sent again. */
const messageLostMs = 45_000
/** A start takes seconds; a reservation this old without an inference has lost its request. */
const startLostMs = 5 * 60_000
/** What one run of the sweep takes on of each kind; the next minute's run goes on. */
const stepMax = 100
/** Messages cost little; each user has but a few tasks that are queued. */
const messagesMax = 1000

export interface SweepInferencesContext extends EndTaskContext {
  readonly createId: () => string
  readonly ledger: Pick<LedgerClient, 'release'>
}

/** Goes on with, or undoes, whatever a crash or a lost message left of inferences. Running it twice changes nothing. */
export async function sweepInferences(context: SweepInferencesContext): Promise<void> {
  for (const step of steps) {
    try {
      await step(context)
    } catch (error) {
      context.logger.error('sweep.step_failed', { step: step.name, ...describeError(error) })
    }
  }
}

const steps = [
  settleEnded,
  endOverdue,
  endOrphaned,
  queueReady,
  resendTasks,
  releaseUnstarted,
  tidyEnded,
]

async function settleEnded(context: SweepInferencesContext): Promise<void> {
  const ended = await repository.listUnsettled(context.database, { limit: stepMax })
  await tryEach(context, 'settleEnded', ended, async (inference) => {
    await deleteSegments(context, inference)
    await context.settleInference(inference)
  })
}

async function resendTasks(context: SweepInferencesContext): Promise<void> {
  const nowMs = context.clock.nowMs()
  const tasks = await repository.takeLostTasks(context.database, {
    sentBeforeMs: nowMs - messageLostMs,
    nowMs,
    limit: messagesMax,
  })
  if (tasks.length === 0) return
  context.logger.info('sweep.tasks_sent_again', { tasks: tasks.length })
  await context.sendTasks(tasks)
}

async function endOverdue(context: SweepInferencesContext): Promise<void> {
  const overdue = await repository.listOverdue(context.database, {
    createdBeforeMs: context.clock.nowMs() - inferenceDeadlineMs,
    limit: stepMax,
  })
  await tryEach(context, 'endOverdue', overdue, (inference) =>
    endOverdueInference(context, inference),
  )
}

/** Those whose user's deletion was cut off before it came to them. */
async function endOrphaned(context: SweepInferencesContext): Promise<void> {
  const orphaned = await repository.listOrphaned(context.database, { limit: stepMax })
  await abortAll(context, orphaned)
}

async function queueReady(context: SweepInferencesContext): Promise<void> {
  const queuedMax = context.settings.TASKS_QUEUED_PER_USER
  const userIds = await repository.listUsersWithRoom(context.database, {
    queuedMax,
    limit: stepMax,
  })
  for (const userId of userIds) {
    const nowMs = context.clock.nowMs()
    const queued = await fillLines(context.database, { userId, queuedMax, nowMs })
    await sendOrLeaveToSweep(context, queued)
  }
}

async function tidyEnded(context: SweepInferencesContext): Promise<void> {
  const ended = await listLateWrites(context.database, {
    endedBeforeMs: context.clock.nowMs() - lateWritesMs,
    limit: stepMax,
  })
  await tryEach(context, 'tidyEnded', ended, (inference) => deleteLateWrites(context, inference))
}

/** One that fails keeps no other from it, and is left to the next sweep. */
async function tryEach<Inference extends { readonly id: string }>(
  { logger }: SweepInferencesContext,
  step: string,
  inferences: readonly Inference[],
  act: (inference: Inference) => Promise<void>,
): Promise<void> {
  for (const inference of inferences) {
    try {
      await act(inference)
    } catch (error) {
      logger.error('sweep.inference_failed', { step, id: inference.id, ...describeError(error) })
    }
  }
}

async function releaseUnstarted(context: SweepInferencesContext): Promise<void> {
  const nowMs = context.clock.nowMs()
  const pending = await listPendingReservations(context.database, {
    operationType: 'inference',
    createdBeforeMs: nowMs - startLostMs,
    limit: stepMax,
    // Those of inferences that are running may be many and old, and would take every place.
    unless: repository.hasInference(inferenceOperationId('')),
  })
  const unstarted = await repository.abandonUnstarted(context.database, {
    operationIds: pending.map((reservation) => reservation.operationId),
    operationIdPrefix: inferenceOperationId(''),
    nowMs,
  })
  for (const reservation of pending) {
    if (!unstarted.has(reservation.operationId)) continue
    await releaseOrLeaveToNextSweep(context, reservation)
  }
}

/** An account that is away keeps no other's tokens. */
async function releaseOrLeaveToNextSweep(
  { ledger, logger }: SweepInferencesContext,
  { userId, operationId, reservationId }: PendingReservation,
): Promise<void> {
  try {
    await ledger.release(userId, { reservationId, reason: 'The inference could not be started' })
    logger.warn('sweep.reservation_released', { operationId })
  } catch (error) {
    logger.error('sweep.reservation_not_released', { operationId, ...describeError(error) })
  }
}
