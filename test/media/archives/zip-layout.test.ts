import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ArchiveSource } from '../../../src/media/archives/archive.model.ts'
import { readArchiveDirectory } from '../../../src/media/archives/read-directory.ts'
import { readArchiveEntry } from '../../../src/media/archives/read-entry.ts'
import { createZipLayout, type ZipFile } from '../../../src/media/archives/zip-layout.ts'
import { createBytes } from '../fixtures/streams.ts'

const limits = { entriesMax: 200_000, ratioMax: 2, inflatedBytesMax: 1e15 }
const modifiedMs = Date.UTC(2026, 10, 21, 12, 30, 8)
const nothing = new Uint8Array(0)

interface TestFile {
  readonly name: string
  readonly data: Uint8Array
}

const describeFile = ({ name, data }: TestFile): ZipFile => ({
  name,
  bytes: data.length,
  crc32: crc32(data),
  modifiedMs,
})
const layOut = (files: readonly TestFile[]) => createZipLayout(files.map(describeFile))

/** The bytes of a span, from the layout's pieces; what a file does not have is zeros. */
function build(files: readonly { data?: Uint8Array }[], layout: ReturnType<typeof layOut>) {
  return (offset: number, length: number): Uint8Array => {
    const parts = [...layout.pieces({ offset, length })].map((piece) => {
      if (piece.kind === 'made') return piece.bytes
      const data = files[piece.index]?.data
      const { offset: from, length: bytes } = piece
      return data ? data.subarray(from, from + bytes) : new Uint8Array(bytes)
    })
    return new Uint8Array(Buffer.concat(parts))
  }
}

function sourceOf(files: readonly { data?: Uint8Array }[], layout: ReturnType<typeof layOut>) {
  const read = build(files, layout)
  const source: ArchiveSource = {
    bytes: layout.totalBytes,
    read: async ({ offset, length }) => read(offset, length),
    stream: async ({ offset, length }) => new Blob([read(offset, length)]).stream(),
  }
  return source
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return all
}

async function readBack(files: readonly TestFile[]): Promise<TestFile[]> {
  const source = sourceOf(files, layOut(files))
  const entries = await readArchiveDirectory(source, limits)
  return Promise.all(
    entries.map(async (entry) => {
      const chunks = await collect(readArchiveEntry(source, entry))
      return { name: entry.path, data: new Uint8Array(Buffer.concat(chunks)) }
    }),
  )
}

describe('an archive that is laid out', () => {
  it.each([
    ['no file', []],
    ['an empty file', [{ name: 'empty', data: nothing }]],
    [
      'names of every alphabet, and folders',
      ['città è.png', '日本/😀.png', 'a/b/c/d.png', "it's (1)*.png"].map((name, seed) => ({
        name,
        data: createBytes(100 + seed, seed),
      })),
    ],
  ])('gives back %s, with every checksum right', async (_case, files) => {
    expect(await readBack(files)).toEqual(files)
  })

  it('gives any range the bytes that the whole has there', () => {
    const files = [
      { name: 'a.png', data: createBytes(70) },
      { name: 'empty', data: nothing },
      { name: 'folder/b.png', data: createBytes(35, 2) },
    ]
    const layout = layOut(files)
    const read = build(files, layout)
    const whole = read(0, layout.totalBytes)
    expect(whole).toHaveLength(layout.totalBytes)
    for (let offset = 0; offset <= layout.totalBytes; offset += 1) {
      for (const length of [0, 1, 33, 150, layout.totalBytes - offset]) {
        const end = Math.min(layout.totalBytes, offset + length)
        expect(read(offset, end - offset)).toEqual(whole.slice(offset, end))
      }
    }
  })

  it('asks for no file that a range does not touch', () => {
    const files = Array.from({ length: 1000 }, (_, seed) => ({
      name: `${seed}.png`,
      data: createBytes(50, seed),
    }))
    const layout = layOut(files)
    const middle = Math.floor(layout.totalBytes / 4)
    const asked = [...layout.pieces({ offset: middle, length: 100 })]
    expect(asked.filter((piece) => piece.kind === 'file').length).toBeLessThanOrEqual(2)
    const tail = [...layout.pieces({ offset: layout.totalBytes - 22, length: 22 })]
    expect(tail.map((piece) => piece.kind)).toEqual(['made'])
  })

  it.each([
    [-1, 1],
    [0, -1],
    [0, 1000],
  ])('refuses %i + %i, which lies outside of it', (offset, length) => {
    const layout = layOut([])
    expect(() => [...layout.pieces({ offset, length })]).toThrow('are not within 22 bytes')
  })

  it('says when a file was made, to the second and within what the format can say', () => {
    const made = (ms: number) => {
      const layout = createZipLayout([{ name: 'a', bytes: 0, crc32: 0, modifiedMs: ms }])
      const view = new DataView(build([], layout)(0, layout.totalBytes).buffer)
      return [view.getUint16(12, true), view.getUint16(10, true), view.getUint32(36, true)]
    }
    const date = (46 << 9) | (11 << 5) | 21
    const time = (12 << 11) | (30 << 5) | 4
    expect(made(modifiedMs)).toEqual([date, time, modifiedMs / 1000])
    expect(made(0)).toEqual([(0 << 9) | (1 << 5) | 1, 0, 0])
    expect(made(Date.UTC(2200, 0))[0]).toBe((127 << 9) | (12 << 5) | 31)
  })

  it.each(['', 'x'.repeat(65_536)])('refuses a name that the format cannot hold', (name) => {
    const file = { name, bytes: 0, crc32: 0, modifiedMs }
    expect(() => createZipLayout([file])).toThrow(RangeError)
  })
})

describe('an archive beyond the limits of the first format', () => {
  it('holds more than 65 535 files', async () => {
    const files = Array.from({ length: 65_600 }, (_, index) => ({
      name: `${index}`,
      data: nothing,
    }))
    const entries = await readArchiveDirectory(sourceOf(files, layOut(files)), limits)
    expect(entries).toHaveLength(65_600)
    expect(entries.at(-1)).toMatchObject({ path: '65599', bytes: 0 })
  })

  it.each([0xffff_fffe, 0xffff_ffff, 5_000_000_000])(
    'holds a file of %i bytes, and one behind it',
    async (bytes) => {
      const described = [
        { name: 'large', bytes, crc32: 7, modifiedMs },
        { name: 'behind', bytes: 3, crc32: crc32('abc'), modifiedMs },
      ]
      const files = [{}, { data: new TextEncoder().encode('abc') }]
      const source = sourceOf(files, createZipLayout(described))
      const [large, behind] = await readArchiveDirectory(source, limits)
      expect(large).toMatchObject({ path: 'large', bytes, compressedBytes: bytes, headerOffset: 0 })
      expect(behind?.headerOffset).toBeGreaterThan(bytes)
      if (!behind) return
      const chunks = await collect(readArchiveEntry(source, behind))
      expect(Buffer.concat(chunks).toString()).toBe('abc')
    },
  )
})
