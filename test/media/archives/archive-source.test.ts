import { describe, expect, it } from 'vitest'
import {
  createArchiveSource,
  createWindowedSource,
} from '../../../src/media/archives/archive-source.ts'
import { readArchiveDirectory } from '../../../src/media/archives/read-directory.ts'
import { createBytes } from '../fixtures/streams.ts'
import { createArchive } from './archive-builder.ts'
import {
  countRequests,
  holdArchive,
  limits,
  megabyte,
  readAll,
  store,
  storeArchive,
} from './archives.ts'

const bytes = createBytes(10_000)
const collect = async (stream: ReadableStream<Uint8Array>) =>
  new Uint8Array(await new Response(stream).arrayBuffer())

describe('a source over a stored object', () => {
  it('gives exactly the ranges that are asked for', async () => {
    const source = await storeArchive(bytes)
    for (const [offset, length] of [
      [0, 10_000],
      [9_999, 1],
      [10_000, 0],
      [5, 0],
      [17, 4_000],
    ] as const) {
      const expected = bytes.slice(offset, offset + length)
      expect(await source.read({ offset, length })).toEqual(expected)
      expect(await collect(await source.stream({ offset, length }))).toEqual(expected)
    }
  })

  it.each([
    { offset: -1, length: 5 },
    { offset: 9_999, length: 2 },
    { offset: 20_000, length: 1 },
    { offset: 0, length: -1 },
  ])('takes no range outside it: %j', async (range) => {
    const source = await storeArchive(bytes)
    await expect(source.read(range)).rejects.toThrow(RangeError)
    await expect(source.stream(range)).rejects.toThrow(RangeError)
  })

  it('fails when the object is gone', async () => {
    const source = createArchiveSource(store, { key: 'gone', bytes: 10 })
    await expect(source.read({ offset: 0, length: 5 })).rejects.toThrow('no longer stored')
    await expect(source.stream({ offset: 0, length: 5 })).rejects.toThrow('no longer stored')
  })

  it('fails when the object is shorter than it was', async () => {
    const key = 'short'
    await store.putStream({ key, contentType: 'x/y', fileName: null, chunks: cutOnce(bytes) })
    const source = createArchiveSource(store, { key, bytes: 20_000 })
    await expect(source.read({ offset: 0, length: 20_000 })).rejects.toThrow('10000 of 20000')
  })
})

async function* cutOnce(whole: Uint8Array) {
  yield whole
}

describe('a windowed source', () => {
  const open = (windowBytes = 1000) => {
    const counted = countRequests(holdArchive(bytes))
    return { counted, source: createWindowedSource(counted, windowBytes) }
  }

  it('gives the same bytes as the source, whatever is asked for', async () => {
    const { source } = open()
    for (let step = 0; step < 500; step += 1) {
      const offset = (step * 7919) % 10_000
      const length = Math.min((step * 613) % 1300, 10_000 - offset)
      const expected = bytes.slice(offset, offset + length)
      expect(await source.read({ offset, length })).toEqual(expected)
      expect(await collect(await source.stream({ offset, length }))).toEqual(expected)
    }
  })

  it('asks once for neighbours, and again when they are passed', async () => {
    const { source, counted } = open()
    for (let offset = 0; offset < 2000; offset += 100) await source.read({ offset, length: 100 })
    expect(counted.reads).toEqual([1000, 1000])
  })

  it('asks once for what two readers want at a time', async () => {
    const { source, counted } = open()
    await Promise.all([0, 100, 200].map((offset) => source.read({ offset, length: 100 })))
    expect(counted.reads).toEqual([1000])
  })

  it('serves two readers at two places', async () => {
    const { source, counted } = open()
    for (let offset = 0; offset < 900; offset += 100) {
      await source.read({ offset, length: 100 })
      await source.read({ offset: 5000 + offset, length: 100 })
    }
    expect(counted.reads).toEqual([1000, 1000])
  })

  it('streams past itself what is large', async () => {
    const { source, counted } = open()
    await source.read({ offset: 0, length: 100 })
    await collect(await source.stream({ offset: 1000, length: 5000 }))
    await source.read({ offset: 900, length: 100 })
    expect([counted.reads, counted.streams]).toEqual([[1000], [5000]])
  })

  it('never reads past the end', async () => {
    const { source, counted } = open()
    await source.read({ offset: 9_900, length: 50 })
    expect(counted.reads).toEqual([100])
  })

  it('asks again after a failure', async () => {
    const { counted } = open()
    let isAway = true
    const source = createWindowedSource({
      ...counted,
      read: (range) => (isAway ? Promise.reject(new Error('away')) : counted.read(range)),
    })
    await expect(source.read({ offset: 0, length: 10 })).rejects.toThrow('away')
    isAway = false
    expect(await source.read({ offset: 0, length: 10 })).toEqual(bytes.slice(0, 10))
  })

  it('gives many readers at once their own bytes, though windows come and go', async () => {
    const { source } = open(300)
    const ranges = Array.from({ length: 400 }, (_, step) => {
      const offset = (step * 7919) % 9_900
      return { offset, length: (step * 61) % 100 }
    })
    const found = await Promise.all(ranges.map((range) => source.read(range)))
    for (const [index, { offset, length }] of ranges.entries()) {
      expect(found[index]).toEqual(bytes.slice(offset, offset + length))
    }
  })

  it('lets no reader change what another gets', async () => {
    const content = createBytes(5000)
    const archive = createArchive([{ name: 'a', content, method: 0 }])
    const source = createWindowedSource(await storeArchive(archive))
    const [entry] = await readArchiveDirectory(source, limits)
    if (!entry) throw new Error('the archive is empty')
    const mine = await readAll(source, entry)
    mine.fill(0)
    const { buffer } = await collect(await source.stream({ offset: 0, length: 5000 }))
    structuredClone(buffer, { transfer: [buffer] })
    expect(Buffer.compare(await readAll(source, entry), content)).toBe(0)
  })

  it('reads hundreds of small entries by few requests', async () => {
    const files = Array.from({ length: 200 }, (_, index) => ({
      name: `image_${index}.png`,
      content: createBytes(35_000, index),
    }))
    const counted = countRequests(await storeArchive(createArchive(files)))
    const source = createWindowedSource(counted)
    const entries = await readArchiveDirectory(source, limits)
    for (const [index, entry] of entries.entries()) {
      expect(Buffer.compare(await readAll(source, entry), files[index]?.content ?? bytes)).toBe(0)
    }
    expect(entries).toHaveLength(200)
    expect(counted.reads.length + counted.streams.length).toBeLessThanOrEqual(5)
    expect(Math.max(...counted.reads)).toBeLessThanOrEqual(4 * megabyte)
  })
})
