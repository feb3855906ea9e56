import type { ArchiveEntry } from './archive.model.ts'
import { createEntryDamagedError } from './archives.errors.ts'
import { readPieces } from './byte-pieces.ts'

/** The runtime inflates what is written at once into memory, up to 1032 times as much; so little is written. */
const inputBytes = 16 * 1024

/** Inflates an entry's data as it comes. Throws `archive.entry_damaged` where the data is wrong, cut off or too long. */
export async function* inflateRaw(
  packed: AsyncIterable<Uint8Array>,
  entry: ArchiveEntry,
): AsyncGenerator<Uint8Array, void> {
  const inflater = new DecompressionStream('deflate-raw')
  const writer = (inflater.writable as WritableStream<Uint8Array>).getWriter()
  const source: { error?: unknown } = {}
  const isFed = feed(packed, writer, source)
  try {
    yield* readPieces(inflater.readable as ReadableStream<Uint8Array>)
  } catch {
    if ('error' in source) throw source.error
    throw createEntryDamagedError(
      entry,
      'its compressed data is wrong, cut off or goes on too long',
    )
  } finally {
    await writer.abort().catch(() => undefined)
    await isFed
  }
}

/** Never rejects: what the inflater refuses its reader learns, and what the source throws is left in `source`. */
async function feed(
  packed: AsyncIterable<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  source: { error?: unknown },
): Promise<void> {
  const pieces = packed[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await pieces.next().catch((error: unknown) => {
        source.error = error
        throw error
      })
      if (done) break
      for (let start = 0; start < value.length; start += inputBytes) {
        await writer.write(value.subarray(start, start + inputBytes))
      }
    }
    await writer.close()
  } catch (error) {
    await pieces.return?.().catch(() => undefined)
    await writer.abort(error).catch(() => undefined)
  }
}
