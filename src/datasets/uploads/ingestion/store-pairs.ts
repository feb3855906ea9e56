import type { ArchiveEntry, ArchiveSource } from '../../../media/archives/archive.model.ts'
import { readArchiveEntry } from '../../../media/archives/read-entry.ts'
import { type ReceivedFile, receiveFile } from '../../../media/received-file.ts'
import type { PairFile } from '../../../media/stills/still-refusals.ts'
import { ApiError } from '../../../shared/errors.ts'
import { type PicturePair, readPairOrThrow } from '../picture-pair.ts'
import { createNotAPictureError } from '../uploads.errors.ts'
import type { Ingestion, IngestionContext } from './ingestion.model.ts'
import { ingestionKey } from './ingestion-keys.rules.ts'
import {
  type listOpenEntries,
  type NewUploadItem,
  type RejectedEntry,
  recordEntries,
} from './upload-entries.repository.ts'

type OpenEntry = Awaited<ReturnType<typeof listOpenEntries>>[number]

/** Pairs that are inflated and stored at a time: each file waits in at most 5 MiB of memory. */
const pairsAtOnce = 4

/**
 * Inflates, checks and stores pictures with their masks, and records each: an item, or refused and why. Goes on until
 * all are done, one has broken or `untilMs` has passed.
 */
export async function storePairs(
  context: IngestionContext,
  ingestion: Ingestion,
  work: { entries: readonly OpenEntry[]; source: ArchiveSource; untilMs: number },
): Promise<void> {
  const waiting = [...work.entries]
  const items: NewUploadItem[] = []
  const rejected: RejectedEntry[] = []
  const runLane = async () => {
    for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
      const outcome = await storePair(context, ingestion, { entry, source: work.source })
      if ('code' in outcome) rejected.push(outcome)
      else items.push(outcome)
      if (context.clock.nowMs() >= work.untilMs) return
    }
  }
  const lanes = await Promise.allSettled(
    Array.from({ length: pairsAtOnce }, () =>
      runLane().catch((error: unknown) => {
        waiting.length = 0
        throw error
      }),
    ),
  )
  await recordEntries(context.database, ingestion, {
    items,
    rejected,
    nowMs: context.clock.nowMs(),
  })
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason
}

/**
 * A pair that cannot be stored is left as it is: its keys are the same for every holder of the upload, and one that was
 * held up would delete what the next one has stored and recorded.
 */
async function storePair(
  context: IngestionContext,
  ingestion: Ingestion,
  work: { entry: OpenEntry; source: ArchiveSource },
): Promise<NewUploadItem | RejectedEntry> {
  const received = await receivePair(context, ingestion, work)
  if ('code' in received) return received
  const { image, mask, item } = received
  await settleBoth(image.store(), mask.store())
  return {
    ...item,
    frameIndex: 0,
    entryNumber: work.entry.number,
    state: 'STORED',
    videoId: null,
    pts: null,
  }
}

/** Both files, checked and not yet stored. */
async function receivePair(
  context: IngestionContext,
  ingestion: Ingestion,
  { entry, source }: { entry: OpenEntry; source: ArchiveSource },
): Promise<PicturePair | RejectedEntry> {
  const received: ReceivedFile[] = []
  const receive = async (file: PairFile, path: string, location: string | null) => {
    const stored = await receiveEntry(context, ingestion, { entry, source, file, path, location })
    received.push(stored)
    return stored
  }
  try {
    const [image, mask] = await settleBoth(
      receive('image', entry.path, entry.location),
      receive('mask', entry.maskPath ?? '', entry.maskLocation),
    )
    return readPairOrThrow({ image, mask })
  } catch (error) {
    for (const file of received) await file.discard()
    if (!(error instanceof ApiError) || error.status >= 500) throw error
    return { number: entry.number, code: error.code, reason: error.message }
  }
}

function receiveEntry(
  { media, settings }: IngestionContext,
  { id, userId }: Ingestion,
  file: {
    entry: OpenEntry
    source: ArchiveSource
    file: PairFile
    path: string
    location: string | null
  },
): Promise<ReceivedFile> {
  const location = JSON.parse(file.location ?? 'null') as ArchiveEntry
  return receiveFile({
    file: file.file,
    fileName: file.path,
    chunks: readArchiveEntry(file.source, location),
    bytesMax: file.file === 'mask' ? settings.MASK_BYTES_MAX : settings.PICTURE_BYTES_MAX,
    pixelsMax: settings.PICTURE_PIXELS_MAX,
    store: media,
    createKey: (extension) =>
      ingestionKey({
        userId,
        uploadId: id,
        role: file.file,
        entryNumber: file.entry.number,
        extension,
      }),
    acceptKind(kind) {
      if (kind !== 'picture') throw createNotAPictureError(file.file, kind)
    },
  })
}

/** Both, and the first failure once neither is under way any more. */
async function settleBoth<First, Second>(
  first: Promise<First>,
  second: Promise<Second>,
): Promise<[First, Second]> {
  await Promise.allSettled([first, second])
  return [await first, await second]
}
