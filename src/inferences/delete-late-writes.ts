import { segmentKey } from '../media/keys.ts'
import type { MediaStore } from '../media/store.ts'
import type { Clock } from '../shared/clock.ts'
import type { Database } from '../shared/database.ts'
import { lateWritesMs } from './inferences.lifecycle.ts'
import {
  forgetLateWrites,
  listLateWrites,
  listUnmadeResults,
  listUnmadeVideos,
} from './late-writes.repository.ts'
import { listStretchStarts } from './videos/videos.repository.ts'

/** Keys that one call of the store deletes. */
const keysAtOnce = 1000

/**
 * Deletes what was stored for items and videos that their inference does not have: by a run that was cut off, before or
 * after its inference had ended. Waits until the URLs that were given out to write to are over, so that once is enough.
 */
export async function deleteLateWrites(
  context: {
    readonly database: Database
    readonly media: Pick<MediaStore, 'deleteMany'>
    readonly clock: Clock
  },
  { limit }: { limit: number },
): Promise<void> {
  const { database, media } = context
  const ended = await listLateWrites(database, {
    endedBeforeMs: context.clock.nowMs() - lateWritesMs,
    limit,
  })
  for (const { id: inferenceId, userId } of ended) {
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
}
