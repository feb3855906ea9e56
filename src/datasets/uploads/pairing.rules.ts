import type { EntryCode } from './entries.errors.ts'
import { findReplaced } from './replaced-entries.rules.ts'

export type MediaRole = 'image' | 'video' | 'mask' | 'none'

export interface EntryRefusal {
  readonly state: 'IGNORED' | 'REJECTED'
  readonly code: EntryCode
  readonly reason: string
}

export interface PairedEntry {
  /** Its place in the list that was paired, from 0. */
  readonly number: number
  readonly path: string
  readonly role: MediaRole
  /** The mask of a picture or video that is accepted; null for all else. */
  readonly maskNumber: number | null
  readonly refusal: EntryRefusal | null
}

export interface ArchivedFile {
  readonly path: string
  readonly isFolder: boolean
  readonly bytes: number
}

/** A picture, a video or a mask by its name, wherever it is in the archive. */
interface Candidate {
  readonly entryNumber: number
  readonly name: string
  readonly kind: 'picture' | 'video'
  readonly isMask: boolean
  readonly isEmpty: boolean
  readonly folder: string
  /** The last digits of its name without leading zeros, as text: names may hold more than a number can. */
  readonly index: string | null
}

interface Outcome {
  readonly maskNumber: number | null
  readonly refusal: EntryRefusal | null
}

/** Kind by name, to know what a file is sent as; what it is in truth is decided by its bytes. */
const kindByExtension = new Map<string, Candidate['kind']>([
  ...['png', 'jpg', 'jpeg', 'webp'].map((extension) => [extension, 'picture'] as const),
  ...['mp4', 'avi', 'mov', 'mkv', 'webm'].map((extension) => [extension, 'video'] as const),
])
const replacedByLater = ignore('entry.replaced', 'A later entry has its path and takes its place.')
const formats = [...kindByExtension.keys()].join(', ')

/**
 * Pairs an archive's pictures and videos with their masks; one answer for each entry, in the order given, and the same
 * whatever that order is, but for files of one path: the last counts. Files pair inside the folder that holds them: a file is a mask when its name contains `mask`,
 * and belongs to what has the same number. A folder's only picture or video and its only mask pair without one, unless
 * both have numbers and those differ.
 */
export function pairEntries(entries: readonly ArchivedFile[]): PairedEntry[] {
  const replaced = findReplaced(entries)
  const read = entries.map((entry, number) =>
    replaced.has(number) ? replacedByLater : readEntry(entry, number),
  )
  const outcomes = new Map<number, Outcome>()
  for (const files of groupBy(read.filter(isCandidate), ({ folder }) => folder).values()) {
    pairFolder(files, outcomes)
  }
  return read.map((entry, number) => {
    const path = entries[number]?.path ?? ''
    if (!isCandidate(entry)) return { number, path, role: 'none', maskNumber: null, refusal: entry }
    const outcome = outcomes.get(number) ?? { maskNumber: null, refusal: null }
    return { number, path, role: roleOf(entry), ...outcome }
  })
}

function roleOf({ isMask, kind }: Candidate): MediaRole {
  if (isMask) return 'mask'
  return kind === 'video' ? 'video' : 'image'
}

function isCandidate(entry: Candidate | EntryRefusal): entry is Candidate {
  return 'entryNumber' in entry
}

function readEntry(entry: ArchivedFile, entryNumber: number): Candidate | EntryRefusal {
  if (entry.isFolder) return ignore('entry.folder', 'A folder: its files are told by themselves.')
  const segments = entry.path.split(/[/\\]/).filter((segment) => segment !== '' && segment !== '.')
  const name = segments.at(-1) ?? ''
  if (segments.some(isHidden) || /^(thumbs\.db|desktop\.ini)$/i.test(name)) {
    return ignore('entry.hidden', 'A hidden file or one of the operating system.')
  }
  const dot = name.lastIndexOf('.')
  const kind = dot < 0 ? undefined : kindByExtension.get(name.slice(dot + 1).toLowerCase())
  if (kind === undefined) {
    return ignore('entry.format', `Not a format that is read by its name: those are ${formats}.`)
  }
  return {
    entryNumber,
    name,
    kind,
    isMask: /mask/i.test(name),
    isEmpty: entry.bytes === 0,
    folder: segments.slice(0, -1).join('/'),
    index: readIndex(name.slice(0, dot)),
  }
}

function isHidden(segment: string): boolean {
  return segment.startsWith('.') || /^__macosx$/i.test(segment)
}

function readIndex(stem: string): string | null {
  const digits = stem.match(/\d+/g)?.at(-1)
  return digits === undefined ? null : digits.replace(/^0+(?=\d)/, '')
}

