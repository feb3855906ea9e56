import { type Database, isUniqueViolation } from '../shared/database.ts'
import { datasetErrors } from './datasets.errors.ts'
import { findDatasetTimes, insertDataset } from './datasets.repository.ts'
import { readDatasetNameOrThrow, readTagsOrThrow } from './datasets.rules.ts'

export interface CreateDatasetContext {
  readonly database: Database
  readonly createId: () => string
  readonly nowMs: number
}

/**
 * Makes an empty dataset; a live dataset of the same name and user refuses it, whoever came first. Making it again under
 * the same id changes nothing.
 */
export async function createDataset(
  context: CreateDatasetContext,
  wanted: { id: string; userId: string; name: unknown; tags: unknown },
) {
  const dataset = {
    id: wanted.id,
    userId: wanted.userId,
    name: readDatasetNameOrThrow(wanted.name),
    tags: readTagsOrThrow(wanted.tags),
    nowMs: context.nowMs,
  }
  try {
    await insertDataset(context.database, { ...dataset, createId: context.createId })
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    const made = await findDatasetTimes(context.database, dataset)
    if (made) return { ...dataset, nowMs: made.createdAt }
    throw datasetErrors.createError(
      'datasets.name_taken',
      'A dataset with this name already exists.',
    )
  }
  return dataset
}
