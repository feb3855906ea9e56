import { and, desc, eq, isNull, sql } from 'drizzle-orm'
import { type Database, preparedOnce } from '../shared/database.ts'
import { type DatasetRow, datasets } from './datasets.table.ts'

export interface DatasetWithTags extends DatasetRow {
  readonly tags: readonly string[]
}

const tagNames = sql<string>`(
  SELECT json_group_array(name) FROM (
    SELECT tags.name AS name FROM dataset_tags JOIN tags ON tags.id = dataset_tags.tag_id
    WHERE dataset_tags.dataset_id = datasets.id ORDER BY dataset_tags.position
  )
)`

/** A dataset with its tags: `withTags` reads what they give. */
export const columns = { dataset: datasets, tagNames }

export function withTags(row: { dataset: DatasetRow; tagNames: string }): DatasetWithTags {
  return { ...row.dataset, tags: JSON.parse(row.tagNames) as string[] }
}

/** The datasets of `userId` and `name`, of which one at most lives. */
export const isNamed = ({ isDeletedToo }: { isDeletedToo: boolean }) =>
  and(
    eq(datasets.userId, sql.placeholder('userId')),
    eq(datasets.name, sql.placeholder('name')),
    isDeletedToo ? undefined : isNull(datasets.deletedAt),
  )

/** The one that lives, then the last deleted one. */
export const liveFirst = [sql`deleted_at IS NOT NULL`, desc(datasets.deletedAt)]

const datasetByName = (which: { isDeletedToo: boolean }) =>
  preparedOnce((query) =>
    query
      .select(columns)
      .from(datasets)
      .where(isNamed(which))
      .orderBy(...liveFirst)
      .limit(1)
      .prepare(),
  )

/** By `userId` and `name`, one row of `columns`. */
export const datasetsByName = {
  live: datasetByName({ isDeletedToo: false }),
  any: datasetByName({ isDeletedToo: true }),
}

/** The user's dataset of that name: the live one, or with `includeDeleted` the last deleted one if none lives. */
export async function findDataset(
  database: Database,
  { includeDeleted, ...names }: { userId: string; name: string; includeDeleted?: boolean },
): Promise<DatasetWithTags | null> {
  const row = await datasetsByName[includeDeleted ? 'any' : 'live'](database).get(names)
  return row ? withTags(row) : null
}
