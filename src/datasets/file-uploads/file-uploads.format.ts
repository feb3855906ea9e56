import { formatTime } from '../../shared/clock.ts'
import type { FormattedPart } from './file-parts.ts'
import type { FileUploadRow } from './file-uploads.table.ts'

/** A file as it is listed. */
export function formatFileUploadForApi(file: FileUploadRow) {
  return {
    id: file.id,
    fileName: file.fileName,
    bytes: file.bytes,
    partBytes: file.partBytes,
    partCount: file.partCount,
    createdAt: formatTime(file.createdAt),
    expiresAt: formatTime(file.expiresAt),
  }
}

/** A file with its parts and how far it has come. */
export function formatFileWithPartsForApi(file: FileUploadRow, parts: readonly FormattedPart[]) {
  const received = parts.filter((part) => part.received)
  const openState = received.length === parts.length ? ('complete' as const) : ('open' as const)
  return {
    ...formatFileUploadForApi(file),
    state: file.takenBy === null ? openState : ('taken' as const),
    takenBy: file.takenBy,
    receivedBytes: received.reduce((sum, { bytes }) => sum + bytes, 0),
    parts: [...parts],
  }
}
