import type { MediaStore } from '../../media/store.ts'
import type { Database } from '../../shared/database.ts'
import { listStaleTakenFiles } from '../file-uploads/file-uploads.repository.ts'
import { deleteFilesOf, releaseFilesOf } from '../file-uploads/take-file-upload.ts'
import { isOpenIngestion } from './ingestion/sweep.repository.ts'
import { abandonUncommitted } from './uploads.repository.ts'
import { uploadOperationId } from './uploads.rules.ts'

const filesPerSweep = 50

/**
 * Ends the taking of files by an upload that took them long ago and is no longer under way: deleted where it became data,
 * given back where it did not. An upload that a request is still busy with is given up by this, so that what is given
 * back can never become its data as well.
 */
export async function sweepTakenFiles(
  context: { readonly database: Database; readonly media: Pick<MediaStore, 'deletePrefix'> },
  { takenBeforeMs, nowMs }: { takenBeforeMs: number; nowMs: number },
): Promise<void> {
  const { database } = context
  const files = await listStaleTakenFiles(database, {
    takenBeforeMs,
    limit: filesPerSweep,
    unless: isOpenIngestion('taken_by'),
  })
  const committed = await abandonUncommitted(database, {
    operationIds: [...new Set(files.map(({ takenBy }) => uploadOperationId(takenBy)))],
    nowMs,
  })
  for (const { userId, takenBy: uploadId } of files) {
    if (committed.has(uploadOperationId(uploadId))) {
      await deleteFilesOf(context, { userId, uploadId })
    } else {
      await releaseFilesOf({ database, nowMs }, { userId, uploadId })
    }
  }
}
