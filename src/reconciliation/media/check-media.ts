import { listUnknownIds } from '../../datasets/file-uploads/file-uploads.repository.ts'
import type { MediaStore, StoredObject } from '../../media/store.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../shared/database.ts'
import { type Finding, findingOf, withoutNull } from '../findings.rules.ts'
import * as repository from './media.repository.ts'
import {
  isInRange,
  type KeyOwner,
  narrowRange,
  ownerOf,
  unnamedMsMax,
} from './stored-keys.rules.ts'

export interface CheckMediaContext {
  readonly database: Database
  readonly media: Pick<MediaStore, 'head' | 'list' | 'deleteMany'>
  readonly clock: Clock
}

export interface MediaPage {
  readonly findings: readonly Finding[]
  readonly objectsChecked: number
  /** Where the next page goes on; null after the last. */
  readonly next: string | null
}

const keysAtOnce = 1000
/** Each object that seems to be missing is asked for by itself. */
const suspectsMax = 200
const videosAtOnce = 50
/** What crashes leave is little. More than this on a page looks like rows that are missing, not like objects too many. */
const deletedMax = 50

/**
 * Compares the next stored objects with the keys that rows name, in the order of their keys: both lists are read from the
 * same place on, so that one pass finds what either side lacks.
 */
export async function checkObjects(
  { database, media, clock }: CheckMediaContext,
  after: string,
): Promise<MediaPage> {
  const stored = await listStored(media, after)
  const named = await repository.listNamedKeys(database, { after, limit: keysAtOnce })
  const range = narrowRange(after, [
    { keys: stored.map(({ key }) => key), isCutOff: stored.length === keysAtOnce },
    ...named.map((keys) => ({ keys, isCutOff: keys.length === keysAtOnce })),
  ])
  const storedKeys = new Set(stored.map(({ key }) => key))
  const namedKeys = new Set(named.flat())
  const suspects = [...namedKeys]
    .filter((key) => isInRange(key, range) && !storedKeys.has(key))
    .sort()
  const upTo = suspects[suspectsMax - 1] ?? range.upTo
  const here = { after, upTo }
  const missing = await findMissing({ database, media }, suspects.slice(0, suspectsMax))
  const unnamed = stored.filter(
    ({ key, uploadedAtMs }) =>
      isInRange(key, here) && !namedKeys.has(key) && clock.nowMs() - uploadedAtMs > unnamedMsMax,
  )
  const looked = stored.filter(({ key }) => isInRange(key, here)).length
  return {
    findings: withoutNull([
      describeMissing(missing),
      ...(await deleteUnnamed({ database, media, clock }, unnamed)),
    ]),
    objectsChecked: looked + missing.length,
    next: upTo,
  }
}

/** Looks at the next videos' sources, which no index has in the order of their keys. */
export async function checkVideos(
  { database, media }: CheckMediaContext,
  after: string,
): Promise<MediaPage> {
  const videos = await repository.listVideosAfter(database, { after, limit: videosAtOnce })
  const heads = await Promise.all(videos.map(({ sourceKey }) => media.head(sourceKey)))
  const missing = videos.filter((_, index) => heads[index] === null)
  return {
    findings: withoutNull([describeMissing(missing.map(({ sourceKey }) => sourceKey))]),
    objectsChecked: videos.length,
    next: videos.at(-1)?.id ?? null,
  }
}

function describeMissing(keys: readonly string[]): Finding | null {
  return findingOf({
    code: 'media.object_missing',
    repaired: false,
    ids: keys,
    message: 'Rows name objects that are not stored: restore them from a backup of the media.',
  })
}

async function listStored(
  media: CheckMediaContext['media'],
  after: string,
): Promise<StoredObject[]> {
  const stored: StoredObject[] = []
  for await (const object of media.list('', after)) {
    if (stored.push(object) === keysAtOnce) break
  }
  return stored
}

