import { and, desc, eq, isNull, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { type Author, auditChangeStatement } from '../audit/audit-log.repository.ts'
import { type Database, preparedOnce } from '../shared/database.ts'
import { offsetOf, type PageRequest } from '../shared/pagination.ts'
import { columns, type DatasetWithTags, withTags } from './dataset-by-name.repository.ts'
import { type DatasetRow, datasets } from './datasets.table.ts'

/** The id of the user's live dataset of that name. */
export async function findDatasetId(
  database: Database,
  query: { userId: string; name: string },
): Promise<string | null> {
  const row = await database.raw
    .prepare('SELECT id FROM datasets WHERE user_id = ?1 AND name = ?2 AND deleted_at IS NULL')
    .bind(query.userId, query.name)
    .first<{ id: string }>()
  return row?.id ?? null
}

/** When the user's dataset of that id was made, deleted or not. */
export async function findDatasetTimes(
  database: Database,
  query: { id: string; userId: string },
): Promise<Pick<DatasetRow, 'createdAt'> | null> {
  return database.raw
    .prepare('SELECT created_at AS createdAt FROM datasets WHERE id = ?1 AND user_id = ?2')
    .bind(query.id, query.userId)
    .first<Pick<DatasetRow, 'createdAt'>>()
}

export interface DatasetCounts {
  readonly active: number
  readonly deleted: number
}

const countsOf = (userId: Placeholder) => ({
  active: sql<number>`(SELECT count(*) FROM datasets WHERE user_id = ${userId} AND deleted_at IS NULL)`,
  deleted: sql<number>`(SELECT count(*) FROM datasets WHERE user_id = ${userId} AND deleted_at IS NOT NULL)`,
})

const pageOfDatasets = (isLive: SQL | undefined) =>
  preparedOnce((query) =>
    query
      .select({ ...columns, ...countsOf(sql.placeholder('userId')) })
      .from(datasets)
      .where(and(eq(datasets.userId, sql.placeholder('userId')), isLive))
      .orderBy(desc(datasets.createdAt), desc(datasets.id))
      .limit(sql.placeholder('limit'))
      .offset(sql.placeholder('offset'))
      .prepare(),
  )
const pageOfLiveDatasets = pageOfDatasets(isNull(datasets.deletedAt))
const pageOfAllDatasets = pageOfDatasets(undefined)

/** A page of the user's datasets, newest first, with how many there are in all. */
export async function listDatasets(
  database: Database,
  query: { userId: string; includeDeleted: boolean; page: PageRequest },
): Promise<{ rows: DatasetWithTags[]; counts: DatasetCounts }> {
  const { userId, page } = query
  const select = query.includeDeleted ? pageOfAllDatasets : pageOfLiveDatasets
  const rows = await select(database).all({ userId, limit: page.limit, offset: offsetOf(page) })
  const [first] = rows
  // A page without rows tells no counts.
  const counts = first ?? (await countDatasets(database, userId))
  return { rows: rows.map(withTags), counts: { active: counts.active, deleted: counts.deleted } }
}

async function countDatasets({ query }: Database, userId: string): Promise<DatasetCounts> {
  const counts = await query
    .select({
      active: sql<number>`count(*) FILTER (WHERE deleted_at IS NULL)`,
      deleted: sql<number>`count(*) FILTER (WHERE deleted_at IS NOT NULL)`,
    })
    .from(datasets)
    .where(eq(datasets.userId, userId))
    .get()
  return counts ?? { active: 0, deleted: 0 }
}

/** Tags by name, made where they are new, and put on the dataset in their order. */
function tagStatements(
  database: Database,
  tagging: { datasetId: string; tags: readonly string[]; createId: () => string; nowMs: number },
): D1PreparedStatement[] {
  if (tagging.tags.length === 0) return []
  const list = JSON.stringify(tagging.tags.map((name) => ({ id: tagging.createId(), name })))
  return [
    database.raw
      .prepare(
        `INSERT OR IGNORE INTO tags (id, name, created_at)
         SELECT value ->> 'id', value ->> 'name', ?2 FROM json_each(?1)`,
      )
      .bind(list, tagging.nowMs),
    database.raw
      .prepare(
        `INSERT INTO dataset_tags (dataset_id, tag_id, position)
         SELECT ?2, tags.id, wanted.key FROM json_each(?1) AS wanted
         JOIN tags ON tags.name = wanted.value ->> 'name'
         WHERE EXISTS (SELECT 1 FROM datasets WHERE id = ?2 AND deleted_at IS NULL)`,
      )
      .bind(list, tagging.datasetId),
  ]
}

/** Writes nothing for a user who is deleted meanwhile; throws D1's unique violation when a live dataset has the name. */
export async function insertDataset(
  database: Database,
  dataset: {
    id: string
    userId: string
    name: string
    tags: readonly string[]
    createId: () => string
    nowMs: number
  },
): Promise<void> {
  await database.raw.batch([
    database.raw
      .prepare(
        `INSERT INTO datasets (id, user_id, name, created_at, updated_at)
         SELECT ?1, ?2, ?3, ?4, ?4
         WHERE EXISTS (SELECT 1 FROM users WHERE id = ?2 AND deleted_at IS NULL)`,
      )
      .bind(dataset.id, dataset.userId, dataset.name, dataset.nowMs),
    ...tagStatements(database, { ...dataset, datasetId: dataset.id }),
  ])
}

/**
 * Renames and re-tags a live dataset at once; false when it is no longer live.
 * Throws D1's unique violation when the new name is taken.
 */
export async function updateDataset(
  database: Database,
  change: {
    id: string
    name: string
    tags: readonly string[] | null
    createId: () => string
    nowMs: number
  },
): Promise<boolean> {
  const [updated] = await database.raw.batch([
    database.raw
      .prepare(
        'UPDATE datasets SET name = ?2, updated_at = ?3 WHERE id = ?1 AND deleted_at IS NULL',
      )
      .bind(change.id, change.name, change.nowMs),
    ...(change.tags === null
      ? []
      : [
          database.raw
            .prepare(
              `DELETE FROM dataset_tags WHERE dataset_id = ?1
               AND EXISTS (SELECT 1 FROM datasets WHERE id = ?1 AND deleted_at IS NULL)`,
            )
            .bind(change.id),
          ...tagStatements(database, { ...change, tags: change.tags, datasetId: change.id }),
        ]),
  ])
  return updated?.meta.changes === 1
}

/** Deletes logically; false when no live dataset of the user has that name. */
export async function deleteDataset(
  database: Database,
  query: { userId: string; name: string; nowMs: number; by: Author },
): Promise<boolean> {
  const { userId, name, nowMs, by } = query
  const id = await findDatasetId(database, { userId, name })
  if (id === null) return false
  const [deleted] = await database.raw.batch([
    database.raw
      .prepare(
        'UPDATE datasets SET deleted_at = ?2, updated_at = ?2 WHERE id = ?1 AND deleted_at IS NULL',
      )
      .bind(id, nowMs),
    auditChangeStatement(database, {
      atMs: nowMs,
      actor: by,
      action: 'dataset.deleted',
      subjectKind: 'dataset',
      subjectId: id,
      ownerId: userId,
      requestId: by.requestId,
      details: { name },
    }),
  ])
  return deleted?.meta.changes === 1
}

/** The statement that leaves a deleted user's datasets to the administrators; its `changes` count the live ones. */
export function orphanDatasetsOf(
  database: Database,
  owner: { userId: string; nowMs: number },
): D1PreparedStatement {
  return database.raw
    .prepare(
      `UPDATE datasets SET deleted_at = ?2, updated_at = ?2
       WHERE user_id = ?1 AND deleted_at IS NULL`,
    )
    .bind(owner.userId, owner.nowMs)
}
