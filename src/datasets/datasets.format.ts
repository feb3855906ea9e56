import { formatOptionalTime, formatTime } from '../shared/clock.ts'
import type { DatasetWithTags } from './dataset-by-name.repository.ts'
import { datasetTypeOf } from './datasets.rules.ts'

export function formatCreatedDataset(dataset: {
  id: string
  userId: string
  name: string
  tags: readonly string[]
  nowMs: number
}) {
  const time = formatTime(dataset.nowMs)
  return {
    id: dataset.id,
    deletedAt: null,
    userId: dataset.userId,
    name: dataset.name,
    data: null,
    tags: [...dataset.tags],
    isDeleted: false,
    nextUploadIndex: 1,
    updatedAt: time,
    createdAt: time,
  }
}

export function formatDatasetForApi(dataset: DatasetWithTags) {
  const isDeleted = dataset.deletedAt !== null
  return {
    userId: dataset.userId,
    name: dataset.name,
    tags: [...dataset.tags],
    createdAt: formatTime(dataset.createdAt),
    updatedAt: formatTime(dataset.updatedAt),
    deletedAt: formatOptionalTime(dataset.deletedAt),
    itemCount: dataset.itemCount,
    type: datasetTypeOf(dataset),
    isDeleted,
    status: isDeleted ? ('deleted' as const) : ('active' as const),
  }
}
