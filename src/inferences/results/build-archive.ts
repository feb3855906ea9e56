import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { createZipLayout, type ZipLayout } from '../../media/archives/zip-layout.ts'
import type { ZipMember } from '../../media/archives/zip-stream.ts'
import type { MediaStore } from '../../media/store.ts'
import type { Database } from '../../shared/database.ts'
import { resultFileName } from '../inferences.format.ts'
import type { InferenceRow } from '../inferences.table.ts'
import { createManifest, type Named } from './archive-manifest.ts'
import { createNamer, frameFileName, stemOf } from './archive-names.rules.ts'
import { completeChecksums } from './complete-checksums.ts'
import {
  type ArchivedItem,
  type ArchivedVideo,
  listArchivedItems,
  listArchivedVideos,
} from './results.repository.ts'

export interface ResultsArchive {
  readonly members: readonly ZipMember[]
  readonly layout: ZipLayout
  /** In quotes; the same as long as the archive has the same bytes. */
  readonly etag: string
}

/** Rows of one answer of D1. */
const itemsAtOnce = 2000
const manifestName = 'manifest.json'

/**
 * Lays out the archive of what an inference has made so far: its manifest, its images and result videos under the names
 * of what they were made from, and a video's frames in a folder of its name. Null where it has made nothing.
 */
export async function buildResultsArchive(
  context: { readonly database: Database; readonly media: Pick<MediaStore, 'get'> },
  inference: InferenceRow,
): Promise<ResultsArchive | null> {
  const [videos, items] = await Promise.all([
    listArchivedVideos(context.database, inference.id),
    listAllItems(context.database, inference.id),
  ])
  const named = nameResults(items, videos)
  const results = [...named.videos, ...named.items].filter((row) => row.entry !== null)
  if (results.length === 0) return null

  const checksums = await completeChecksums(context, inference.id, results)
  const manifest = createManifest(inference, named)
  const members: ZipMember[] = [
    {
      name: manifestName,
      bytes: manifest.length,
      crc32: crc32(manifest),
      modifiedMs: inference.endedAt ?? inference.updatedAt,
      content: { inMemory: manifest },
    },
    ...results.map(({ entry, sizeBytes, updatedAt, resultKey }) => ({
      name: entry ?? '',
      bytes: sizeBytes ?? 0,
      crc32: checksums.get(resultKey) ?? 0,
      modifiedMs: updatedAt,
      content: { key: resultKey },
    })),
  ]
  return { members, layout: createZipLayout(members), etag: createEtag(members, manifest) }
}

async function listAllItems(database: Database, inferenceId: string): Promise<ArchivedItem[]> {
  const items: ArchivedItem[] = []
  for (;;) {
    const afterPosition = items.at(-1)?.position ?? -1
    const query = { inferenceId, afterPosition, limit: itemsAtOnce }
    const page = await listArchivedItems(database, query)
    items.push(...page)
    if (page.length < itemsAtOnce) return items
  }
}

/** Names results in the order of the dataset, videos first, so that the same rows always get the same names. */
function nameResults(items: readonly ArchivedItem[], videos: readonly ArchivedVideo[]) {
  const nameAtTop = createNamer([manifestName])
  const folders = new Map<string, { path: string; nameInside: (name: string) => string }>()
  const videoNames = new Map(videos.map((video) => [video.videoId, video.name]))

  const nameFrame = (frame: ArchivedItem): string => {
    const id = frame.videoId ?? frame.imageName
    const known = folders.get(id)
    const folder = known ?? {
      path: nameAtTop(stemOf(videoNames.get(id) ?? frame.imageName)),
      nameInside: createNamer(),
    }
    if (!known) folders.set(id, folder)
    const index = frame.frameIndex ?? frame.position
    const name = folder.nameInside(frameFileName({ index, resultKey: frame.resultKey }))
    return `${folder.path}/${name}`
  }
  const nameItem = (item: ArchivedItem) =>
    item.kind === 'frame' ? nameFrame(item) : nameAtTop(resultFileName(item))

  return {
    videos: videos.map(
      (video): Named<ArchivedVideo> => ({
        ...video,
        entry:
          video.state === 'SUCCEEDED'
            ? nameAtTop(resultFileName({ imageName: video.name, resultKey: video.resultKey }))
            : null,
      }),
    ),
    items: items.map(
      (item): Named<ArchivedItem> => ({
        ...item,
        entry: item.state === 'SUCCEEDED' ? nameItem(item) : null,
      }),
    ),
  }
}

function createEtag(members: readonly ZipMember[], manifest: Uint8Array): string {
  const hash = createHash('sha256').update(manifest)
  for (const { name, bytes, crc32: checksum, modifiedMs } of members) {
    hash.update(`\n${name}/${bytes}/${checksum}/${modifiedMs}`)
  }
  return `"${hash.digest('hex').slice(0, 32)}"`
}
