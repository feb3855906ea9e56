import type { MediaStore } from '../store.ts'
import type { ArchiveSource, ByteRange } from './archive.model.ts'

export type { ArchiveSource } from './archive.model.ts'

const windowBytesDefault = 4 * 1024 * 1024

/** One for the entry that is read and one for another reader, such as of a mask elsewhere in the archive. */
const windowsMax = 2

interface Window extends ByteRange {
  readonly loaded: Promise<Uint8Array<ArrayBuffer>>
  /** How many wait for it or copy from it. */
  readers: number
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
 * than half a window is read past them. What it returns is the caller's own: a window's memory is used again for the
 * next, because the runtime lets tens of megabytes of such pieces gather before it collects them.
 */
export function createWindowedSource(
  source: ArchiveSource,
  windowBytes = windowBytesDefault,
): ArchiveSource {
  /** The one that was used last is the last. */
  let windows: readonly Window[] = []
  const spare: ArrayBuffer[] = []

  function keep(window: Window): void {
    const all = [...windows.filter((other) => other !== window), window]
    windows = all.slice(-windowsMax)
    for (const dropped of all.slice(0, -windowsMax)) reclaim(dropped)
  }

  function reclaim(window: Window): void {
    if (window.readers > 0 || windows.includes(window)) return
    const take = ({ buffer }: Uint8Array<ArrayBuffer>) => {
      if (spare.length < windowsMax) spare.push(buffer)
    }
    window.loaded.then(take, () => undefined)
  }

  function load(offset: number): Window {
    const length = Math.min(windowBytes, source.bytes - offset)
    const window: Window = { offset, length, loaded: fill({ offset, length }), readers: 0 }
    window.loaded.catch(() => {
      windows = windows.filter((other) => other !== window)
    })
    return window
  }

  async function fill(range: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    const stream = await source.stream(range)
    const buffer = spare.pop() ?? new ArrayBuffer(Math.min(windowBytes, source.bytes))
    return readExactly(stream, new Uint8Array(buffer, 0, range.length))
  }

  /** Null where the range is better read past the windows. */
  async function readWithin(range: ByteRange): Promise<Uint8Array<ArrayBuffer> | null> {
    let window = windows.find((other) => isWithin(range, other))
    if (!window && (range.length > windowBytes / 2 || range.offset >= source.bytes)) return null
    window ??= load(range.offset)
    keep(window)
    if (!isWithin(range, window)) return null
    window.readers += 1
    try {
      const start = range.offset - window.offset
      return (await window.loaded).slice(start, start + range.length)
    } finally {
      window.readers -= 1
      reclaim(window)
    }
  }

  return {
    bytes: source.bytes,

    async read(range) {
      return (await readWithin(range)) ?? (await source.read(range))
    },

    async stream(range) {
      const bytes = await readWithin(range)
      return bytes ? new Blob([bytes]).stream() : await source.stream(range)
    },
  }
}

/** Fills the memory of `into`, which nobody else may hold, from a byte stream. */
async function readExactly(
  stream: ReadableStream<Uint8Array>,
  into: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { length } = into
  const reader = stream.getReader({ mode: 'byob' })
  try {
    const { value } = await reader.readAtLeast(length, into)
    if (value?.length === length) return value
    throw new Error(`${value?.length ?? 0} of ${length} bytes of the archive came`)
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function isWithin(range: ByteRange, window: ByteRange): boolean {
  return (
    range.offset >= window.offset && range.offset + range.length <= window.offset + window.length
  )
}
