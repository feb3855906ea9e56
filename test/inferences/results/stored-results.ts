import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { readArchiveDirectory } from '../../../src/media/archives/read-directory.ts'
import { readArchiveEntry } from '../../../src/media/archives/read-entry.ts'
import { createBytes } from '../../media/fixtures/streams.ts'
import { request, type TestUser } from '../../support/world.ts'

const limits = { entriesMax: 10_000, ratioMax: 2, inflatedBytesMax: 1e12 }

/** Puts bytes under every result's key and writes their facts down, as the inference service would have; bytes by key. */
export async function storeResults(inferenceId: string): Promise<Map<string, Uint8Array>> {
  const stored = new Map<string, Uint8Array>()
  for (const table of ['inference_items', 'inference_videos']) {
    const { results } = await env.DB.prepare(
      `SELECT result_key AS key FROM ${table} WHERE inference_id = ? AND state = 'SUCCEEDED'`,
    )
      .bind(inferenceId)
      .all<{ key: string }>()
    for (const { key } of results) {
      const bytes = createBytes(1000 + 17 * stored.size, stored.size + 1)
      stored.set(key, bytes)
      await env.MEDIA.put(key, bytes)
      const hash = createHash('sha256').update(bytes).digest('hex')
      await env.DB.prepare(
        `UPDATE ${table} SET size_bytes = ?2, sha256 = ?3, crc32 = ?4 WHERE result_key = ?1`,
      )
        .bind(key, bytes.length, hash, crc32(bytes))
        .run()
    }
  }
  return stored
}

export const zipPathOf = (inferenceId: string) => `/api/inferences/${inferenceId}/results.zip`

export function askForZip(
  user: TestUser | null,
  inferenceId: string,
  headers: Record<string, string> = {},
  method = 'GET',
) {
  return request(user, method, zipPathOf(inferenceId), { headers })
}

/** What is in an archive, by name, with every checksum checked; the manifest parsed. */
export async function openZip(bytes: Uint8Array) {
  const source = {
    bytes: bytes.length,
    read: async ({ offset, length }: { offset: number; length: number }) =>
      bytes.slice(offset, offset + length),
    stream: async ({ offset, length }: { offset: number; length: number }) =>
      new Blob([bytes.slice(offset, offset + length)]).stream(),
  }
  const files = new Map<string, Uint8Array>()
  for (const entry of await readArchiveDirectory(source, limits)) {
    const chunks: Uint8Array[] = []
    for await (const chunk of readArchiveEntry(source, entry)) chunks.push(chunk)
    files.set(entry.path, new Uint8Array(Buffer.concat(chunks)))
  }
  const text = new TextDecoder().decode(files.get('manifest.json'))
  files.delete('manifest.json')
  return { files, names: [...files.keys()], manifest: JSON.parse(text) }
}
