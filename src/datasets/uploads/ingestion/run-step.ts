import { priceUpload } from '../../../ledger/pricing.ts'
import {
  type ArchiveSource,
  createArchiveSource,
  createWindowedSource,
} from '../../../media/archives/archive-source.ts'
import { createDatasetNotFound } from '../../datasets.errors.ts'
import { createNothingValidError } from '../uploads.errors.ts'
import { commitIngestion, countStored } from './commit.repository.ts'
import { finishIngestion } from './end-ingestion.ts'
import type { Ingestion, IngestionContext } from './ingestion.model.ts'
import { enterPhase } from './ingestions.repository.ts'
import { joinFiles } from './join-files.ts'
import { planArchive } from './plan-archive.ts'
import { planVideo } from './plan-video.ts'
import { storePairs } from './store-pairs.ts'
import { storeVideo } from './store-video.ts'
import { listEntries, listOpenEntries } from './upload-entries.repository.ts'

/** Entries that one step reads: what it does not get to is the next step's. */
const entriesAtOnce = 250

/**
 * Does the next stretch of work on an upload, ending soon after `untilMs`; answers the phase that comes next, or `ended`.
 * Every step may be run again from its beginning. Throws an ApiError of less than 500 where the upload is to be refused,
 * and StepInterrupted where it is to be tried again.
 */
export async function runStep(
  context: IngestionContext,
  ingestion: Ingestion,
  untilMs: number,
): Promise<Ingestion['phase'] | 'ended'> {
  switch (ingestion.phase) {
    case 'join':
      if (!(await joinFiles(context, ingestion, untilMs))) return 'join'
      await enterPhase(context.database, ingestion, 'plan', context.clock.nowMs())
      return 'plan'
    case 'plan':
      await (ingestion.kind === 'zip' ? planArchive : planVideo)(context, ingestion)
      await enterPhase(context.database, ingestion, 'store', context.clock.nowMs())
      return 'store'
    case 'store':
      return (await storeSome(context, ingestion, untilMs)) ? 'store' : 'commit'
    case 'commit':
      await commit(context, ingestion)
      return 'ended'
  }
}

/** False when nothing is left to store. */
async function storeSome(
  context: IngestionContext,
  ingestion: Ingestion,
  untilMs: number,
): Promise<boolean> {
  const open = await listOpenEntries(context.database, {
    uploadId: ingestion.id,
    limit: entriesAtOnce,
  })
  const [first] = open
  if (!first) {
    await enterPhase(context.database, ingestion, 'commit', context.clock.nowMs())
    return false
  }
  const source = openArchive(context, ingestion)
  if (first.role === 'video') {
    await storeVideo(context, ingestion, { entry: first, source, untilMs })
    return true
  }
  if (!source) throw new Error('Pictures are stored from archives alone.')
  const firstVideo = open.findIndex((entry) => entry.role === 'video')
  const entries = firstVideo === -1 ? open : open.slice(0, firstVideo)
  await storePairs(context, ingestion, { entries, source: createWindowedSource(source), untilMs })
  return true
}

function openArchive(
  { media }: IngestionContext,
  { kind, request }: Ingestion,
): ArchiveSource | null {
  return kind === 'zip' ? createArchiveSource(media, request.image) : null
}

async function commit(context: IngestionContext, ingestion: Ingestion): Promise<void> {
  const { database, pricePlan, clock } = context
  const counts = await countStored(database, ingestion.id)
  if (counts.items === 0) throw createNothingValidError(await listEntries(database, ingestion.id))
  const price = priceUpload(
    pricePlan,
    ingestion.kind === 'zip'
      ? { kind: 'zip', count: counts.media }
      : { kind: 'video', count: counts.items },
  )
  const nowMs = clock.nowMs()
  if (!(await commitIngestion(database, ingestion, { counts, price, nowMs }))) {
    throw createDatasetNotFound('Dataset not found.')
  }
  await finishIngestion(context, ingestion.id)
}
