import { type Database, isUniqueViolation } from '../shared/database.ts'
import { datasetErrors } from './datasets.errors.ts'
import { insertDataset } from './datasets.repository.ts'
import { readDatasetNameOrThrow, readTagsOrThrow } from './datasets.rules.ts'

export interface CreateDatasetContext {
  readonly database: Database
  readonly createId: () => string
  readonly nowMs: number
}

/** Makes an empty dataset; a live dataset of the same name and user refuses it, whoever came first. */
export async function createDataset(
  context: CreateDatasetContext,
  wanted: { userId: string; name: unknown; tags: unknown },
) {
  const dataset = {
    id: context.createId(),
    userId: wanted.userId,
    name: readDatasetNameOrThrow(wanted.name),
    tags: readTagsOrThrow(wanted.tags),
    nowMs: context.nowMs,
  }
  try {
    await insertDataset(context.database, { ...dataset, createId: context.createId })
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw datasetErrors.createError(
      'datasets.name_taken',
      'A dataset with this name already exists.',
    )
  }
  return dataset
}
