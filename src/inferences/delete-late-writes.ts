import { segmentKey } from '../media/keys.ts'
import type { MediaStore } from '../media/store.ts'
import type { Database } from '../shared/database.ts'
import { forgetLateWrites, listUnmadeResults, listUnmadeVideos } from './late-writes.repository.ts'
import { listStretchStarts } from './videos/videos.repository.ts'

/** Keys that one call of the store deletes. */
const keysAtOnce = 1000

/**
 * Deletes what was stored for items and videos that their inference does not have: by a run that was cut off, before or
 * after its inference had ended. To be called when the URLs that were given out to write to are over, so that once is
 * enough.
 */
export async function deleteLateWrites(
  context: {
    readonly database: Database
    readonly media: Pick<MediaStore, 'deleteMany'>
  },
  ended: { readonly id: string; readonly userId: string },
): Promise<void> {
  const { database, media } = context
  const { id: inferenceId, userId } = ended
  const stretches = await listStretchStarts(database, { inferenceId, videoId: null })
  await media.deleteMany([
    ...stretches.map((stretch) => segmentKey({ userId, inferenceId, ...stretch })),
    ...(await listUnmadeVideos(database, inferenceId)),
  ])
  for (let afterPosition: number | undefined = -1; afterPosition !== undefined; ) {
    const page = { inferenceId, afterPosition, limit: keysAtOnce }
    const items = await listUnmadeResults(database, page)
    await media.deleteMany(items.map((item) => item.resultKey))
    afterPosition = items.length < keysAtOnce ? undefined : items.at(-1)?.position
  }
  await forgetLateWrites(database, inferenceId)
}
