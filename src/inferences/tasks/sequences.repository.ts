import type { Database } from '../../shared/database.ts'
import type { InferenceItemRow } from '../inferences.table.ts'
import { listAround } from '../videos/sequences.rules.ts'
import type { ClaimedTask } from './claims.repository.ts'

/** The video whose frames a task fills from each other. */
export interface Sequence {
  readonly videoId: string
  readonly firstPosition: number
  readonly frameCount: number
  readonly spacingSeconds: number
}

export type FrameAround = Pick<InferenceItemRow, 'position' | 'imageKey' | 'maskKey'>

/** The video of a task's items; null where each is filled on its own. */
export async function findSequence(
  database: Database,
  task: Pick<ClaimedTask, 'inferenceId' | 'firstPosition'>,
): Promise<Sequence | null> {
  return await database.raw
    .prepare(
      `SELECT video_id AS videoId, first_position AS firstPosition, frame_count AS frameCount,
         spacing_seconds AS spacingSeconds
       FROM inference_videos WHERE inference_id = ?1 AND spacing_seconds IS NOT NULL
         AND video_id = (SELECT video_id FROM inference_items WHERE inference_id = ?1 AND position = ?2)`,
    )
    .bind(task.inferenceId, task.firstPosition)
    .first<Sequence>()
}

/** The frames of a sequence that are looked at to fill a task's items, without these. */
export async function listFramesAround(
  database: Database,
  sequence: Sequence,
  task: Pick<ClaimedTask, 'inferenceId' | 'items'>,
): Promise<FrameAround[]> {
  const asked = task.items.map((item) => item.position - sequence.firstPosition)
  const around = new Set(
    listAround(asked, sequence.frameCount).map((index) => sequence.firstPosition + index),
  )
  if (around.size === 0) return []
  const { results } = await database.raw
    .prepare(
      `SELECT position, image_key AS imageKey, mask_key AS maskKey FROM inference_items
       WHERE inference_id = ?1 AND position BETWEEN ?2 AND ?3 AND video_id = ?4 ORDER BY position`,
    )
    .bind(task.inferenceId, Math.min(...around), Math.max(...around), sequence.videoId)
    .all<FrameAround>()
  return results.filter((frame) => around.has(frame.position))
}
