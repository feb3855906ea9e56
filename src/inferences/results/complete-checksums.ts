import { crc32 } from 'node:zlib'
import type { MediaStore } from '../../media/store.ts'
import type { Database } from '../../shared/database.ts'
import { recordChecksums } from './results.repository.ts'

interface StoredResult {
  readonly resultKey: string
  readonly crc32: number | null
}

/** Objects that are read side by side; a request may have six connections open. */
const readersMax = 4
/** What is written down at once, so that a request that ends early has not read for nothing. */
const recordedAtOnce = 40

/**
 * The CRC-32 of every result by its key. One that was recorded without it is read once, and its checksum written down.
 * Throws an Error where its object is gone.
 */
export async function completeChecksums(
  context: { readonly database: Database; readonly media: Pick<MediaStore, 'get'> },
  inferenceId: string,
  results: readonly StoredResult[],
): Promise<ReadonlyMap<string, number>> {
  const known = new Map(results.map((result) => [result.resultKey, result.crc32]))
  const unknown = results.filter((result) => result.crc32 === null)
  for (let start = 0; start < unknown.length; start += recordedAtOnce) {
    const group = unknown.slice(start, start + recordedAtOnce)
    const checksums = await readChecksums(context.media, group)
    await recordChecksums(context.database, inferenceId, checksums)
    for (const { resultKey, crc32 } of checksums) known.set(resultKey, crc32)
  }
  return new Map([...known].map(([key, value]) => [key, value ?? 0]))
}

async function readChecksums(media: Pick<MediaStore, 'get'>, results: readonly StoredResult[]) {
  const waiting = [...results]
  const checksums: { resultKey: string; crc32: number }[] = []
  const read = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { resultKey } = next
      checksums.push({ resultKey, crc32: await readChecksum(media, resultKey) })
    }
  }
  await Promise.all(Array.from({ length: readersMax }, read))
  return checksums
}

async function readChecksum(media: Pick<MediaStore, 'get'>, key: string): Promise<number> {
  const object = await media.get(key)
  if (object === null) throw new Error(`the result ${key} is no longer stored`)
  let checksum = 0
  for await (const chunk of object.body) checksum = crc32(chunk, checksum)
  return checksum
}