/** One that was stored, or whose row went, while the lists were read is not missing. */
async function findMissing(
  { database, media }: Pick<CheckMediaContext, 'database' | 'media'>,
  suspects: readonly string[],
): Promise<string[]> {
  const heads = await Promise.all(suspects.map((key) => media.head(key)))
  const absent = suspects.filter((_, index) => heads[index] === null)
  const wanted = await repository.keepWanted(database, absent)
  return absent.filter((key) => wanted.has(key))
}

/**
 * Deletes what nothing names and nobody writes any more. What no user of this database can have written is told and left
 * alone: rows of users are never deleted, so that it belongs to another database, or this one is not the bucket's.
 */
async function deleteUnnamed(
  { database, media, clock }: CheckMediaContext,
  unnamed: readonly StoredObject[],
): Promise<(Finding | null)[]> {
  if (unnamed.length === 0) return []
  const { owned, strange } = await splitByOwner(database, unnamed)
  const isFree = await findFree(database, owned, clock.nowMs())
  const candidates = owned.flatMap(({ key, owner }) => (isFree(owner) ? [key] : []))
  const named = await repository.keepNamed(database, candidates)
  const rubbish = candidates.filter((key) => !named.has(key))
  const isLittle = rubbish.length <= deletedMax
  if (isLittle) await media.deleteMany(rubbish)
  return [
    findingOf({
      code: isLittle ? 'media.object_unnamed' : 'media.objects_unnamed',
      repaired: isLittle,
      ids: rubbish,
      message: isLittle
        ? 'Objects that no row names and nobody writes any more were deleted.'
        : `No row names ${rubbish.length} objects in a row of ${keysAtOnce}, more than the ${deletedMax} that are deleted without asking: the database may be older than the media. They were left alone; see "Backup and restore" in docs/operations.md.`,
    }),
    findingOf({
      code: 'media.object_strange',
      repaired: false,
      ids: strange,
      message:
        'The media store holds keys that this API never makes, or of users that this database does not know; they were left alone.',
    }),
  ]
}

async function splitByOwner(
  database: Database,
  objects: readonly StoredObject[],
): Promise<{ owned: { key: string; owner: KeyOwner }[]; strange: string[] }> {
  const read = objects.map(({ key }) => ({ key, owner: ownerOf(key) }))
  const userIds = read.flatMap(({ owner }) => (owner === null ? [] : [owner.userId]))
  const known = await repository.listKnownUsers(database, [...new Set(userIds)])
  const owned: { key: string; owner: KeyOwner }[] = []
  const strange: string[] = []
  for (const { key, owner } of read) {
    if (owner !== null && known.has(owner.userId)) owned.push({ key, owner })
    else strange.push(key)
  }
  return { owned, strange }
}

async function findFree(
  database: Database,
  owned: readonly { owner: KeyOwner }[],
  nowMs: number,
): Promise<(owner: KeyOwner) => boolean> {
  const owners = owned.map(({ owner }) => owner)
  const uploads = owners.flatMap((owner) => (owner.kind === 'upload' ? [owner.uploadId] : []))
  const inferences = owners.flatMap((owner) =>
    owner.kind === 'inference' ? [owner.inferenceId] : [],
  )
  const files = owners.flatMap((owner) => (owner.kind === 'part' ? [owner.fileUploadId] : []))
  const [busyUploads, busyInferences, unknownFiles] = await Promise.all([
    repository.listBusyUploads(database, [...new Set(uploads)]),
    repository.listBusyInferences(database, {
      inferenceIds: [...new Set(inferences)],
      endedAfterMs: nowMs - unnamedMsMax,
    }),
    listUnknownIds(database, [...new Set(files)]),
  ])
  const freeFiles = new Set(unknownFiles)
  return (owner) => {
    if (owner.kind === 'upload') return !busyUploads.has(owner.uploadId)
    if (owner.kind === 'inference') return !busyInferences.has(owner.inferenceId)
    return freeFiles.has(owner.fileUploadId)
  }
}
