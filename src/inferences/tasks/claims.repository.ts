import type { Database } from '../../shared/database.ts'
import { type TaskKind, taskLeaseMs } from '../inferences.lifecycle.ts'
import type { InferenceItemRow } from '../inferences.table.ts'

export interface ClaimedTask {
  readonly id: string
  readonly leaseId: string
  readonly inferenceId: string
  readonly kind: TaskKind
  /** The video of a task that encodes or assembles. */
  readonly videoId: string | null
  readonly userId: string
  /** How many of the inference's items are frames. */
  readonly frameCount: number
  /** Runs so far, this one included. */
  readonly attempts: number
  /** Why its last run did not end it. */
  readonly errorCode: string | null
  readonly firstPosition: number
  readonly itemCount: number
  readonly modelId: string
  /** JSON. */
  readonly parameters: string
  /** Those that have no outcome; none where the task makes a video. */
  readonly items: readonly ClaimedItem[]
}

export type ClaimedItem = Pick<InferenceItemRow, 'position' | 'imageKey' | 'maskKey' | 'resultKey'>

type ClaimRow = Omit<ClaimedTask, 'items' | 'leaseId'>

/** Takes a task for a lease's time; null when it has ended, is held by another, or its inference has ended. */
export async function claimTask(
  database: Database,
  claim: { taskId: string; leaseId: string; nowMs: number },
): Promise<ClaimedTask | null> {
  const [claimed, , items] = await database.raw.batch<unknown>([
    database.raw
      .prepare(
        `UPDATE inference_tasks
         SET state = 'RUNNING', lease_id = ?2, lease_until = ?4, attempts = attempts + 1, updated_at = ?3
         WHERE id = ?1 AND (state = 'PENDING' OR (state = 'RUNNING' AND lease_until < ?3))
           AND EXISTS (SELECT 1 FROM inferences
             WHERE id = inference_tasks.inference_id AND state IN ('PENDING', 'RUNNING'))
         RETURNING id, inference_id AS inferenceId, kind, video_id AS videoId, attempts, error_code AS errorCode, first_position AS firstPosition,
           item_count AS itemCount,
           (SELECT user_id FROM inferences WHERE id = inference_id) AS userId,
           (SELECT frame_count FROM inferences WHERE id = inference_id) AS frameCount,
           (SELECT model_id FROM inferences WHERE id = inference_id) AS modelId,
           (SELECT parameters FROM inferences WHERE id = inference_id) AS parameters`,
      )
      .bind(claim.taskId, claim.leaseId, claim.nowMs, claim.nowMs + taskLeaseMs),
    database.raw
      .prepare(
        `UPDATE inferences SET state = 'RUNNING', updated_at = ?3
         WHERE state = 'PENDING'
           AND id = (SELECT inference_id FROM inference_tasks WHERE id = ?1 AND lease_id = ?2)`,
      )
      .bind(claim.taskId, claim.leaseId, claim.nowMs),
    database.raw
      .prepare(
        `SELECT items.position, items.image_key AS imageKey, items.mask_key AS maskKey,
           items.result_key AS resultKey
         FROM inference_tasks AS tasks JOIN inference_items AS items
           ON items.inference_id = tasks.inference_id AND items.position >= tasks.first_position
          AND items.position < tasks.first_position + tasks.item_count
         WHERE tasks.id = ?1 AND tasks.lease_id = ?2 AND items.state = 'PENDING'
         ORDER BY items.position`,
      )
      .bind(claim.taskId, claim.leaseId),
  ])
  const task = claimed?.results[0] as ClaimRow | undefined
  if (!task) return null
  return { ...task, leaseId: claim.leaseId, items: (items?.results ?? []) as ClaimedItem[] }
}

/** Holds the task for another lease's time; false when it is no longer the holder's. */
export async function renewLease(
  database: Database,
  holder: Pick<ClaimedTask, 'id' | 'leaseId'>,
  nowMs: number,
): Promise<boolean> {
  const result = await database.raw
    .prepare(
      `UPDATE inference_tasks SET lease_until = ?3
       WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
    )
    .bind(holder.id, holder.leaseId, nowMs + taskLeaseMs)
    .run()
  return result.meta.changes === 1
}
