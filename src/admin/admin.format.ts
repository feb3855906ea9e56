import { type DatasetType, datasetTypeOf } from '../datasets/datasets.rules.ts'
import { createAmount, formatTokens, type TokenAmount, zeroTokens } from '../ledger/amounts.ts'
import { type PricePlan, priceInference } from '../ledger/pricing.ts'
import { formatOptionalTime, formatTime } from '../shared/clock.ts'
import { formatPage, type PageRequest } from '../shared/pagination.ts'
import type { UserRow } from '../users/users.table.ts'
import type { DatasetFilters, ListedDataset } from './admin-datasets.repository.ts'

type Person = Pick<UserRow, 'id' | 'name' | 'surname' | 'email' | 'role'>

/** @param balance the last known balance in thousandths; null while the account has not told any. */
export function formatPersonForApi(person: Person, balance: number | null) {
  const { id, name, surname, email, role } = person
  const currentTokens = formatTokens(balance === null ? zeroTokens : createAmount(balance))
  return { id, name, surname, email, currentTokens, role }
}

function formatDatasetForAdmin(
  { dataset, owner, ownerBalance, tags }: ListedDataset,
  plan: PricePlan,
) {
  const { itemCount } = dataset
  const isDeleted = dataset.deletedAt !== null
  return {
    id: dataset.id,
    userId: owner === null ? null : owner.id,
    name: dataset.name,
    tags,
    datasetType: datasetTypeOf(dataset),
    itemCount,
    estimatedInferenceCost: formatTokens(estimateCost([{ dataset }], plan)),
    nextUploadIndex: dataset.nextUploadIndex,
    createdAt: formatTime(dataset.createdAt),
    updatedAt: formatTime(dataset.updatedAt),
    isDeleted,
    deletedAt: formatOptionalTime(dataset.deletedAt),
    status: isDeleted ? ('deleted' as const) : ('active' as const),
    isOrphaned: owner === null,
    user: owner === null ? null : formatPersonForApi(owner, ownerBalance),
  }
}

type AdminDataset = ReturnType<typeof formatDatasetForAdmin>

/** The whole `data` of the list. Its summary counts what is on the page. */
export function formatDatasetPage(
  listed: { datasets: readonly ListedDataset[]; total: number },
  query: { filters: DatasetFilters; page: PageRequest; plan: PricePlan },
) {
  const datasets = listed.datasets.map((dataset) => formatDatasetForAdmin(dataset, query.plan))
  return {
    datasets,
    pagination: formatPage(query.page, listed.total),
    filters: withoutAbsent(query.filters),
    summary: {
      ...summarizeDatasets(datasets),
      totalEstimatedInferenceCost: formatTokens(estimateCost(listed.datasets, query.plan)),
      queryInfo: {
        totalFromDatabase: listed.total,
        totalAfterFiltering: datasets.length,
        includeDeletedRequested: query.filters.includeDeleted,
      },
    },
  }
}

/** What one inference over each of the datasets would cost, together. */
function estimateCost(
  listed: readonly Pick<ListedDataset, 'dataset'>[],
  plan: PricePlan,
): TokenAmount {
  const frames = sum(listed.map(({ dataset }) => dataset.frameCount))
  const images = sum(listed.map(({ dataset }) => dataset.itemCount)) - frames
  return priceInference(plan, { images, frames }).total
}

function summarizeDatasets(datasets: readonly AdminDataset[]) {
  const itemCount = sum(datasets.map((dataset) => dataset.itemCount))
  return {
    totalDatasets: datasets.length,
    totalDatasetItems: itemCount,
    typeBreakdown: countBy<DatasetType>(datasets.map((dataset) => dataset.datasetType)),
    statusBreakdown: countBy<AdminDataset['status']>(datasets.map((dataset) => dataset.status)),
    orphanedDatasets: datasets.filter((dataset) => dataset.isOrphaned).length,
    averageItemsPerDataset:
      datasets.length === 0 ? 0 : Math.round((itemCount / datasets.length) * 100) / 100,
  }
}

/** How often each key occurs; keys that do not occur are left out. */
export function countBy<Key extends string>(keys: readonly Key[]): Partial<Record<Key, number>> {
  const counts: Partial<Record<Key, number>> = {}
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1
  return counts
}

/** The filters that were given, as the answer repeats them. */
export function withoutAbsent<Filters extends object>(filters: Filters): Filters {
  return Object.fromEntries(
    Object.entries(filters).filter(([, value]) => value !== undefined),
  ) as Filters
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
