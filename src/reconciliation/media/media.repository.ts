import { isOpenIngestion } from '../../datasets/uploads/ingestion/sweep.repository.ts'
import { uploadOperationId } from '../../datasets/uploads/uploads.rules.ts'
import type { Database } from '../../shared/database.ts'

/** Every key that a row says is stored, but for videos' sources, which are looked up by their upload. */
const namedKeys = [
  'SELECT image_key AS key FROM dataset_items WHERE image_key > ?1 ORDER BY image_key LIMIT ?2',
  'SELECT mask_key AS key FROM dataset_items WHERE mask_key > ?1 ORDER BY mask_key LIMIT ?2',
  resultKeys('inference_items'),
  resultKeys('inference_videos'),
]

function resultKeys(table: string): string {
  return `SELECT result.result_key AS key FROM ${table} AS result
    JOIN inferences ON inferences.id = result.inference_id
    WHERE result.result_key > ?1 AND result.state = 'SUCCEEDED' AND inferences.results_deleted_at IS NULL
    ORDER BY result.result_key LIMIT ?2`
}

/** The next named keys after a key in their order, from each of their places. */
export async function listNamedKeys(
  { raw }: Database,
  query: { after: string; limit: number },
): Promise<string[][]> {
  const lists = await raw.batch<{ key: string }>(
    namedKeys.map((sql) => raw.prepare(sql).bind(query.after, query.limit)),
  )
  return lists.map(({ results }) => results.map(({ key }) => key))
}

/** Those of the users that are on record, deleted ones too. */
export async function listKnownUsers(
  { raw }: Database,
  userIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { results } = await raw
    .prepare('SELECT id FROM users WHERE id IN (SELECT value FROM json_each(?1))')
    .bind(JSON.stringify(userIds))
    .all<{ id: string }>()
  return new Set(results.map(({ id }) => id))
}

/** Those of the uploads that are under way, or whose objects are being deleted by somebody else. */
export async function listBusyUploads(
  { raw }: Database,
  uploadIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { results } = await raw
    .prepare(
      `SELECT upload.value AS id FROM json_each(?1) AS upload
       WHERE ${isOpenIngestion('upload.value')}
         OR EXISTS (SELECT 1 FROM ingestions WHERE ingestions.id = upload.value
           AND state = 'COMPLETED' AND ended_at IS NULL)
         OR EXISTS (SELECT 1 FROM token_transactions WHERE status = 'pending'
           AND operation_type = 'dataset_upload' AND operation_id = ?2 || upload.value)`,
    )
    .bind(JSON.stringify(uploadIds), uploadOperationId(''))
    .all<{ id: string }>()
  return new Set(results.map(({ id }) => id))
}

/** Those of the inferences that still write, or that ended a short time ago. */
export async function listBusyInferences(
  { raw }: Database,
  query: { inferenceIds: readonly string[]; endedAfterMs: number },
): Promise<ReadonlySet<string>> {
  const { results } = await raw
    .prepare(
      `SELECT id FROM inferences WHERE id IN (SELECT value FROM json_each(?1))
         AND (ended_at IS NULL OR ended_at > ?2)`,
    )
    .bind(JSON.stringify(query.inferenceIds), query.endedAfterMs)
    .all<{ id: string }>()
  return new Set(results.map(({ id }) => id))
}

/** The sources of videos of live datasets, a page at a time. */
export async function listVideosAfter(
  { raw }: Database,
  query: { after: string; limit: number },
): Promise<{ id: string; sourceKey: string }[]> {
  const { results } = await raw
    .prepare(
      `SELECT videos.id, source_key AS sourceKey FROM videos
       WHERE videos.id > ?1 AND upload_index IS NOT NULL
         AND EXISTS (SELECT 1 FROM datasets WHERE id = videos.dataset_id AND deleted_at IS NULL)
       ORDER BY videos.id LIMIT ?2`,
    )
    .bind(query.after, query.limit)
    .all<{ id: string; sourceKey: string }>()
  return results
}

/** Where the upload's id stands in the key of an uploaded file. */
const uploadIdOfKey = `substr(stored.value, ${'datasets/'.length + 36 + 2}, 36)`

const isResult = ['inference_items', 'inference_videos']
  .map(
    (table) => `EXISTS (SELECT 1 FROM ${table} AS result
      JOIN inferences ON inferences.id = result.inference_id
      WHERE result.result_key = stored.value AND result.state = 'SUCCEEDED'
        AND inferences.results_deleted_at IS NULL)`,
  )
  .join(' OR ')

const isItem = (condition: string) =>
  ['image_key', 'mask_key']
    .map(
      (column) => `EXISTS (SELECT 1 FROM dataset_items AS item
        JOIN datasets ON datasets.id = item.dataset_id
        WHERE item.${column} = stored.value AND ${condition})`,
    )
    .join(' OR ')

/** Those of the keys that a row names. */
export function keepNamed(database: Database, keys: readonly string[]) {
  return keep(
    database,
    keys,
    `${isItem('true')} OR ${isResult} OR EXISTS (SELECT 1 FROM videos
       WHERE videos.upload_id = ${uploadIdOfKey} AND source_key = stored.value)`,
  )
}

/** Those of the keys that somebody can ask for: the media of a deleted dataset is deleted before its rows are. */
export function keepWanted(database: Database, keys: readonly string[]) {
  return keep(database, keys, `${isItem('datasets.deleted_at IS NULL')} OR ${isResult}`)
}

async function keep(
  { raw }: Database,
  keys: readonly string[],
  condition: string,
): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set()
  const { results } = await raw
    .prepare(`SELECT stored.value AS key FROM json_each(?1) AS stored WHERE ${condition}`)
    .bind(JSON.stringify(keys))
    .all<{ key: string }>()
  return new Set(results.map(({ key }) => key))
}
