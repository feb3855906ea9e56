import { cleanFileName } from '../../media/file-names.ts'
import { fileUploadErrors } from './file-uploads.errors.ts'

const mebibyte = 1024 * 1024
const partBytesUsual = 8 * mebibyte
const partCountUsualMax = 1000
/** Below the 100 MB that some networks let through at once. */
const partBytesMax = 90 * mebibyte
/** What R2 takes for one object. */
const partCountMax = 10_000
const fileNameLengthMax = 255

export interface PartPlan {
  /** Every part but the last has this many bytes. */
  readonly partBytes: number
  readonly partCount: number
}

/** Parts of 8 MiB; of more where those would be over a thousand. */
export function planParts(bytes: number): PartPlan {
  const needed = Math.ceil(bytes / partCountUsualMax / mebibyte) * mebibyte
  const partBytes = Math.min(partBytesMax, Math.max(partBytesUsual, needed))
  return { partBytes, partCount: Math.ceil(bytes / partBytes) }
}

/** How many bytes the part with this number, from 1, has. */
export function bytesOfPart(file: PartPlan & { readonly bytes: number }, number: number): number {
  if (number < file.partCount) return file.partBytes
  return file.bytes - file.partBytes * (file.partCount - 1)
}

/** The last part of a path, without what cannot stand in a name; throws unless something is left of it. */
export function readFileNameOrThrow(value: unknown): string {
  if (typeof value !== 'string') {
    throw createNameError(`must be text (received: ${describe(value)})`)
  }
  if (value.length > fileNameLengthMax) {
    throw createNameError(
      `exceeds maximum length of ${fileNameLengthMax} characters (current: ${value.length})`,
    )
  }
  const name = cleanFileName(value)
  if (name === '') throw createNameError(`holds no name (received: ${describe(value)})`)
  return name
}

function createNameError(problem: string) {
  return fileUploadErrors.createError('file_uploads.name_invalid', `fileName ${problem}`)
}

/** Throws unless the value is a whole number from 1 to the limit. */
export function readBytesOrThrow(value: unknown, limits: { readonly bytesMax: number }): number {
  const bytesMax = Math.min(limits.bytesMax, partBytesMax * partCountMax)
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw fileUploadErrors.createError(
      'file_uploads.bytes_invalid',
      `bytes must be the size of the file, a whole number from 1 to ${bytesMax} (received: ${describe(value)})`,
      { limitBytes: bytesMax },
    )
  }
  if (value > bytesMax) {
    throw fileUploadErrors.createError(
      'file_uploads.too_large',
      `The file has ${value} bytes: a file that is sent in parts may have at most ${bytesMax}. Encode it smaller, or cut it into several files.`,
      { bytes: value, limitBytes: bytesMax },
    )
  }
  return value
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  return (JSON.stringify(value) ?? typeof value).slice(0, 60)
}
