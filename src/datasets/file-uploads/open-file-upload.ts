import type { Settings } from '../../config.ts'
import type { Database } from '../../shared/database.ts'
import { fileUploadErrors } from './file-uploads.errors.ts'
import { insertFileUpload } from './file-uploads.repository.ts'
import { planParts, readBytesOrThrow, readFileNameOrThrow } from './file-uploads.rules.ts'
import type { FileUploadRow } from './file-uploads.table.ts'

/** Files of one user that wait for their parts or for an upload. */
const openFilesMax = 100
const hourMs = 3_600_000

/** Writes down a file that will be sent in parts. Throws `file_uploads.…` for a wrong name or size, or too many files. */
export async function openFileUpload(
  context: {
    readonly database: Database
    readonly settings: Pick<Settings, 'FILE_BYTES_MAX' | 'FILE_UPLOAD_TTL_HOURS'>
    readonly createId: () => string
    readonly nowMs: number
  },
  request: { readonly userId: string; readonly fileName: unknown; readonly bytes: unknown },
): Promise<FileUploadRow> {
  const { settings, nowMs } = context
  const fileName = readFileNameOrThrow(request.fileName)
  const bytes = readBytesOrThrow(request.bytes, { bytesMax: settings.FILE_BYTES_MAX })
  const file = {
    id: context.createId(),
    userId: request.userId,
    fileName,
    bytes,
    ...planParts(bytes),
    createdAt: nowMs,
    expiresAt: nowMs + settings.FILE_UPLOAD_TTL_HOURS * hourMs,
  }
  if (!(await insertFileUpload(context.database, file, { openMax: openFilesMax }))) {
    throw fileUploadErrors.createError(
      'file_uploads.too_many',
      `You have ${openFilesMax} files in parts that no upload has taken, the most at a time: ` +
        'use them, or delete some by DELETE /api/uploads/:id.',
      { limit: openFilesMax },
    )
  }
  return { ...file, takenBy: null, takenAt: null }
}
