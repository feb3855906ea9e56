import type { Settings } from '../../config.ts'
import { type Database, isUniqueViolation } from '../../shared/database.ts'
import { fileUploadErrors } from './file-uploads.errors.ts'
import { findFileUpload, insertFileUpload } from './file-uploads.repository.ts'
import { planParts, readBytesOrThrow, readFileNameOrThrow } from './file-uploads.rules.ts'
import type { FileUploadRow } from './file-uploads.table.ts'

/** Files of one user that wait for their parts or for an upload. */
const openFilesMax = 100
const hourMs = 3_600_000

/**
 * Writes down a file that will be sent in parts. Doing it again under the same id changes nothing and answers the file as
 * it is. Throws `file_uploads.…` for a wrong name or size, or too many files.
 */
export async function openFileUpload(
  context: {
    readonly database: Database
    readonly settings: Pick<Settings, 'FILE_BYTES_MAX' | 'FILE_UPLOAD_TTL_HOURS'>
    readonly nowMs: number
  },
  request: {
    readonly id: string
    readonly userId: string
    readonly fileName: unknown
    readonly bytes: unknown
  },
): Promise<FileUploadRow> {
  const { settings, nowMs } = context
  const fileName = readFileNameOrThrow(request.fileName)
  const bytes = readBytesOrThrow(request.bytes, { bytesMax: settings.FILE_BYTES_MAX })
  const file = {
    id: request.id,
    userId: request.userId,
    fileName,
    bytes,
    ...planParts(bytes),
    createdAt: nowMs,
    expiresAt: nowMs + settings.FILE_UPLOAD_TTL_HOURS * hourMs,
  }
  const isOpened = await insertFileUpload(context.database, file, { openMax: openFilesMax }).catch(
    (error: unknown) => {
      if (isUniqueViolation(error)) return false
      throw error
    },
  )
  if (!isOpened) {
    const opened = await findFileUpload(context.database, { ...file, nowMs })
    if (opened) return opened
    throw fileUploadErrors.createError(
      'file_uploads.too_many',
      `You have ${openFilesMax} files in parts that no upload has taken, the most at a time: ` +
        'use them, or delete some by DELETE /api/uploads/:id.',
      { limit: openFilesMax },
    )
  }
  return { ...file, takenBy: null, takenAt: null }
}
