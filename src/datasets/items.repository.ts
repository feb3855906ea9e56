import { and, asc, eq, gte, lt, sql } from 'drizzle-orm'
import { type Database, preparedOnce, selectBoth } from '../shared/database.ts'
import { offsetOf, type PageRequest } from '../shared/pagination.ts'
import {
  type DatasetWithTags,
  datasetsByName,
  isNamed,
  liveFirst,
  withTags,
} from './dataset-by-name.repository.ts'
import { datasets } from './datasets.table.ts'
import { datasetItems, type ItemRow } from './items.table.ts'

/** What a list of items tells of each: every further column costs D1 and whoever reads its answer some microseconds a row. */
const listedColumns = {
  position: datasetItems.position,
  imageKey: datasetItems.imageKey,
  maskKey: datasetItems.maskKey,
  imageName: datasetItems.imageName,
  frameIndex: datasetItems.frameIndex,
  uploadIndex: datasetItems.uploadIndex,
}
export type ListedItem = Pick<ItemRow, keyof typeof listedColumns>

const itemsByName = (which: { isDeletedToo: boolean }) =>
  preparedOnce((query) => {
    const named = query.select({ id: datasets.id }).from(datasets).where(isNamed(which))
    return query
      .select(listedColumns)
      .from(datasetItems)
      .where(
        and(
          eq(datasetItems.datasetId, named.orderBy(...liveFirst).limit(1)),
          gte(datasetItems.position, sql.placeholder('first')),
          lt(datasetItems.position, sql.placeholder('end')),
        ),
      )
      .orderBy(asc(datasetItems.position))
      .prepare()
  })
const pagesByName = {
  live: itemsByName({ isDeletedToo: false }),
  any: itemsByName({ isDeletedToo: true }),
}

/**
 * The user's dataset of that name as `findDataset` finds it, with a page of its items. Positions have no gaps, so a page is
 * a range of the primary key.
 */
export async function findDatasetWithItems(
  database: Database,
  query: { userId: string; name: string; includeDeleted: boolean; page: PageRequest },
): Promise<{ dataset: DatasetWithTags; items: ListedItem[] } | null> {
  const { userId, name, page } = query
  const which = query.includeDeleted ? 'any' : 'live'
  const first = offsetOf(page)
  const [[row], items] = await selectBoth(
    database,
    [datasetsByName[which](database), pagesByName[which](database)],
    { userId, name, first, end: first + page.limit },
  )
  return row ? { dataset: withTags(row), items } : null
}

export interface FoundFile {
  readonly datasetExists: boolean
  /** The uploaded file's name; null when the dataset has no item with that key. */
  readonly name: string | null
}

const keyColumns = { image: 'image_key', mask: 'mask_key' } as const

/** Whether an item of the user's live dataset has that key as its image or mask. */
export async function findDatasetFile(
  database: Database,
  query: { userId: string; name: string; role: 'image' | 'mask'; key: string },
): Promise<FoundFile> {
  const row = await database.raw
    .prepare(
      `SELECT items.image_name AS name FROM datasets
       LEFT JOIN dataset_items AS items
         ON items.dataset_id = datasets.id AND items.${keyColumns[query.role]} = ?3
       WHERE datasets.user_id = ?1 AND datasets.name = ?2 AND datasets.deleted_at IS NULL
       LIMIT 1`,
    )
    .bind(query.userId, query.name, query.key)
    .first<{ name: string | null }>()
  return { datasetExists: row !== null, name: row?.name ?? null }
}
