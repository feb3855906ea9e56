import type { Database } from '../../../shared/database.ts'
import { uploadOperationId } from '../uploads.rules.ts'
import type { Ingestion } from './ingestion.model.ts'

export interface StoredCounts {
  readonly items: number
  readonly images: number
  /** Pictures and videos that became data. */
  readonly media: number
}

/** What of an upload is stored and would become data. */
export async function countStored(database: Database, uploadId: string): Promise<StoredCounts> {
  const row = await database.raw
    .prepare(
      `SELECT count(*) AS items, count(*) FILTER (WHERE kind = 'image') AS images,
         count(DISTINCT entry_number) AS media
       FROM upload_items WHERE upload_id = ?1 AND state = 'STORED'`,
    )
    .bind(uploadId)
    .first<StoredCounts>()
  return row ?? { items: 0, images: 0, media: 0 }
}

/**
 * Makes everything that an upload stored the dataset's items, at once and once: pictures under one upload index and each
 * video under its own. False when the dataset is gone, the sweep gave the upload up, or the lease is another's.
 */
export async function commitIngestion(
  database: Database,
  ingestion: Ingestion,
  data: { counts: StoredCounts; price: number; nowMs: number },
): Promise<boolean> {
  const { id, leaseId, datasetId } = ingestion
  const ready = `EXISTS (SELECT 1 FROM ingestions WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING')
    AND EXISTS (SELECT 1 FROM uploads WHERE id = ?1)`
  const hasImages = data.counts.images > 0 ? 1 : 0
  const prepare = (sql: string, ...parameters: unknown[]) =>
    database.raw.prepare(sql).bind(id, leaseId, ...parameters)
  const [inserted] = await database.raw.batch([
    prepare(
      `INSERT INTO uploads (id, user_id, dataset_id, reservation_id, price, item_count, created_at)
       SELECT id, user_id, dataset_id, reservation_id, ?4, ?5, ?6 FROM ingestions
       WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING' AND reservation_id IS NOT NULL
         AND EXISTS (SELECT 1 FROM datasets WHERE id = dataset_id AND deleted_at IS NULL)
         AND NOT EXISTS (SELECT 1 FROM abandoned_operations WHERE operation_id = ?3)`,
      uploadOperationId(id),
      data.price,
      data.counts.items,
      data.nowMs,
    ),
    prepare(
      `UPDATE videos SET
         upload_index = ?4 + (SELECT next_upload_index FROM datasets WHERE id = ?3)
           + (SELECT count(*) FROM videos AS before
              WHERE before.upload_id = ?1 AND before.entry_number < videos.entry_number),
         frame_count = (SELECT count(*) FROM upload_items AS item
           WHERE item.upload_id = ?1 AND item.entry_number = videos.entry_number AND item.state = 'STORED')
       WHERE upload_id = ?1 AND ${ready}`,
      datasetId,
      hasImages,
    ),
    prepare(
      `INSERT INTO dataset_items (dataset_id, position, kind, upload_id, upload_index, frame_index, video_id, pts,
         image_key, mask_key, image_name, width, height, hole_pixels, image_bytes, mask_bytes, image_sha256,
         mask_sha256, created_at)
       SELECT ?3, datasets.item_count + row_number() OVER (ORDER BY item.entry_number, item.frame_index) - 1,
         item.kind, ?1, coalesce(videos.upload_index, datasets.next_upload_index),
         CASE item.kind WHEN 'frame' THEN item.frame_index END, item.video_id, item.pts, item.image_key,
         item.mask_key, item.image_name, item.width, item.height, item.hole_pixels, item.image_bytes,
         item.mask_bytes, item.image_sha256, item.mask_sha256, ?4
       FROM upload_items AS item JOIN datasets ON datasets.id = ?3
         LEFT JOIN videos ON videos.id = item.video_id
       WHERE item.upload_id = ?1 AND item.state = 'STORED' AND ${ready}`,
      datasetId,
      data.nowMs,
    ),
    prepare(
      `UPDATE upload_entries SET first_position = made.first, item_count = made.count
       FROM (SELECT entry_number, min(place) AS first, count(*) AS count FROM (
           SELECT entry_number, (SELECT item_count FROM datasets WHERE id = ?3)
             + row_number() OVER (ORDER BY entry_number, frame_index) - 1 AS place
           FROM upload_items WHERE upload_id = ?1 AND state = 'STORED')
         GROUP BY entry_number) AS made
       WHERE upload_id = ?1 AND number = made.entry_number AND ${ready}`,
      datasetId,
    ),
    prepare(
      `UPDATE datasets SET item_count = item_count + ?4, frame_count = frame_count + ?5,
         next_upload_index = next_upload_index + ?6 + (SELECT count(*) FROM videos WHERE upload_id = ?1),
         updated_at = ?7
       WHERE id = ?3 AND ${ready}`,
      datasetId,
      data.counts.items,
      data.counts.items - data.counts.images,
      hasImages,
      data.nowMs,
    ),
    prepare(`DELETE FROM upload_items WHERE upload_id = ?1 AND ${ready}`),
    prepare(
      `UPDATE ingestions SET state = 'COMPLETED', spent = ?3, lease_id = NULL, lease_until = NULL,
         updated_at = ?4
       WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING' AND EXISTS (SELECT 1 FROM uploads WHERE id = ?1)`,
      data.price,
      data.nowMs,
    ),
  ])
  return inserted?.meta.changes === 1
}
