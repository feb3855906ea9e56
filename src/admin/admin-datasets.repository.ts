import { and, count, desc, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import type { DatasetType } from '../datasets/datasets.rules.ts'
import { datasets, datasetTags, tags } from '../datasets/datasets.table.ts'
import { tokenAccounts } from '../ledger/ledger.table.ts'
import type { Database } from '../shared/database.ts'
import { offsetOf, type PageRequest } from '../shared/pagination.ts'
import { users } from '../users/users.table.ts'

export interface DatasetFilters {
  readonly userId?: string | undefined
  readonly type?: DatasetType | undefined
  /** A part of the name, in any case. */
  readonly name?: string | undefined
  /** A whole tag. */
  readonly tag?: string | undefined
  /** Whether the owner's account is gone. */
  readonly orphaned?: boolean | undefined
  readonly includeDeleted: boolean
}

/** A dataset is an orphan when no live user owns it. */
const ownedByLiveUser = and(eq(users.id, datasets.userId), isNull(users.deletedAt))

/** One dataset with its tags, its owner (null for an orphan) and the owner's last known balance, in thousandths. */
const columns = {
  dataset: datasets,
  owner: {
    id: users.id,
    name: users.name,
    surname: users.surname,
    email: users.email,
    role: users.role,
  },
  ownerBalance: tokenAccounts.balance,
  tagNames: sql<string>`(
    SELECT json_group_array(name) FROM (
      SELECT ${tags.name} AS name FROM ${datasetTags}
      JOIN ${tags} ON ${tags.id} = ${datasetTags.tagId}
      WHERE ${datasetTags.datasetId} = ${datasets.id}
      ORDER BY ${datasetTags.position}
    )
  )`,
}

/** A page of everybody's datasets, newest first, with how many there are: two queries whatever the page. */
export async function listAllDatasets(
  { query }: Database,
  { filters, page }: { filters: DatasetFilters; page: PageRequest },
) {
  const where = createCondition(filters)
  const newestFirst = [desc(datasets.createdAt), desc(datasets.id)]
  // Owners and tags are looked up for the page alone, not for what is skipped before it.
  const onPage = query
    .select({ id: datasets.id })
    .from(datasets)
    .where(where)
    .orderBy(...newestFirst)
    .limit(page.limit)
    .offset(offsetOf(page))
  const [rows, totals] = await Promise.all([
    query
      .select(columns)
      .from(datasets)
      .leftJoin(users, ownedByLiveUser)
      .leftJoin(tokenAccounts, eq(tokenAccounts.userId, users.id))
      .where(inArray(datasets.id, onPage))
      .orderBy(...newestFirst),
    query.select({ total: count() }).from(datasets).where(where),
  ])
  return {
    datasets: rows.map(({ tagNames, ...row }) => ({
      ...row,
      tags: JSON.parse(tagNames) as string[],
    })),
    total: totals[0]?.total ?? 0,
  }
}

export type ListedDataset = Awaited<ReturnType<typeof listAllDatasets>>['datasets'][number]

const typeConditions: Readonly<Record<DatasetType, SQL>> = {
  empty: sql`${datasets.itemCount} = 0`,
  'image-mask': sql`${datasets.itemCount} > ${datasets.frameCount}`,
  'video-frames': sql`${datasets.itemCount} > 0 AND ${datasets.itemCount} = ${datasets.frameCount}`,
}

const hasLiveOwner = sql`EXISTS (SELECT 1 FROM ${users} WHERE ${ownedByLiveUser})`

function createCondition({ userId, type, name, tag, orphaned, includeDeleted }: DatasetFilters) {
  return and(
    userId === undefined ? undefined : eq(datasets.userId, userId),
    type === undefined ? undefined : typeConditions[type],
    name === undefined ? undefined : sql`instr(lower(${datasets.name}), lower(${name})) > 0`,
    tag === undefined ? undefined : hasTag(tag),
    orphaned === undefined ? undefined : orphaned ? sql`NOT ${hasLiveOwner}` : hasLiveOwner,
    includeDeleted ? undefined : isNull(datasets.deletedAt),
  )
}

function hasTag(tag: string): SQL {
  return sql`${datasets.id} IN (
    SELECT ${datasetTags.datasetId} FROM ${tags} JOIN ${datasetTags} ON ${datasetTags.tagId} = ${tags.id}
    WHERE ${tags.name} = ${tag}
  )`
}
