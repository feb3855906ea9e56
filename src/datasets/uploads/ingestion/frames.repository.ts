import type { Database } from '../../../shared/database.ts'
import type { Ingestion } from './ingestion.model.ts'
import type { UploadItemRow } from './ingestions.table.ts'
import type { NewVideo, StagedVideo } from './staged-video.model.ts'
import {
  itemStatements,
  type NewUploadItem,
  progressStatement,
} from './upload-entries.repository.ts'

type Holder = Pick<Ingestion, 'id' | 'leaseId'>

const held = `EXISTS (SELECT 1 FROM ingestions WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING')`

/** Writes down a video that was probed, and the frames to sample from it. */
export async function stageVideo(
  database: Database,
  holder: Holder,
  plan: {
    video: NewVideo
    staged: StagedVideo
    items: readonly NewUploadItem[]
    notes: readonly string[]
    /** What is to be done beyond what was known: frames that nobody has counted yet. */
    addedCount: number
    nowMs: number
  },
): Promise<void> {
  const { video } = plan
  await database.raw.batch([
    database.raw
      .prepare(
        `INSERT INTO videos (id, upload_id, dataset_id, entry_number, name, source_key, container, codec, width,
           height, rotation, duration_seconds, source_fps, source_frame_count, fps, frame_count, time_base,
           first_pts, end_pts, sound_codec, size_bytes, created_at)
         SELECT ?3 ->> 'id', ?1, ?3 ->> 'datasetId', ?3 ->> 'entryNumber', ?3 ->> 'name', ?3 ->> 'sourceKey',
           ?3 ->> 'container', ?3 ->> 'codec', ?3 ->> 'width', ?3 ->> 'height', ?3 ->> 'rotation',
           ?3 ->> 'durationSeconds', ?3 ->> 'sourceFps', ?3 ->> 'sourceFrameCount', ?3 ->> 'fps',
           ?3 ->> 'frameCount', ?3 ->> 'timeBase', ?3 ->> 'firstPts', ?3 ->> 'endPts', ?3 ->> 'soundCodec',
           ?3 ->> 'sizeBytes', ?3 ->> 'createdAt' WHERE ${held}`,
      )
      .bind(holder.id, holder.leaseId, JSON.stringify(video)),
    ...itemStatements(database, holder, plan.items),
    database.raw
      .prepare(
        `UPDATE upload_entries SET state = 'SAMPLING', video = ?4
         WHERE upload_id = ?1 AND number = ?3 AND ${held}`,
      )
      .bind(holder.id, holder.leaseId, video.entryNumber, JSON.stringify(plan.staged)),
    database.raw
      .prepare(
        `UPDATE ingestions SET total_count = coalesce(total_count, 0) + ?3, updated_at = ?5,
           notes = (SELECT json_group_array(value) FROM (
             SELECT value FROM json_each(ingestions.notes) UNION ALL SELECT value FROM json_each(?4)))
         WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
      )
      .bind(holder.id, holder.leaseId, plan.addedCount, JSON.stringify(plan.notes), plan.nowMs),
  ])
}

export interface PendingFrame {
  readonly frameIndex: number
  readonly pts: number
  readonly imageKey: string
  readonly maskKey: string
  /** 1 while nothing of the video's shared mask is known. */
  readonly isFirst: 0 | 1
}

/** The next frames of a video that are to be sampled, in their order, and how many there are in all. */
export async function listPendingFrames(
  database: Database,
  query: { uploadId: string; entryNumber: number; limit: number },
): Promise<{ frames: PendingFrame[]; pendingCount: number }> {
  const where = `upload_id = ?1 AND entry_number = ?2 AND state = 'PENDING'`
  const [frames, counted] = await database.raw.batch<unknown>([
    database.raw
      .prepare(
        `SELECT frame_index AS frameIndex, pts, image_key AS imageKey, mask_key AS maskKey,
           hole_pixels IS NULL AS isFirst
         FROM upload_items WHERE ${where} ORDER BY frame_index LIMIT ?3`,
      )
      .bind(query.uploadId, query.entryNumber, query.limit),
    database.raw
      .prepare(`SELECT count(*) AS count FROM upload_items WHERE ${where}`)
      .bind(query.uploadId, query.entryNumber),
  ])
  const [count] = (counted?.results ?? []) as { count: number }[]
  return { frames: (frames?.results ?? []) as PendingFrame[], pendingCount: count?.count ?? 0 }
}

export type FrameOutcome = Pick<UploadItemRow, 'frameIndex'> &
  (
    | { readonly state: 'FAILED' }
    | ({ readonly state: 'STORED' } & Pick<
        UploadItemRow,
        | 'width'
        | 'height'
        | 'imageBytes'
        | 'imageSha256'
        | 'holePixels'
        | 'maskBytes'
        | 'maskSha256'
      >)
  )

/** Records sampled frames; a mask that all of a video's frames share is told once and written to each. */
export async function recordFrames(
  database: Database,
  holder: Holder,
  outcome: {
    entryNumber: number
    frames: readonly FrameOutcome[]
    sharedMask: { holePixels: number; sizeBytes: number; sha256: string } | null
    nowMs: number
  },
): Promise<void> {
  const shared = outcome.sharedMask
  await database.raw.batch([
    ...(shared === null
      ? []
      : [
          database.raw
            .prepare(
              `UPDATE upload_items SET hole_pixels = ?4, mask_bytes = ?5, mask_sha256 = ?6
               WHERE upload_id = ?1 AND entry_number = ?3 AND ${held}`,
            )
            .bind(
              holder.id,
              holder.leaseId,
              outcome.entryNumber,
              shared.holePixels,
              shared.sizeBytes,
              shared.sha256,
            ),
        ]),
    database.raw
      .prepare(
        `UPDATE upload_items SET state = made.value ->> 'state',
           width = coalesce(made.value ->> 'width', width), height = coalesce(made.value ->> 'height', height),
           image_bytes = made.value ->> 'imageBytes', image_sha256 = made.value ->> 'imageSha256',
           hole_pixels = coalesce(made.value ->> 'holePixels', hole_pixels),
           mask_bytes = coalesce(made.value ->> 'maskBytes', mask_bytes),
           mask_sha256 = coalesce(made.value ->> 'maskSha256', mask_sha256)
         FROM json_each(?4) AS made
         WHERE upload_id = ?1 AND entry_number = ?3 AND frame_index = made.value ->> 'frameIndex'
           AND upload_items.state = 'PENDING' AND ${held}`,
      )
      .bind(holder.id, holder.leaseId, outcome.entryNumber, JSON.stringify(outcome.frames)),
    progressStatement(database, holder, outcome.frames.length, outcome.nowMs),
  ])
}

/** How many of a video's frames are stored, and how many could not be. */
export async function countFrames(
  database: Database,
  query: { uploadId: string; entryNumber: number },
): Promise<{ stored: number; failed: number }> {
  const row = await database.raw
    .prepare(
      `SELECT count(*) FILTER (WHERE state = 'STORED') AS stored,
         count(*) FILTER (WHERE state = 'FAILED') AS failed
       FROM upload_items WHERE upload_id = ?1 AND entry_number = ?2`,
    )
    .bind(query.uploadId, query.entryNumber)
    .first<{ stored: number; failed: number }>()
  return row ?? { stored: 0, failed: 0 }
}

/** The statements that forget a video which was refused after some of its frames were stored. */
export function forgetVideoStatements(
  database: Database,
  holder: Holder,
  entryNumber: number,
): D1PreparedStatement[] {
  return ['upload_items', 'videos'].map((table) =>
    database.raw
      .prepare(`DELETE FROM ${table} WHERE upload_id = ?1 AND entry_number = ?3 AND ${held}`)
      .bind(holder.id, holder.leaseId, entryNumber),
  )
}
