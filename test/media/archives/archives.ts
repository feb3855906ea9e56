import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import type {
  ArchiveEntry,
  ArchiveLimits,
  ArchiveSource,
} from '../../../src/media/archives/archive.model.ts'
import { createArchiveSource } from '../../../src/media/archives/archive-source.ts'
import { readArchiveDirectory } from '../../../src/media/archives/read-directory.ts'
import { readArchiveEntry } from '../../../src/media/archives/read-entry.ts'
import { datasetKey } from '../../../src/media/keys.ts'
import { createMediaStore } from '../../../src/media/store.ts'
import { ApiError } from '../../../src/shared/errors.ts'

export const store = createMediaStore(env.MEDIA)
export const megabyte = 1024 * 1024

export const limits: ArchiveLimits = {
  entriesMax: 10_000,
  ratioMax: 100,
  inflatedBytesMax: 1024 * megabyte,
}

/** The archive as a stored object. */
export async function storeArchive(bytes: Uint8Array): Promise<ArchiveSource> {
  const ids = {
    userId: crypto.randomUUID(),
    uploadId: crypto.randomUUID(),
    fileId: crypto.randomUUID(),
  }
  const key = datasetKey({ ...ids, extension: 'zip' })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  await store.put({ key, bytes, sha256, contentType: 'application/zip', fileName: 'a.zip' })
  return createArchiveSource(store, { key, bytes: bytes.length })
}

/** The archive in memory, for tests that read thousands of them; in pieces as R2 gives them. */
export function holdArchive(bytes: Uint8Array): ArchiveSource {
  return {
    bytes: bytes.length,
    read: async ({ offset, length }) => bytes.slice(offset, offset + length),
    stream: async ({ offset, length }) => new Blob([bytes.slice(offset, offset + length)]).stream(),
  }
}

export interface CountedSource extends ArchiveSource {
  readonly reads: number[]
  readonly streams: number[]
}

/** Tells how long each range was that was asked for. */
export function countRequests(source: ArchiveSource): CountedSource {
  const reads: number[] = []
  const streams: number[] = []
  return {
    bytes: source.bytes,
    reads,
    streams,
    read(range) {
      reads.push(range.length)
      return source.read(range)
    },
    stream(range) {
      streams.push(range.length)
      return source.stream(range)
    },
  }
}

export async function readAll(source: ArchiveSource, entry: ArchiveEntry): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of readArchiveEntry(source, entry)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The one entry of an archive. */
export async function readOnly(source: ArchiveSource): Promise<ArchiveEntry> {
  const [entry] = await readArchiveDirectory(source, limits)
  if (!entry) throw new Error('the archive is empty')
  return entry
}

/** What a promise is refused with; anything but a refusal fails the test. */
export async function catchRefusal(promise: Promise<unknown>): Promise<ApiError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
