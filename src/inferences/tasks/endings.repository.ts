import type { Database } from '../../shared/database.ts'
import type { InferenceRow } from '../inferences.table.ts'
import { lateWritesStatement } from '../late-writes.repository.ts'
import {
  advanceVideosStatements,
  type VideoOutcome,
  videoOutcomeStatements,
} from '../videos/video-outcomes.repository.ts'
import type { ClaimedTask } from './claims.repository.ts'
import { type Outcomes, outcomeStatements } from './outcomes.repository.ts'
import { fillLinesStatements, passPlaceStatement, readPromoted } from './promotions.repository.ts'
import type { TaskMessage } from './tasks.queue.ts'

/** What a task made: outcomes of its items, or of its video. */
export type TaskOutcome = { readonly kind: 'inpainted'; readonly outcomes: Outcomes } | VideoOutcome

export type EndedInference = Pick<InferenceRow, 'id' | 'userId' | 'reservationId'> & {
  readonly spent: number
}

export interface FinishedTask {
  /** The inference, when it ended with this task. */
  readonly ended: EndedInference | null
  /** Tasks that were queued in its place, whose messages are to be sent. */
  readonly queued: readonly TaskMessage[]
}

/**
 * Ends a task with its last outcomes, makes ready what waited for it, ends the inference when nothing is left, and queues
 * the user's next tasks: one batch, so that a crash leaves no task that waits behind nothing.
 */
export async function finishTask(
  database: Database,
  holder: Pick<ClaimedTask, 'id' | 'leaseId' | 'inferenceId' | 'userId' | 'videoId' | 'frameCount'>,
  end: { outcome: TaskOutcome; gramsPerJoule: number; queuedMax: number; nowMs: number },
): Promise<FinishedTask> {
  const { inferenceId, userId } = holder
  const { nowMs, queuedMax } = end
  const hasVideos = holder.frameCount > 0
  // The end of a video's task may make several ready and end others; any other frees the one place that it had.
  const promoting = hasVideos
    ? fillLinesStatements(database, { userId, queuedMax, nowMs, lot: holder.leaseId })
    : [passPlaceStatement(database, { holder, nowMs, line: 'tasks' })]
  const results = await database.raw.batch<unknown>([
    ...(end.outcome.kind === 'inpainted'
      ? outcomeStatements(database, holder, end.outcome.outcomes, end.nowMs)
      : videoOutcomeStatements(database, holder, end.outcome, end.nowMs)),
    endTaskStatement(database, holder, end),
    ...(hasVideos ? advanceVideosStatements(database, { inferenceId, nowMs }) : []),
    endInferenceStatement(database, { ...end, inferenceId }),
    lateWritesStatement(database, { inferenceId, nowMs }),
    ...promoting,
  ])
  const [ended] = results.slice(-promoting.length - 2)
  return {
    ended: (ended?.results[0] as EndedInference | undefined) ?? null,
    queued: readPromoted(results.slice(-promoting.length)),
  }
}

function endTaskStatement(
  database: Database,
  holder: Pick<ClaimedTask, 'id' | 'leaseId' | 'inferenceId'>,
  end: { outcome: TaskOutcome; nowMs: number },
): D1PreparedStatement {
  // Read from what the statements before this one wrote.
  const state =
    end.outcome.kind === 'inpainted'
      ? `CASE WHEN EXISTS (
           SELECT 1 FROM inference_items WHERE inference_id = ?4 AND state = 'SUCCEEDED'
             AND position >= first_position AND position < first_position + item_count
         ) THEN 'COMPLETED' ELSE 'FAILED' END`
      : `CASE WHEN EXISTS (
           SELECT 1 FROM inference_videos WHERE inference_id = ?4
             AND video_id = inference_tasks.video_id AND state <> 'FAILED'
         ) THEN 'COMPLETED' ELSE 'FAILED' END`
  return database.raw
    .prepare(
      // The lease's id stays: it tells the next statements of the batch that it was this holder who ended the task.
      `UPDATE inference_tasks SET lease_until = NULL, updated_at = ?3, state = ${state}
       WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
    )
    .bind(holder.id, holder.leaseId, end.nowMs, holder.inferenceId)
}

/** What an inference has come to by what its items and videos have, with `?1` its id, `?2` the time, and `?3` the grams a joule. */
export const endedColumns = `
  spent = (SELECT coalesce(sum(CASE kind WHEN 'frame' THEN frame_unit_price ELSE image_unit_price END), 0)
    FROM inference_items WHERE inference_id = ?1 AND state = 'SUCCEEDED'),
  carbon_grams = ?3 * (
    (SELECT coalesce(sum(joules), 0) FROM inference_items WHERE inference_id = ?1)
    + (SELECT coalesce(sum(joules), 0) FROM inference_videos WHERE inference_id = ?1)),
  ended_at = ?2, updated_at = ?2`

export const endedAnswer = 'id, user_id AS userId, reservation_id AS reservationId, spent'

/** Ends an inference that has no open task: COMPLETED when an item succeeded, otherwise FAILED. */
function endInferenceStatement(
  database: Database,
  end: { inferenceId: string; gramsPerJoule: number; nowMs: number },
): D1PreparedStatement {
  return database.raw
    .prepare(
      `UPDATE inferences SET
         state = CASE WHEN succeeded_count > 0 THEN 'COMPLETED' ELSE 'FAILED' END, ${endedColumns}
       WHERE id = ?1 AND state IN ('PENDING', 'RUNNING')
         AND NOT EXISTS (SELECT 1 FROM inference_tasks WHERE inference_id = ?1 AND state = 'READY')
         AND NOT EXISTS (SELECT 1 FROM inference_tasks
           WHERE inference_id = ?1 AND state IN ('WAITING', 'PENDING', 'RUNNING'))
       RETURNING ${endedAnswer}`,
    )
    .bind(end.inferenceId, end.nowMs, end.gramsPerJoule)
}
