import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { datasetKey, fileUploadPrefix, partKey, uploadPrefix } from '../../src/media/keys.ts'
import { createMediaStore } from '../../src/media/store.ts'
import { createBytes, cut, listKeys } from './fixtures/streams.ts'

const store = createMediaStore(env.MEDIA)
const megabyte = 1024 * 1024
const createPlace = () => ({ userId: crypto.randomUUID(), uploadId: crypto.randomUUID() })
const createKey = (place = createPlace()) =>
  datasetKey({ ...place, fileId: crypto.randomUUID(), extension: 'png' })
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const object = { contentType: 'image/png', fileName: 'è.png' }

async function read(key: string): Promise<Uint8Array> {
  const stored = await store.get(key)
  return new Uint8Array((await stored?.arrayBuffer()) ?? [])
}

describe('the media store', () => {
  it('keeps bytes with their type and name', async () => {
    const key = createKey()
    const bytes = createBytes(1000)
    await store.put({ ...object, key, bytes, sha256: hashOf(bytes) })
    expect(await read(key)).toEqual(bytes)
    expect((await store.head(key))?.httpMetadata).toMatchObject({
      contentType: 'image/png',
      contentDisposition: `inline; filename="_.png"; filename*=UTF-8''%C3%A8.png`,
    })
  })

  it('refuses bytes that are not those that were hashed', async () => {
    const key = createKey()
    const bytes = createBytes(1000)
    const sha256 = hashOf(createBytes(1000, 2))
    await expect(store.put({ ...object, key, bytes, sha256 })).rejects.toThrow()
    expect(await store.head(key)).toBeNull()
  })

  it('has nothing where nothing was put', async () => {
    expect(await store.get(createKey())).toBeNull()
    expect(await store.head(createKey())).toBeNull()
  })

  it('gives a range of an object', async () => {
    const key = createKey()
    const bytes = createBytes(1000)
    await store.put({ ...object, key, bytes, sha256: hashOf(bytes) })
    const part = await store.get(key, { offset: 10, length: 5 })
    expect(new Uint8Array((await part?.arrayBuffer()) ?? [])).toEqual(bytes.slice(10, 15))
  })

  it.each([0, 1, 5 * megabyte, 5 * megabyte + 1, 11 * megabyte])(
    'stores a stream of %i bytes and tells its length and hash',
    async (length) => {
      const key = createKey()
      const bytes = createBytes(length)
      const facts = await store.putStream({ ...object, key, chunks: cut(bytes, 777_777) })
      expect(facts).toEqual({ bytes: length, sha256: hashOf(bytes) })
      expect(hashOf(await read(key))).toBe(facts.sha256)
    },
  )

  it('keeps nothing of a stream that fails', async () => {
    const key = createKey()
    async function* failing() {
      yield createBytes(6 * megabyte)
      throw new Error('the stream failed')
    }
    await expect(store.putStream({ ...object, key, chunks: failing() })).rejects.toThrow('failed')
    expect(await store.head(key)).toBeNull()
  })

  it('deletes the objects of one upload and no others', async () => {
    const place = createPlace()
    const other = { ...place, uploadId: crypto.randomUUID() }
    const bytes = createBytes(10)
    const keys = [createKey(place), createKey(place), createKey(place)]
    for (const key of [...keys, createKey(other)]) {
      await store.put({ ...object, key, bytes, sha256: hashOf(bytes) })
    }
    expect(await store.deletePrefix(uploadPrefix(place))).toBe(3)
    expect(await listKeys(`datasets/${place.userId}/`)).toHaveLength(1)
    expect(await store.deletePrefix(uploadPrefix(place))).toBe(0)
  })

  it('lists what lies under a prefix by its keys, from where it is asked on', async () => {
    const place = { userId: crypto.randomUUID(), fileUploadId: crypto.randomUUID() }
    const numbers = Array.from({ length: 1100 }, (_, index) => index + 1)
    const keys = numbers.map((number) => partKey({ ...place, number }))
    await Promise.all(keys.map((key) => env.MEDIA.put(key, 'abc')))
    const listed = await Array.fromAsync(store.list(fileUploadPrefix(place)))
    expect(listed).toEqual(keys.map((key) => ({ key, bytes: 3, uploadedAtMs: expect.any(Number) })))
    const rest = await Array.fromAsync(store.list(fileUploadPrefix(place), keys[1097]))
    expect(rest.map(({ key }) => key)).toEqual(keys.slice(1098))
    expect(await store.deletePrefix(fileUploadPrefix(place))).toBe(1100)
  })

  it('deletes many keys, of which some may be gone', async () => {
    const key = createKey()
    const bytes = createBytes(10)
    await store.put({ ...object, key, bytes, sha256: hashOf(bytes) })
    await store.deleteMany([key, ...Array.from({ length: 1500 }, () => createKey())])
    expect(await store.head(key)).toBeNull()
    await store.deleteMany([])
  })

  it.each(['', 'datasets/', 'datasets/x/', '/', `datasets/${crypto.randomUUID()}`])(
    'never deletes by a prefix of several owners: %j',
    async (prefix) => {
      await expect(store.deletePrefix(prefix)).rejects.toThrow(RangeError)
    },
  )
})
