import { isUniqueViolation } from '../shared/database.ts'
import type { CreateDatasetContext } from './create-dataset.ts'
import { findDataset } from './dataset-by-name.repository.ts'
import { createDatasetNotFound, datasetErrors } from './datasets.errors.ts'
import { updateDataset as saveDataset } from './datasets.repository.ts'
import {
  compareDataset,
  type DatasetChanges,
  readDatasetNameOrThrow,
  readTagsOrThrow,
} from './datasets.rules.ts'

/** Renames a live dataset or replaces its tags; refuses an update that would change nothing. */
export async function updateDataset(
  context: CreateDatasetContext,
  wanted: { userId: string; currentName: string; name: unknown; tags: unknown },
): Promise<{ userId: string; itemCount: number; changes: DatasetChanges }> {
  if (wanted.name === undefined && wanted.tags === undefined) {
    throw datasetErrors.createError(
      'datasets.nothing_to_update',
      'At least one field (name or tags) must be provided for update',
    )
  }
  const name = wanted.name === undefined ? undefined : readDatasetNameOrThrow(wanted.name)
  const tags = wanted.tags === undefined ? undefined : readTagsOrThrow(wanted.tags)
  const current = await findDataset(context.database, {
    userId: wanted.userId,
    name: wanted.currentName,
  })
  if (!current) throw createDatasetNotFound()

  const changes = compareDataset(current, { name, tags })
  if (!changes.nameChanged && !changes.tagsChanged) {
    throw datasetErrors.createError(
      'datasets.no_changes',
      'No changes detected. Please provide a different name or modify tags to update the dataset.',
    )
  }
  try {
    const saved = await saveDataset(context.database, {
      id: current.id,
      name: name ?? current.name,
      tags: changes.tagsChanged ? (tags ?? []) : null,
      createId: context.createId,
      nowMs: context.nowMs,
    })
    if (!saved) throw createDatasetNotFound()
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw datasetErrors.createError(
      'datasets.name_taken',
      `A dataset named '${name}' already exists in your account. Please choose a different name.`,
    )
  }
  return { userId: current.userId, itemCount: current.itemCount, changes }
}
