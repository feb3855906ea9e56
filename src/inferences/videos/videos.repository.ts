import { asc, eq } from 'drizzle-orm'
import { type VideoRow, videos } from '../../datasets/videos/videos.table.ts'
import type { Database } from '../../shared/database.ts'
import {
  type InferenceItemRow,
  type InferenceVideoRow,
  inferenceVideos,
} from '../inferences.table.ts'
import type { ClaimedTask } from '../tasks/claims.repository.ts'

/** What a result video takes from the video that was uploaded. */
export type VideoFacts = Pick<
  VideoRow,
  'fps' | 'timeBase' | 'endPts' | 'width' | 'height' | 'sourceKey' | 'soundCodec'
> &
  Pick<InferenceVideoRow, 'resultKey'>

export interface StretchFrame extends Pick<InferenceItemRow, 'state' | 'imageKey' | 'resultKey'> {
  readonly frameIndex: number
  readonly pts: number
}

/** The video of a task; null when it is no longer known. */
export async function findVideoFacts(
  database: Database,
  task: Pick<ClaimedTask, 'inferenceId' | 'videoId'>,
): Promise<VideoFacts | null> {
  return await database.raw
    .prepare(
      `SELECT videos.fps, videos.time_base AS timeBase, videos.end_pts AS endPts, videos.width, videos.height,
         videos.source_key AS sourceKey, videos.sound_codec AS soundCodec, made.result_key AS resultKey
       FROM inference_videos AS made JOIN videos ON videos.id = made.video_id
       WHERE made.inference_id = ?1 AND made.video_id = ?2`,
    )
    .bind(task.inferenceId, task.videoId)
    .first<VideoFacts>()
}

/** The frames of a task's stretch, and the one after it; null where the video ends. */
export async function listStretch(
  database: Database,
  task: Pick<ClaimedTask, 'inferenceId' | 'videoId' | 'firstPosition' | 'itemCount'>,
): Promise<{ frames: StretchFrame[]; next: StretchFrame | null }> {
  const { results } = await database.raw
    .prepare(
      `SELECT state, image_key AS imageKey, result_key AS resultKey, frame_index AS frameIndex, pts
       FROM inference_items
       WHERE inference_id = ?1 AND position >= ?2 AND position <= ?2 + ?3 AND video_id = ?4
       ORDER BY position`,
    )
    .bind(task.inferenceId, task.firstPosition, task.itemCount, task.videoId)
    .all<StretchFrame>()
  return { frames: results.slice(0, task.itemCount), next: results[task.itemCount] ?? null }
}

/** Where the stretches of an inference's videos begin, in their order; of one video or of all. */
export async function listStretchStarts(
  database: Database,
  query: { inferenceId: string; videoId: string | null },
): Promise<{ videoId: string; firstPosition: number }[]> {
  const { results } = await database.raw
    .prepare(
      `SELECT video_id AS videoId, first_position AS firstPosition FROM inference_tasks
       WHERE inference_id = ?1 AND kind = 'encode' AND (?2 IS NULL OR video_id = ?2)
       ORDER BY first_position`,
    )
    .bind(query.inferenceId, query.videoId)
    .all<{ videoId: string; firstPosition: number }>()
  return results
}

/** A result video, with what the uploaded one says of it; that is null when it is no longer known. */
export type ListedVideo = InferenceVideoRow & {
  readonly sampledFps: string | null
  readonly sourceFps: string | null
  readonly sourceKey: string | null
}

/** Every video of an inference, in the order of the dataset. */
export async function listInferenceVideos(
  database: Database,
  inferenceId: string,
): Promise<ListedVideo[]> {
  const rows = await database.query
    .select({
      made: inferenceVideos,
      sampledFps: videos.fps,
      sourceFps: videos.sourceFps,
      sourceKey: videos.sourceKey,
    })
    .from(inferenceVideos)
    .leftJoin(videos, eq(videos.id, inferenceVideos.videoId))
    .where(eq(inferenceVideos.inferenceId, inferenceId))
    .orderBy(asc(inferenceVideos.firstPosition))
  return rows.map(({ made, ...source }) => ({ ...made, ...source }))
}
