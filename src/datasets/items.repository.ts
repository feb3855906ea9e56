import { and, asc, eq, gte, lt, sql } from 'drizzle-orm'
import { type Database, preparedOnce } from '../shared/database.ts'
import { offsetOf, type PageRequest } from '../shared/pagination.ts'
import { datasetItems, type ItemRow } from './items.table.ts'

const itemsOfRange = preparedOnce((query) =>
  query
    .select()
    .from(datasetItems)
    .where(
      and(
        eq(datasetItems.datasetId, sql.placeholder('datasetId')),
        gte(datasetItems.position, sql.placeholder('first')),
        lt(datasetItems.position, sql.placeholder('end')),
      ),
    )
    .orderBy(asc(datasetItems.position))
    .prepare(),
)

/** A page of a dataset's items. Positions have no gaps, so a page is a range of the primary key. */
export function listItems(
  database: Database,
  { datasetId, page }: { datasetId: string; page: PageRequest },
): Promise<ItemRow[]> {
  const first = offsetOf(page)
  return itemsOfRange(database).all({ datasetId, first, end: first + page.limit })
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
