import { createHash } from 'node:crypto'
import type { MultipartWriter } from './multipart-writer.ts'
import type { MediaStore, ObjectDescription, StoredFacts } from './store.ts'

/** What stays in memory; a longer file goes to the store while it comes. */
export const spoolMemoryBytesMax = 5 * 1024 * 1024

export interface SpoolOptions {
  readonly object: ObjectDescription
  readonly store: Pick<MediaStore, 'put' | 'startMultipart' | 'deleteMany'>
  /** Awaited once before the first byte is stored: the moment to reserve what storing costs. What it throws, `write` throws. */
  readonly onSpill?: (() => Promise<void>) | undefined
  readonly memoryBytesMax?: number
}

/** Holds a file of unknown length until it is known whether it is kept. */
export interface Spool {
  write(chunk: Uint8Array): Promise<void>
  /** Length and SHA-256; after it nothing more is written. */
  finish(): StoredFacts
  /** Makes the object exist: nothing can be read under its key before. */
  store(): Promise<void>
  /** Leaves nothing of the file in the store, whatever was done before. Never throws. */
  discard(): Promise<void>
}

export function createSpool(options: SpoolOptions): Spool {
  const { object, store, onSpill, memoryBytesMax = spoolMemoryBytesMax } = options
  const hash = createHash('sha256')
  let held: Uint8Array[] = []
  let bytes = 0
  let writer: MultipartWriter | null = null
  let facts: StoredFacts | null = null
  let isStored = false

  async function spill(): Promise<void> {
    await onSpill?.()
    writer = await store.startMultipart(object)
    const chunks = held
    held = []
    for (const chunk of chunks) await writer.write(chunk)
  }

  return {
    async write(chunk) {
      hash.update(chunk)
      bytes += chunk.length
      if (writer) return writer.write(chunk)
      held.push(chunk)
      if (bytes > memoryBytesMax) await spill()
    },

    finish() {
      facts ??= { bytes, sha256: hash.digest('hex') }
      return facts
    },

    async store() {
      const { sha256 } = this.finish()
      isStored = true
      if (writer) await writer.complete()
      else await store.put({ ...object, bytes: Buffer.concat(held), sha256 })
      held = []
    },

    async discard() {
      held = []
      // What a failing store keeps is swept by its prefix, as after a crash.
      if (writer) await writer.abort().catch(() => undefined)
      if (isStored) await store.deleteMany([object.key]).catch(() => undefined)
    },
  }
}
