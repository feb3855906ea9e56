import { datasetKey, type StoredExtension } from '../../../media/keys.ts'

/** What an object of an upload is: the digit stands in its file id. */
const roles = { image: 1, mask: 2, source: 3, maskSource: 4, scaledMask: 5 } as const

/**
 * The key of an object that an upload's step stores. The same object gets the same key however often the step is run, so
 * that a run that was cut off leaves nothing that the next does not write again.
 */
export function ingestionKey(object: {
  readonly userId: string
  readonly uploadId: string
  readonly role: keyof typeof roles
  readonly entryNumber: number
  readonly frameIndex?: number
  readonly extension: StoredExtension
}): string {
  const entry = object.entryNumber.toString(16).padStart(8, '0')
  const frame = (object.frameIndex ?? 0).toString(16).padStart(12, '0')
  const fileId = `${entry}-000${roles[object.role]}-4000-8000-${frame}`
  const { userId, uploadId, extension } = object
  return datasetKey({ userId, uploadId, fileId, extension })
}
