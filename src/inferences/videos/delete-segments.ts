import { segmentKey } from '../../media/keys.ts'
import type { MediaStore } from '../../media/store.ts'
import type { Database } from '../../shared/database.ts'
import { describeError, type Logger } from '../../shared/logger.ts'
import { listStretchStarts } from './videos.repository.ts'

/**
 * Deletes the stretches from which an ended inference's videos were made. Called before the inference is settled: what a
 * crash leaves is found with the unsettled inference.
 */
export async function deleteSegments(
  context: {
    readonly database: Database
    readonly media: Pick<MediaStore, 'deleteMany'>
    readonly logger: Logger
  },
  inference: { readonly id: string; readonly userId: string },
): Promise<void> {
  const place = { userId: inference.userId, inferenceId: inference.id }
  try {
    const stretches = await listStretchStarts(context.database, {
      inferenceId: inference.id,
      videoId: null,
    })
    if (stretches.length === 0) return
    await context.media.deleteMany(stretches.map((stretch) => segmentKey({ ...place, ...stretch })))
  } catch (error) {
    context.logger.warn('inference.segments_not_deleted', {
      id: inference.id,
      ...describeError(error),
    })
  }
}
