import type { Database } from '../../shared/database.ts'
import type { ItemRow } from '../items.table.ts'
import { uploadOperationId } from './uploads.rules.ts'

export interface NewItem {
  readonly kind: ItemRow['kind']
  readonly frameIndex: number | null
  readonly imageKey: string
  readonly maskKey: string
  readonly imageName: string
  readonly width: number
  readonly height: number
  readonly holePixels: number
  readonly imageBytes: number
  readonly maskBytes: number
  readonly imageSha256: string
  readonly maskSha256: string
}

export interface NewUpload {
  readonly id: string
  readonly userId: string
  readonly datasetId: string
  readonly reservationId: string
  /** Thousandths of a token. */
  readonly price: number
  readonly items: readonly NewItem[]
  readonly nowMs: number
}

const abandoned = 'EXISTS (SELECT 1 FROM abandoned_operations WHERE operation_id = ?)'
const liveDataset = 'SELECT 1 FROM datasets WHERE id = ? AND deleted_at IS NULL'

/**
 * Makes an upload's files the dataset's items, all of them and once: positions and the upload index are taken inside the
 * batch, so that uploads side by side never share one. False when the dataset is gone or the sweep gave the upload up.
 */
export async function commitUpload(database: Database, upload: NewUpload): Promise<boolean> {
  const committed = 'EXISTS (SELECT 1 FROM uploads WHERE id = ?)'
  const frames = upload.items.filter((item) => item.kind === 'frame').length
  const [inserted] = await database.raw.batch([
    database.raw
      .prepare(
        `INSERT INTO uploads (id, user_id, dataset_id, reservation_id, price, item_count, created_at)
         SELECT ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (${liveDataset}) AND NOT ${abandoned}`,
      )
      .bind(
        upload.id,
        upload.userId,
        upload.datasetId,
        upload.reservationId,
        upload.price,
        upload.items.length,
        upload.nowMs,
        upload.datasetId,
        uploadOperationId(upload.id),
      ),
    database.raw
      .prepare(
        `INSERT INTO dataset_items (
           dataset_id, position, kind, upload_id, upload_index, frame_index, image_key, mask_key, image_name,
           width, height, hole_pixels, image_bytes, mask_bytes, image_sha256, mask_sha256, created_at)
         SELECT datasets.id, datasets.item_count + item.key, item.value ->> 'kind', ?2,
           datasets.next_upload_index, item.value ->> 'frameIndex', item.value ->> 'imageKey',
           item.value ->> 'maskKey', item.value ->> 'imageName', item.value ->> 'width',
           item.value ->> 'height', item.value ->> 'holePixels', item.value ->> 'imageBytes',
           item.value ->> 'maskBytes', item.value ->> 'imageSha256', item.value ->> 'maskSha256', ?4
         FROM json_each(?3) AS item JOIN datasets ON datasets.id = ?1
         WHERE EXISTS (SELECT 1 FROM uploads WHERE id = ?2)`,
      )
      .bind(upload.datasetId, upload.id, JSON.stringify(upload.items), upload.nowMs),
    database.raw
      .prepare(
        `UPDATE datasets SET item_count = item_count + ?, frame_count = frame_count + ?,
           next_upload_index = next_upload_index + 1, updated_at = ?
         WHERE id = ? AND ${committed}`,
      )
      .bind(upload.items.length, frames, upload.nowMs, upload.datasetId, upload.id),
  ])
  return inserted?.meta.changes === 1
}

/**
 * Marks as abandoned those of the operations that never became data, so that none of them still can; answers the price
 * of each of the others, in thousandths of a token.
 */
export async function abandonUncommitted(
  database: Database,
  query: { operationIds: readonly string[]; nowMs: number },
): Promise<ReadonlyMap<string, number>> {
  if (query.operationIds.length === 0) return new Map()
  const ids = JSON.stringify(query.operationIds)
  const uploadId = `substr(operation.value, ${uploadOperationId('').length + 1})`
  const [, committed] = await database.raw.batch<{ operationId: string; price: number }>([
    database.raw
      .prepare(
        `INSERT OR IGNORE INTO abandoned_operations (operation_id, abandoned_at)
         SELECT operation.value, ?2 FROM json_each(?1) AS operation
         WHERE NOT EXISTS (SELECT 1 FROM uploads WHERE id = ${uploadId})`,
      )
      .bind(ids, query.nowMs),
    database.raw
      .prepare(
        `SELECT operation.value AS operationId, uploads.price AS price
         FROM json_each(?1) AS operation JOIN uploads ON uploads.id = ${uploadId}`,
      )
      .bind(ids),
  ])
  return new Map((committed?.results ?? []).map((row) => [row.operationId, row.price]))
}
