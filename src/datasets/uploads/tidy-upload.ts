import { uploadPrefix } from '../../media/keys.ts'
import type { MediaStore } from '../../media/store.ts'
import type { Database } from '../../shared/database.ts'
import { deleteFilesOf } from '../file-uploads/take-file-upload.ts'
import { listUnnamed, markTidied } from './tidy-upload.repository.ts'

const keysAtOnce = 1000

/**
 * Deletes whatever an upload that became data has stored and no item needs: an archive, mask videos, what was refused,
 * files that were sent in parts. Only after the commit, and before the reservation is settled: by it the sweep finds an
 * upload that was not tidied. Doing it again changes nothing.
 */
export async function tidyUpload(
  {
    database,
    media,
  }: {
    readonly database: Database
    readonly media: Pick<MediaStore, 'list' | 'deleteMany' | 'deletePrefix'>
  },
  upload: { readonly userId: string; readonly uploadId: string },
): Promise<void> {
  const { uploadId } = upload
  const unnamed: string[] = []
  let keys: string[] = []
  const sift = async () => {
    if (keys.length > 0) unnamed.push(...(await listUnnamed(database, { uploadId, keys })))
    keys = []
  }
  for await (const { key } of media.list(uploadPrefix(upload))) {
    if (keys.push(key) === keysAtOnce) await sift()
  }
  await sift()
  await media.deleteMany(unnamed)
  await deleteFilesOf({ database, media }, upload)
  await markTidied(database, uploadId)
}
