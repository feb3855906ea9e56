import { ByteQueue, type Walk } from './byte-queue.ts'
import { turnSize } from './exif.ts'
import { walkJpeg } from './jpeg.ts'
import { detectFormat, type FileFormat, headBytes, type StillFormat } from './kind.ts'
import { type CreateRowConsumer, walkPng } from './png.ts'
import {
  createEmptyError,
  createTooLargeError,
  createTruncatedError,
  createUnknownKindError,
  type StillHeader,
  type StillLimits,
} from './still-refusals.ts'
import { walkWebp } from './webp.ts'

export interface StillFacts {
  readonly format: StillFormat
  readonly contentType: string
  readonly extension: FileFormat['extension']
  /** As stored. */
  readonly width: number
  readonly height: number
  /** As a viewer shows it: what sizes are compared by. */
  readonly uprightWidth: number
  readonly uprightHeight: number
  /** EXIF's, 1 to 8. */
  readonly orientation: number
}

/** Takes a file chunk by chunk and refuses it as soon as it is known to be wrong. Keeps no more than it must. */
export interface StillChecker<Facts = StillFacts> {
  push(chunk: Uint8Array): Promise<void>
  /** Throws what only a whole file can show, `media.empty` and `media.truncated` among it. */
  end(): Promise<Facts>
}

export interface StillCheckerOptions extends StillLimits {
  /** Who looks at a PNG's pixels on the way; nobody by default. */
  readonly createRowConsumer?: CreateRowConsumer
}

/** Checks the structure of a PNG, JPEG or WebP still picture from its bytes. */
export function createStillChecker(options: StillCheckerOptions): StillChecker {
  const { file, bytesMax } = options
  const queue = new ByteQueue()
  const walk = walkStill(queue, options)
  let receivedBytes = 0
  let facts: StillFacts | null = null

  async function advance(): Promise<void> {
    while (facts === null) {
      const step = walk.next()
      if (step.done) facts = step.value
      else if (step.value) await step.value
      else return
    }
  }

  return {
    async push(chunk) {
      receivedBytes += chunk.length
      if (receivedBytes > bytesMax) throw createTooLargeError(file, bytesMax)
      if (facts !== null) return
      queue.append(chunk)
      await advance()
    },

    async end() {
      if (facts !== null) return facts
      if (receivedBytes === 0) throw createEmptyError(file)
      if (receivedBytes < headBytes) {
        const head = queue.peek(headBytes)
        if (head.length === receivedBytes && detectFormat(head)?.kind !== 'picture') {
          throw createUnknownKindError(file)
        }
      }
      throw createTruncatedError(file, receivedBytes)
    },
  }
}

function* walkStill(queue: ByteQueue, options: StillCheckerOptions): Walk<StillFacts> {
  while (queue.buffered < headBytes && detectFormat(queue.peek(headBytes)) === null) yield
  const detected = detectFormat(queue.peek(headBytes))
  if (detected?.kind !== 'picture') throw createUnknownKindError(options.file)
  const header = yield* walkFormat(queue, detected.format as StillFormat, options)
  const { width, height } = turnSize(header)
  return {
    format: detected.format as StillFormat,
    contentType: detected.contentType,
    extension: detected.extension,
    ...header,
    uprightWidth: width,
    uprightHeight: height,
  }
}

function walkFormat(
  queue: ByteQueue,
  format: StillFormat,
  options: StillCheckerOptions,
): Walk<StillHeader> {
  if (format === 'jpeg') return walkJpeg(queue, options)
  if (format === 'webp') return walkWebp(queue, options)
  return walkPng(queue, options, options.createRowConsumer ?? null)
}
