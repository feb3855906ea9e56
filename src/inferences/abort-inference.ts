import { describeError } from '../shared/logger.ts'
import { type EarlyEnd, endEarly } from './end-early.repository.ts'
import { inferenceErrors } from './inferences.errors.ts'
import { hasEnded, inferenceDeadlineMs } from './inferences.lifecycle.ts'
import { findInferenceById, listOpenInferences } from './inferences.repository.ts'
import type { InferenceRow } from './inferences.table.ts'
import type { EndTaskContext } from './tasks/end-task.ts'
import { sendOrLeaveToSweep } from './tasks/send-or-leave.ts'
import { taskReasons } from './tasks/tasks.errors.ts'
import { deleteSegments } from './videos/delete-segments.ts'

/** Who aborts, and for which request. */
export interface Aborter {
  readonly id: string
  readonly role: 'user' | 'admin'
  readonly requestId: string | null
}

type Ending = Pick<InferenceRow, 'id' | 'userId' | 'frameCount'>

const aborted = {
  code: taskReasons.code('inference.aborted'),
  message: 'The inference was aborted before this was made. It was refunded.',
}

const overdue = {
  code: taskReasons.code('inference.deadline_passed'),
  message: `The inference did not end within ${inferenceDeadlineMs / 3_600_000} hours, and this was not made by then. It was refunded; start a new inference for it.`,
}

/**
 * Ends an inference at its owner's or an administrator's wish: what succeeded is kept and paid, the rest refunded. One that
 * was aborted before is answered as it is; one that ended otherwise throws `inferences.ended`.
 */
export async function abortInference(
  context: EndTaskContext,
  inference: InferenceRow,
  by: Aborter,
): Promise<InferenceRow> {
  const nowMs = context.clock.nowMs()
  const isOwner = by.id === inference.userId
  if (!hasEnded(inference.state)) {
    await endInferenceEarly(context, inference, {
      reason: isOwner ? 'aborted_by_owner' : 'aborted_by_administrator',
      error: aborted,
      audit: {
        atMs: nowMs,
        actor: { id: by.id, role: by.role },
        action: 'inference.aborted',
        subjectKind: 'inference',
        subjectId: inference.id,
        ownerId: inference.userId,
        requestId: by.requestId,
      },
    })
  }
  const now = (await findInferenceById(context.database, inference.id)) ?? inference
  if (now.state === 'ABORTED') return now
  throw inferenceErrors.createError(
    'inferences.ended',
    `The inference is ${now.state} and can no longer be aborted. GET it to see what it made and what it cost.`,
    { status: now.state },
  )
}

/**
 * Aborts the inferences that a deleted user left running, as that user. One that cannot be aborted now keeps no other; the
 * sweep comes back to it.
 */
export async function abortAll(
  context: EndTaskContext,
  left: readonly InferenceRow[],
): Promise<void> {
  for (const inference of left) {
    try {
      await abortInference(context, inference, {
        id: inference.userId,
        role: 'user',
        requestId: null,
      })
    } catch (error) {
      const { id } = inference
      context.logger.warn('inference.not_aborted', { id, ...describeError(error) })
    }
  }
}

/** Aborts all that a user whose account is deleted has running; what is left after a failure the sweep aborts. */
export function createAbortAllOf(context: EndTaskContext) {
  return async ({ userId }: { userId: string }): Promise<void> => {
    try {
      await abortAll(context, await listOpenInferences(context.database, userId))
    } catch (error) {
      context.logger.warn('inferences.not_aborted', { userId, ...describeError(error) })
    }
  }
}

/** Ends an inference that should have ended long ago: what has no outcome fails and is refunded. */
export async function endOverdueInference(
  context: EndTaskContext,
  inference: Ending,
): Promise<void> {
  const end = { reason: 'deadline_passed', error: overdue, audit: null } as const
  await endInferenceEarly(context, inference, end)
}

async function endInferenceEarly(
  context: EndTaskContext,
  inference: Ending,
  end: Pick<EarlyEnd, 'reason' | 'error' | 'audit'>,
): Promise<void> {
  const { ended, queued } = await endEarly(context.database, {
    ...end,
    inferenceId: inference.id,
    userId: inference.userId,
    gramsPerJoule: context.gramsPerJoule,
    queuedMax: context.settings.TASKS_QUEUED_PER_USER,
    nowMs: context.clock.nowMs(),
  })
  await sendOrLeaveToSweep(context, queued)
  if (!ended) return
  if (inference.frameCount > 0) await deleteSegments(context, ended)
  await context.settleInference(ended)
}
