import type { MediaStore } from '../../media/store.ts'
import type { Clock } from '../../shared/clock.ts'
import { createPartsMissingError } from './file-uploads.errors.ts'
import type { TakenFile } from './take-file-upload.ts'

/** How far a file has been joined. It is JSON: kept between two calls, the second goes on where the first ended. */
export interface JoinProgress {
  /** The multipart upload that collects the parts; null before it is begun. */
  readonly multipartId: string | null
  readonly parts: readonly R2UploadedPart[]
  /** Whether the object is there. */
  readonly isDone: boolean
}

export const noJoinProgress: JoinProgress = { multipartId: null, parts: [], isDone: false }

/** Each waits for R2 alone: the bytes of a part pass from one object to the other without being looked at. */
const partsAtOnce = 4

type Store = Pick<MediaStore, 'head' | 'get' | 'openMultipart'>

/**
 * Copies the parts of a file into one object, some at a time, until all are there or `untilMs` has passed; at least
 * one part a lane is copied. May be called again with an earlier progress: parts are then copied twice, which changes
 * nothing, and an object that is there already counts as done.
 */
export async function joinParts(
  { media, clock }: { readonly media: Store; readonly clock: Clock },
  join: {
    readonly file: TakenFile
    readonly key: string
    readonly contentType: string
    readonly untilMs: number
    readonly progress: JoinProgress
    /** Awaited before the object is made to exist; what it throws ends the call. */
    readonly beforeComplete?: () => Promise<void>
  },
): Promise<JoinProgress> {
  const { file, key, contentType } = join
  if ((await media.head(key))?.size === file.bytes) return { ...join.progress, isDone: true }
  const { multipartId } = join.progress
  const object = { key, contentType, fileName: file.fileName, multipartId }
  const multipart = await media.openMultipart(object)
  const done = new Map(join.progress.parts.map((part) => [part.partNumber, part]))
  const waiting = [...file.partKeys().entries()]
    .map(([index, partKey]) => ({ number: index + 1, partKey }))
    .filter(({ number }) => !done.has(number))
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const part = await media.get(next.partKey)
      if (!part) throw createPartsMissingError(file, [next.number])
      done.set(next.number, await multipart.uploadPart(next.number, part.body))
      if (clock.nowMs() >= join.untilMs) return
    }
  }
  try {
    await settleAll(
      Array.from({ length: partsAtOnce }, () =>
        lane().catch((error: unknown) => {
          waiting.length = 0
          throw error
        }),
      ),
    )
    const parts = [...done.values()].sort((one, other) => one.partNumber - other.partNumber)
    const isDone = parts.length === file.partCount
    if (isDone) {
      await join.beforeComplete?.()
      await multipart.complete(parts)
    }
    return { multipartId: multipart.uploadId, parts, isDone }
  } catch (error) {
    // R2 gives up a multipart upload that nobody completed for days.
    if (multipartId !== null && isNoSuchMultipart(error)) return noJoinProgress
    throw error
  }
}

function isNoSuchMultipart(error: unknown): boolean {
  return error instanceof Error && error.message.includes('(10024)')
}

/** Waits for all, and throws the first failure once none is under way any more. */
async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(promises)
  await Promise.all(promises)
}
