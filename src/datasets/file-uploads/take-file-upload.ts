import { fileUploadPrefix } from '../../media/keys.ts'
import type { MediaStore } from '../../media/store.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../shared/database.ts'
import { partKeysOf, readParts } from './file-parts.ts'
import {
  createFileUploadNotFound,
  createPartsMissingError,
  createTakenError,
} from './file-uploads.errors.ts'
import {
  deleteTakenFileUpload,
  findFileUpload,
  listTakenBy,
  markReleased,
  markTaken,
} from './file-uploads.repository.ts'
import type { FileUploadRow } from './file-uploads.table.ts'

/** A file whose parts are all there, and which belongs to one upload until that releases or deletes it. */
export interface TakenFile
  extends Pick<FileUploadRow, 'id' | 'fileName' | 'bytes' | 'partBytes' | 'partCount'> {
  /** In the order of the parts. */
  partKeys(): string[]
}

interface TakeContext {
  readonly database: Database
  readonly media: Pick<MediaStore, 'list'>
  readonly clock: Clock
}

interface Taking {
  readonly userId: string
  readonly id: string
  readonly uploadId: string
}

/** How long a file that an upload gave back stays at the least. */
const releasedMsMin = 3_600_000

/**
 * Gives a file to an upload: to that alone, and as often as it asks. Throws `file_uploads.not_found` for what is not
 * the user's, `file_uploads.taken` and `file_uploads.parts_missing`.
 */
export async function takeFileUpload(context: TakeContext, taking: Taking): Promise<TakenFile> {
  const { uploadId, ...owned } = taking
  const file = await findForUploadOrThrow(context, taking)
  const parts = await readParts(context.media, file)
  const missing = parts.filter(({ isReceived }) => !isReceived).map(({ number }) => number)
  if (missing.length > 0) throw createPartsMissingError(file, missing)
  const nowMs = context.clock.nowMs()
  if (!(await markTaken(context.database, { ...owned, uploadId, nowMs }))) {
    await findForUploadOrThrow(context, taking)
    throw createFileUploadNotFound(taking.id)
  }
  const { id, fileName, bytes, partBytes, partCount } = file
  return { id, fileName, bytes, partBytes, partCount, partKeys: () => partKeysOf(file) }
}

async function findForUploadOrThrow(
  { database, clock }: TakeContext,
  { uploadId, ...owned }: Taking,
): Promise<FileUploadRow> {
  const file = await findFileUpload(database, { ...owned, nowMs: clock.nowMs() })
  if (!file) throw createFileUploadNotFound(owned.id)
  if (file.takenBy !== null && file.takenBy !== uploadId) throw createTakenError(file)
  return file
}

/** The bytes of all parts in their order. Throws `file_uploads.parts_missing` when one is gone. */
export async function* readTakenFile(
  media: Pick<MediaStore, 'get'>,
  file: TakenFile,
): AsyncGenerator<Uint8Array> {
  for (const [index, key] of file.partKeys().entries()) {
    const part = await media.get(key)
    if (!part) throw createPartsMissingError(file, [index + 1])
    yield* part.body
  }
}

/** Gives the files back that an upload took and did not make data of: their parts need not be sent again. */
export async function releaseFilesOf(
  { database, nowMs }: { readonly database: Database; readonly nowMs: number },
  upload: Pick<Taking, 'userId' | 'uploadId'>,
): Promise<void> {
  await markReleased(database, { ...upload, expiresAtLeast: nowMs + releasedMsMin })
}

/** Deletes the files that an upload took and made data of, with their parts. Doing it again changes nothing. */
export async function deleteFilesOf(
  { database, media }: { database: Database; media: Pick<MediaStore, 'deletePrefix'> },
  { userId, uploadId }: Pick<Taking, 'userId' | 'uploadId'>,
): Promise<void> {
  for (const id of await listTakenBy(database, { userId, uploadId })) {
    await media.deletePrefix(fileUploadPrefix({ userId, fileUploadId: id }))
    await deleteTakenFileUpload(database, { id, uploadId })
  }
}
