import type { MediaStore } from '../store.ts'
import type { ArchiveSource, ByteRange } from './archive.model.ts'

export type { ArchiveSource } from './archive.model.ts'

const windowBytesDefault = 4 * 1024 * 1024

/** One for the entry that is read and one for another reader, such as of a mask elsewhere in the archive. */
const windowsMax = 2

interface Window extends ByteRange {
  readonly loaded: Promise<Uint8Array>
}

/** Reads an object of the media store; one request a range. */
export function createArchiveSource(
  media: Pick<MediaStore, 'get'>,
  object: { readonly key: string; readonly bytes: number },
): ArchiveSource {
  const { key, bytes } = object

  async function open(range: ByteRange): Promise<R2ObjectBody> {
    const body = await media.get(key, range)
    if (body === null) throw new Error(`the archive ${key} is no longer stored`)
    return body
  }

  return {
    bytes,

    async read(range) {
      ensureInside(range, bytes)
      if (range.length === 0) return new Uint8Array(0)
      const read = new Uint8Array(await (await open(range)).arrayBuffer())
      if (read.length === range.length) return read
      throw new Error(`${read.length} of ${range.length} bytes of the archive ${key} came`)
    },

    async stream(range) {
      ensureInside(range, bytes)
      if (range.length === 0) return new Blob([]).stream()
      return (await open(range)).body
    },
  }
}

/** Readers check what an archive says before they follow it, so that a range outside is a defect of theirs. */
function ensureInside({ offset, length }: ByteRange, bytes: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= bytes) return
  throw new RangeError(`${length} bytes at ${offset} are not within ${bytes} bytes`)
}
/**
 * Reads ahead, so that many small neighbouring entries cost one request. Holds at most two windows; a range of more
 * than half a window is read past them.
 */
export function createWindowedSource(
  source: ArchiveSource,
  windowBytes = windowBytesDefault,
): ArchiveSource {
  /** The one that was used last is the last. */
  let windows: readonly Window[] = []

  function keep(window: Window): void {
    windows = [...windows.filter((other) => other !== window), window].slice(-windowsMax)
  }

  function load(offset: number): Window {
    const length = Math.min(windowBytes, source.bytes - offset)
    const window = { offset, length, loaded: source.read({ offset, length }) }
    window.loaded.catch(() => {
      windows = windows.filter((other) => other !== window)
    })
    return window
  }

  /** Null where the range is better read past the windows. */
  async function readWithin(range: ByteRange): Promise<Uint8Array | null> {
    let window = windows.find((other) => isWithin(range, other))
    if (!window && (range.length > windowBytes / 2 || range.offset >= source.bytes)) return null
    window ??= load(range.offset)
    keep(window)
    if (!isWithin(range, window)) return null
    const start = range.offset - window.offset
    return (await window.loaded).subarray(start, start + range.length)
  }

  return {
    bytes: source.bytes,

    async read(range) {
      return (await readWithin(range)) ?? (await source.read(range))
    },

    async stream(range) {
      const bytes = await readWithin(range)
      // A stream's reader may transfer what it gets.
      return bytes ? new Blob([bytes.slice()]).stream() : await source.stream(range)
    },
  }
}

function isWithin(range: ByteRange, window: ByteRange): boolean {
  return (
    range.offset >= window.offset && range.offset + range.length <= window.offset + window.length
  )
}
