import { uploadPrefix } from '../media/keys.ts'
import type { MediaStore } from '../media/store.ts'
import type { Clock } from '../shared/clock.ts'
import type { Database } from '../shared/database.ts'
import { describeError, type Logger } from '../shared/logger.ts'
import * as repository from './free-media.repository.ts'

export interface FreeMediaContext {
  readonly database: Database
  readonly media: Pick<MediaStore, 'deletePrefix'>
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: { readonly DATASET_RETENTION_DAYS: number }
}

const dayMs = 24 * 60 * 60_000
/** What one run takes on; the next minute's run goes on. */
const datasetsPerRun = 20
const uploadsPerRun = 100
const itemsAtOnce = 100

/**
 * Deletes the media of datasets whose retention time is over, upload by upload: an upload's objects first, its items
 * after them, so that a run that was cut off leaves nothing that the next does not find. The results of inferences stay.
 */
export async function freeMedia(context: FreeMediaContext): Promise<void> {
  const { database, clock, logger, settings } = context
  const datasets = await repository.listDatasetsToFree(database, {
    deletedBeforeMs: clock.nowMs() - settings.DATASET_RETENTION_DAYS * dayMs,
    limit: datasetsPerRun,
  })
  let budget = uploadsPerRun
  for (const dataset of datasets) {
    if (budget <= 0) return
    try {
      budget = await freeDataset(context, dataset, budget)
    } catch (error) {
      logger.error('datasets.media_not_freed', { datasetId: dataset.id, ...describeError(error) })
    }
  }
}

/** Answers what is left of the budget, which every page and every upload takes one of; a dataset may need several runs. */
async function freeDataset(
  { database, media, clock, logger }: FreeMediaContext,
  { id: datasetId, userId }: repository.DatasetToFree,
  budget: number,
): Promise<number> {
  const emptied = new Set<string>()
  let left = budget
  while (left > 0) {
    const first = await repository.findFirstItems(database, { datasetId, limit: itemsAtOnce })
    left -= 1
    if (first === null) {
      await repository.markMediaFreed(database, { datasetId, nowMs: clock.nowMs() })
      logger.info('datasets.media_freed', { datasetId })
      return left
    }
    for (const uploadId of first.uploadIds.filter((upload) => !emptied.has(upload))) {
      await media.deletePrefix(uploadPrefix({ userId, uploadId }))
      emptied.add(uploadId)
      left -= 1
    }
    await repository.deleteItems(database, { datasetId, lastPosition: first.lastPosition })
  }
  return left
}
