import type { Author } from '../../audit/audit-log.repository.ts'
import { inferencePrefix } from '../../media/keys.ts'
import type { MediaStore } from '../../media/store.ts'
import type { Database } from '../../shared/database.ts'
import { inferenceErrors } from '../inferences.errors.ts'
import type { InferenceRow } from '../inferences.table.ts'
import { markResultsDeleted } from './results.repository.ts'

/**
 * Deletes every object that an ended inference made. It is written down first, so that nobody is shown half of them;
 * doing it again deletes what a request that broke off left. Throws `inferences.not_ended`.
 */
export async function deleteResults(
  context: {
    readonly database: Database
    readonly media: Pick<MediaStore, 'deletePrefix'>
    readonly nowMs: number
    readonly by: Author
  },
  inference: Pick<InferenceRow, 'id' | 'userId' | 'state'>,
): Promise<{ deletedAtMs: number; objectCount: number }> {
  const deletedAtMs = await markResultsDeleted(context.database, {
    inferenceId: inference.id,
    nowMs: context.nowMs,
    audit: {
      atMs: context.nowMs,
      actor: context.by,
      action: 'results.deleted',
      subjectKind: 'inference',
      subjectId: inference.id,
      ownerId: inference.userId,
      requestId: context.by.requestId,
    },
  })
  if (deletedAtMs === null) {
    throw inferenceErrors.createError(
      'inferences.not_ended',
      `The inference is ${inference.state} and still makes results. Delete them when it has ended.`,
      { status: inference.state },
    )
  }
  const place = { userId: inference.userId, inferenceId: inference.id }
  return { deletedAtMs, objectCount: await context.media.deletePrefix(inferencePrefix(place)) }
}
