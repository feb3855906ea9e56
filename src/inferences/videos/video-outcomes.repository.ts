import type { Database } from '../../shared/database.ts'
import type { ClaimedTask } from '../tasks/claims.repository.ts'
import { held } from '../tasks/outcomes.repository.ts'

/** What a task that makes a video came to. */
export type VideoOutcome =
  | {
      readonly kind: 'encoded'
      /** The frames whose originals stand in their place, by their indexes in the video. */
      readonly replacedFrames: readonly number[]
      readonly energy: SpentEnergy
    }
  | { readonly kind: 'assembled'; readonly made: MadeVideo; readonly energy: SpentEnergy }
  | { readonly kind: 'video_failed'; readonly code: string; readonly message: string }

export interface SpentEnergy {
  readonly joules: number
  /** How they were found. */
  readonly method: string
}

export interface MadeVideo {
  readonly contentType: string
  readonly width: number
  readonly height: number
  readonly durationSeconds: number
  readonly sizeBytes: number
  readonly sha256: string
  readonly crc32: number
  /** Sentences for the user. */
  readonly notes: readonly string[]
}

/** Writes down what became of the video while the lease holds; a video's first end stays. */
export function videoOutcomeStatements(
  database: Database,
  holder: Pick<ClaimedTask, 'id' | 'leaseId' | 'inferenceId' | 'videoId'>,
  outcome: VideoOutcome,
  nowMs: number,
): D1PreparedStatement[] {
  const prepare = (changes: string, ...values: readonly (string | number)[]) =>
    database.raw
      .prepare(
        `UPDATE inference_videos SET ${changes}, updated_at = ?5
         WHERE inference_id = ?3 AND video_id = ?4 AND state = 'PENDING' AND ${held}`,
      )
      .bind(holder.id, holder.leaseId, holder.inferenceId, holder.videoId, nowMs, ...values)
  const addEnergy = `joules = joules + (?6 ->> 'joules'), energy_method = CASE
    WHEN coalesce(energy_method, ?6 ->> 'method') = ?6 ->> 'method' THEN ?6 ->> 'method' ELSE 'mixed' END`
  switch (outcome.kind) {
    case 'encoded':
      return [
        prepare(
          `${addEnergy}, replaced_frames = (SELECT json_group_array(frame) FROM (
             SELECT value AS frame FROM json_each(replaced_frames)
             UNION SELECT value FROM json_each(?7) ORDER BY frame))`,
          JSON.stringify(outcome.energy),
          JSON.stringify(outcome.replacedFrames),
        ),
      ]
    case 'assembled':
      return [
        prepare(
          `state = 'SUCCEEDED', ${addEnergy}, notes = ?7 ->> 'notes',
             content_type = ?7 ->> 'contentType', width = ?7 ->> 'width', height = ?7 ->> 'height',
             duration_seconds = ?7 ->> 'durationSeconds', size_bytes = ?7 ->> 'sizeBytes',
             sha256 = ?7 ->> 'sha256', crc32 = ?7 ->> 'crc32'`,
          JSON.stringify(outcome.energy),
          JSON.stringify(outcome.made),
        ),
      ]
    case 'video_failed':
      return [
        prepare(
          `state = 'FAILED', error_code = ?6, error_message = ?7`,
          outcome.code,
          outcome.message,
        ),
      ]
  }
}

/**
 * Moves on what waits, after a task has ended: fails the videos of which no frame succeeded, ends the tasks of failed
 * videos that have not begun, and makes ready the tasks that wait for nothing any more.
 */
export function advanceVideosStatements(
  database: Database,
  { inferenceId, nowMs }: { inferenceId: string; nowMs: number },
): D1PreparedStatement[] {
  const prepare = (sql: string) => database.raw.prepare(sql).bind(inferenceId, nowMs)
  return [
    prepare(
      `UPDATE inference_videos AS videos SET state = 'FAILED', error_code = 'video.no_frame_succeeded',
         error_message = 'None of the ' || frame_count || ' frames of this video could be inpainted, so there is no '
           || 'result video. Its frames were refunded; each says why it failed.', updated_at = ?2
       WHERE inference_id = ?1 AND state = 'PENDING' AND ${noOpenInpainting('videos.first_position', 'videos.frame_count')}
         AND NOT EXISTS (SELECT 1 FROM inference_items WHERE inference_id = ?1 AND state = 'SUCCEEDED'
           AND position >= videos.first_position AND position < videos.first_position + videos.frame_count)`,
    ),
    prepare(
      `UPDATE inference_tasks SET state = 'FAILED', updated_at = ?2
       WHERE inference_id = ?1 AND kind <> 'inpaint' AND state IN ('WAITING', 'READY', 'PENDING')
         AND video_id IN (SELECT video_id FROM inference_videos
           WHERE inference_id = ?1 AND state = 'FAILED')`,
    ),
    prepare(
      `UPDATE inference_tasks AS waiting SET state = 'READY', updated_at = ?2
       WHERE inference_id = ?1 AND kind = 'encode' AND state = 'WAITING'
         AND ${noOpenInpainting('waiting.first_position', 'waiting.item_count')}
         AND EXISTS (SELECT 1 FROM inference_videos AS videos JOIN inference_items AS items
             ON items.inference_id = ?1 AND items.position >= videos.first_position
            AND items.position < videos.first_position + videos.frame_count AND items.state = 'SUCCEEDED'
           WHERE videos.inference_id = ?1 AND videos.video_id = waiting.video_id)`,
    ),
    prepare(
      `UPDATE inference_tasks AS waiting SET state = 'READY', updated_at = ?2
       WHERE inference_id = ?1 AND kind = 'assemble' AND state = 'WAITING'
         AND NOT EXISTS (SELECT 1 FROM inference_tasks AS parts
           WHERE parts.inference_id = ?1 AND parts.kind = 'encode' AND parts.video_id = waiting.video_id
             AND parts.state IN ('WAITING', 'READY', 'PENDING', 'RUNNING'))`,
    ),
  ]
}

/** That no task is left to inpaint items of that range; a task that inpaints lies within one stretch of a video. */
function noOpenInpainting(firstPosition: string, count: string): string {
  return `NOT EXISTS (SELECT 1 FROM inference_tasks AS open
    WHERE open.inference_id = ?1 AND open.kind = 'inpaint' AND open.state IN ('READY', 'PENDING', 'RUNNING')
      AND open.first_position >= ${firstPosition} AND open.first_position < ${firstPosition} + ${count})`
}
