import { fileUploadPrefix, partKey } from '../../media/keys.ts'
import type { PresignedUrls } from '../../media/presigned.ts'
import type { MediaStore } from '../../media/store.ts'
import { formatTime } from '../../shared/clock.ts'
import { bytesOfPart } from './file-uploads.rules.ts'
import type { FileUploadRow } from './file-uploads.table.ts'

/** An hour is enough for a part on a slow line; who needs longer asks for new URLs. */
const urlLifetimeSecondsMax = 3600
const urlsAtOnceMax = 100

type FilePlace = Pick<FileUploadRow, 'id' | 'userId' | 'bytes' | 'partBytes' | 'partCount'>

/** The key of each part, in their order. */
export function partKeysOf({ id, userId, partCount }: FilePlace): string[] {
  const numbers = Array.from({ length: partCount }, (_, index) => index + 1)
  return numbers.map((number) => partKey({ userId, fileUploadId: id, number }))
}

export interface PartFacts {
  /** From 1. */
  readonly number: number
  readonly bytes: number
  /** Whether it is stored with as many bytes as it must have. */
  readonly isReceived: boolean
}

/** Every part of a file, with what is stored of it. */
export async function readParts(
  media: Pick<MediaStore, 'list'>,
  file: FilePlace,
): Promise<PartFacts[]> {
  const stored = new Map<string, number>()
  const prefix = fileUploadPrefix({ userId: file.userId, fileUploadId: file.id })
  for await (const { key, bytes } of media.list(prefix)) stored.set(key, bytes)
  return partKeysOf(file).map((key, index) => {
    const bytes = bytesOfPart(file, index + 1)
    return { number: index + 1, bytes, isReceived: stored.get(key) === bytes }
  })
}

export interface FormattedPart {
  readonly number: number
  readonly bytes: number
  readonly received: boolean
  readonly url: string | null
  readonly urlExpiresAt: string | null
}

/** The parts as clients get them: the first hundred that are missing with URLs to send them to, if they are wanted. */
export async function formatPartsForApi(
  context: { readonly presignedUrls: Pick<PresignedUrls, 'presignPut'>; readonly nowMs: number },
  {
    file,
    parts,
    withUrls,
  }: {
    readonly file: FileUploadRow
    readonly parts: readonly PartFacts[]
    readonly withUrls: boolean
  },
): Promise<FormattedPart[]> {
  const secondsLeft = Math.floor((file.expiresAt - context.nowMs) / 1000)
  const expiresInSeconds = Math.max(1, Math.min(urlLifetimeSecondsMax, secondsLeft))
  const urlExpiresAt = formatTime(context.nowMs + expiresInSeconds * 1000)
  const missing = parts.filter(({ isReceived }) => !isReceived)
  const wanted = withUrls && file.takenBy === null ? missing.slice(0, urlsAtOnceMax) : []
  const urls = new Map<number, string>()
  for (const { number, bytes } of wanted) {
    const key = partKey({ userId: file.userId, fileUploadId: file.id, number })
    const url = await context.presignedUrls.presignPut({ key, expiresInSeconds, bytes })
    urls.set(number, url)
  }
  return parts.map(({ number, bytes, isReceived }) => {
    const url = urls.get(number) ?? null
    return { number, bytes, received: isReceived, url, urlExpiresAt: url ? urlExpiresAt : null }
  })
}
