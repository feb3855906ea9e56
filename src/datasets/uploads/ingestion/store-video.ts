import { serviceErrors } from '../../../inference-service/service.errors.ts'
import type { ArchiveEntry, ArchiveSource } from '../../../media/archives/archive.model.ts'
import { readArchiveEntry } from '../../../media/archives/read-entry.ts'
import { cleanFileName } from '../../../media/file-names.ts'
import { type ReceivedFile, receiveFile } from '../../../media/received-file.ts'
import { ApiError } from '../../../shared/errors.ts'
import { createNotAVideoError } from '../uploads.errors.ts'
import { countFrames, forgetVideoStatements, stageVideo } from './frames.repository.ts'
import type { Ingestion, IngestionContext } from './ingestion.model.ts'
import { ingestionKey } from './ingestion-keys.rules.ts'
import { ensureHeldOrThrow } from './ingestions.repository.ts'
import type { UploadEntryRow } from './ingestions.table.ts'
import { planFrames, type VideoFiles } from './plan-frames.ts'
import { sampleFrames } from './sample-frames.ts'
import {
  acceptStatements,
  type listOpenEntries,
  progressStatement,
  rejectStatements,
} from './upload-entries.repository.ts'

type OpenEntry = Awaited<ReturnType<typeof listOpenEntries>>[number]

/**
 * Goes on with a video until its frames are stored or `untilMs` has passed. One that cannot be taken is refused with its
 * reason: alone it ends the upload, in an archive it is one file among others.
 */
export async function storeVideo(
  context: IngestionContext,
  ingestion: Ingestion,
  work: { entry: OpenEntry; source: ArchiveSource | null; untilMs: number },
): Promise<void> {
  const { entry, source } = work
  try {
    if (entry.state === 'PENDING' && source)
      await stageFromArchive(context, ingestion, entry, source)
    else await sampleUntil(context, ingestion, work)
  } catch (error) {
    const isRefused = error instanceof ApiError && error.status < 500
    if (!isRefused || source === null) throw error
    await refuse(context, ingestion, entry, error)
  }
}

async function sampleUntil(
  context: IngestionContext,
  ingestion: Ingestion,
  { entry, untilMs }: { entry: OpenEntry; untilMs: number },
): Promise<void> {
  for (;;) {
    const left = await sampleFrames(context, ingestion, entry)
    if (left === 0) break
    if (context.clock.nowMs() >= untilMs) return
  }
  const query = { uploadId: ingestion.id, entryNumber: entry.number }
  const { stored, failed } = await countFrames(context.database, query)
  if (stored === 0) throw createNoFramesError(entry, failed)
  const note =
    failed === 0
      ? []
      : [
          `${failed} of the ${stored + failed} frames of ${entry.path} could not be decoded and were left out.`,
        ]
  await context.database.raw.batch([
    ...acceptStatements(context.database, ingestion, [entry.number]),
    context.database.raw
      .prepare(
        `UPDATE ingestions SET notes = (SELECT json_group_array(value) FROM (
           SELECT value FROM json_each(ingestions.notes) UNION ALL SELECT value FROM json_each(?3)))
         WHERE id = ?1 AND lease_id = ?2 AND state = 'RUNNING'`,
      )
      .bind(ingestion.id, ingestion.leaseId, JSON.stringify(note)),
  ])
}

/** Makes the video and its mask objects, so that the service can read them by ranges, and plans its frames. */
async function stageFromArchive(
  context: IngestionContext,
  ingestion: Ingestion,
  entry: OpenEntry,
  source: ArchiveSource,
): Promise<void> {
  const video = await extract(context, ingestion, { entry, source, role: 'source' })
  const mask = await extract(context, ingestion, { entry, source, role: 'maskSource' })
  const files: VideoFiles = {
    entryNumber: entry.number,
    name: cleanFileName(entry.path),
    source: video,
    mask: mask.mask
      ? {
          kind: 'still',
          key: mask.key,
          bytes: mask.bytes,
          still: { ...mask.mask, sha256: mask.sha256 },
        }
      : { kind: 'video', key: mask.key },
  }
  const plan = await planFrames(context, ingestion, files)
  const nowMs = context.clock.nowMs()
  // The video itself is counted as one already.
  const addedCount = plan.items.length - 1
  await stageVideo(context.database, ingestion, { ...plan, addedCount, nowMs })
}

async function extract(
  { media, settings, database, clock }: IngestionContext,
  ingestion: Ingestion,
  wanted: { entry: OpenEntry; source: ArchiveSource; role: 'source' | 'maskSource' },
): Promise<ReceivedFile> {
  const { id, userId } = ingestion
  const { entry, source, role } = wanted
  const isMask = role === 'maskSource'
  const location = JSON.parse(
    (isMask ? entry.maskLocation : entry.location) ?? 'null',
  ) as ArchiveEntry
  const received = await receiveFile({
    file: isMask ? 'mask' : 'image',
    fileName: location.path,
    chunks: readArchiveEntry(source, location),
    bytesMax: settings.FILE_BYTES_MAX,
    pixelsMax: settings.PICTURE_PIXELS_MAX,
    store: media,
    createKey: (extension) =>
      ingestionKey({ userId, uploadId: id, role, entryNumber: entry.number, extension }),
    acceptKind(kind) {
      if (kind === 'zip' || (kind === 'picture' && !isMask)) {
        throw createNotAVideoError(isMask ? 'mask' : 'image', kind)
      }
    },
  })
  await ensureHeldOrThrow(database, ingestion, clock.nowMs())
  await received.store()
  return received
}

/** What was stored of it has keys that another holder may be using: the tidying deletes what no item is made of. */
async function refuse(
  { database, clock }: IngestionContext,
  ingestion: Ingestion,
  entry: OpenEntry,
  error: ApiError,
): Promise<void> {
  await database.raw.batch([
    ...forgetVideoStatements(database, ingestion, entry.number),
    ...rejectStatements(database, ingestion, [
      { number: entry.number, code: error.code, reason: error.message },
    ]),
    progressStatement(database, ingestion, 1, clock.nowMs()),
  ])
}

function createNoFramesError({ path }: Pick<UploadEntryRow, 'path'>, failed: number) {
  return serviceErrors.createError(
    'video.undecodable',
    `None of the ${failed} frames of ${path} could be decoded. Export the video again, as H.264 in mp4 for example.`,
  )
}
