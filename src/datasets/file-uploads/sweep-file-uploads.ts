import { fileUploadPrefix, partsRoot } from '../../media/keys.ts'
import type { MediaStore } from '../../media/store.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../shared/database.ts'
import {
  deleteOpenFileUpload,
  listExpiredFileUploads,
  listUnknownIds,
} from './file-uploads.repository.ts'

interface SweepContext {
  readonly database: Database
  readonly media: Pick<MediaStore, 'list' | 'deletePrefix'>
  readonly createId: () => string
  readonly clock: Clock
}

const filesPerSweep = 50
const partsLookedAt = 1000
/** A part that was on its way when its file expired has arrived by then. */
const graceMs = 15 * 60_000

/**
 * Deletes files that expired before an upload took them, with their parts, and parts whose file is gone: a URL that was
 * handed out works to its end, whatever became of its file.
 */
export async function sweepFileUploads(context: SweepContext): Promise<void> {
  const { database, media, clock } = context
  const expired = await listExpiredFileUploads(database, {
    expiredBeforeMs: clock.nowMs() - graceMs,
    limit: filesPerSweep,
  })
  for (const { id, userId } of expired) {
    await media.deletePrefix(fileUploadPrefix({ userId, fileUploadId: id }))
    await deleteOpenFileUpload(database, { id, userId })
  }
  await sweepLostParts(context)
}

/** Looks at parts from a random place on: each run at others, so that in time it has seen them all. */
async function sweepLostParts({ database, media, createId }: SweepContext): Promise<void> {
  const owners = new Map<string, string>()
  let seen = 0
  for await (const { key } of media.list(partsRoot, `${partsRoot}${createId()}`)) {
    const [, userId, fileUploadId] = key.split('/')
    if (userId && fileUploadId) owners.set(fileUploadId, userId)
    seen += 1
    if (seen === partsLookedAt) break
  }
  if (owners.size === 0) return
  for (const fileUploadId of await listUnknownIds(database, [...owners.keys()])) {
    const userId = owners.get(fileUploadId)
    if (userId) await media.deletePrefix(fileUploadPrefix({ userId, fileUploadId }))
  }
}