function pairFolder(files: readonly Candidate[], outcomes: Map<number, Outcome>): void {
  const media = files.filter(({ isMask }) => !isMask)
  const masks = files.filter(({ isMask }) => isMask)
  const isLonePair = media.length === 1 && masks.length === 1
  const needsNoNumber = isLonePair && files.some(({ index }) => index === null)
  for (const alike of groupBy(files, ({ index }) => (needsNoNumber ? null : index)).values()) {
    const found = {
      media: alike.filter(({ isMask }) => !isMask),
      masks: alike.filter(({ isMask }) => isMask),
      folderHas: { media, masks },
    }
    match(found, outcomes)
  }
}

interface Alike {
  readonly media: readonly Candidate[]
  readonly masks: readonly Candidate[]
  readonly folderHas: {
    readonly media: readonly Candidate[]
    readonly masks: readonly Candidate[]
  }
}

/** Decides about the files of a folder that have one number, or none. */
function match({ media, masks, folderHas }: Alike, outcomes: Map<number, Outcome>): void {
  const refuse = (file: Candidate, code: EntryCode, reason: string) =>
    outcomes.set(file.entryNumber, {
      maskNumber: null,
      refusal: file.isEmpty
        ? reject('entry.empty', 'The file is empty: it has 0 bytes.')
        : reject(code, reason),
    })
  const all = [...media, ...masks]
  const [medium, mask] = [media[0], masks[0]]
  if (!medium || !mask) {
    for (const file of all) {
      const others = file.isMask ? folderHas.media : folderHas.masks
      refuse(file, 'entry.unpaired', describeMissing(file, others.length))
    }
  } else if (media.length > 1 || masks.length > 1) {
    const reason = describeAmbiguous(media, masks)
    for (const file of all) refuse(file, 'entry.ambiguous', reason)
  } else if (medium.isEmpty || mask.isEmpty) {
    refuse(medium, 'entry.unpaired', `Its mask ${quote(mask.name)} is empty: it has 0 bytes.`)
    const whose = medium.kind === 'video' ? 'video' : 'picture'
    const reason = `The ${whose} ${quote(medium.name)} that it belongs to is empty: it has 0 bytes.`
    refuse(mask, 'entry.unpaired', reason)
  } else if (medium.kind === 'picture' && mask.kind === 'video') {
    const pair = `${quote(medium.name)} is a picture and its mask ${quote(mask.name)} a video`
    for (const file of all) {
      refuse(file, 'entry.video_mask', `${pair}: a picture's mask must be a picture.`)
    }
  } else {
    outcomes.set(medium.entryNumber, { maskNumber: mask.entryNumber, refusal: null })
    outcomes.set(mask.entryNumber, { maskNumber: null, refusal: null })
  }
}

function describeMissing(file: Candidate, othersInFolder: number): string {
  const wanted = file.isMask ? 'picture or video' : 'mask'
  const place = describeFolder(file.folder)
  const hint = file.isMask
    ? 'a mask and what it belongs to must be in one folder'
    : "a mask's file name contains 'mask', and it must be in the same folder"
  if (othersInFolder === 0) return `No ${wanted} is in ${place}: ${hint}.`
  if (file.index === null) {
    return `Its name has no number, and which ${wanted} in ${place} belongs to it cannot be told: give both the same number.`
  }
  return `No ${wanted} with the number ${shorten(file.index)} is in ${place}: give both the same number.`
}

function describeAmbiguous(media: readonly Candidate[], masks: readonly Candidate[]): string {
  const { index, folder } = media[0] as Candidate
  const what = index === null ? 'without a number' : `with the number ${shorten(index)}`
  const list = `${nameSome(media)} (picture or video) and ${nameSome(masks)} (mask)`
  return `Several files ${what} are in ${describeFolder(folder)}: ${list}. Give each pair a number of its own.`
}

const namedAtMost = 3

function nameSome(files: readonly Candidate[]): string {
  const names = files.map(({ name }) => name).sort()
  const more = names.length - namedAtMost
  const named = names.slice(0, namedAtMost).map(quote).join(', ')
  return more > 0 ? `${named} and ${more} more` : named
}

function describeFolder(folder: string): string {
  return folder === '' ? "the archive's top folder" : `the folder ${quote(folder)}`
}

function quote(name: string): string {
  return `'${shorten(name)}'`
}

/** A name as it stands in a sentence: an archive may hold names of 65 535 bytes. */
function shorten(text: string): string {
  const characters = [...text.slice(0, 400)]
  return text.length > 200 && characters.length > 100
    ? `${characters.slice(0, 100).join('')}…`
    : text
}

function groupBy<Key>(
  files: readonly Candidate[],
  keyOf: (file: Candidate) => Key,
): Map<Key, Candidate[]> {
  const groups = new Map<Key, Candidate[]>()
  for (const file of files) {
    const group = groups.get(keyOf(file))
    if (group) group.push(file)
    else groups.set(keyOf(file), [file])
  }
  return groups
}

function ignore(code: EntryCode, reason: string): EntryRefusal {
  return { state: 'IGNORED', code, reason }
}

function reject(code: EntryCode, reason: string): EntryRefusal {
  return { state: 'REJECTED', code, reason }
}
