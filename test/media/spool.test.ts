import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { datasetKey } from '../../src/media/keys.ts'
import { createSpool, spoolMemoryBytesMax } from '../../src/media/spool.ts'
import { createMediaStore } from '../../src/media/store.ts'
import { createBytes, cut } from './fixtures/streams.ts'

const store = createMediaStore(env.MEDIA)
const createObject = () => ({
  key: datasetKey({
    userId: crypto.randomUUID(),
    uploadId: crypto.randomUUID(),
    fileId: crypto.randomUUID(),
    extension: 'png',
  }),
  contentType: 'image/png',
  fileName: 'a.png',
})
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function spool(bytes: Uint8Array, changes: { onSpill?: () => Promise<void> } = {}) {
  const object = createObject()
  const spilled: string[] = []
  const opened = createSpool({
    object,
    store,
    async onSpill() {
      spilled.push((await store.head(object.key)) === null ? 'before anything' : 'too late')
      await changes.onSpill?.()
    },
  })
  for await (const piece of cut(bytes, 700_001)) await opened.write(piece)
  return { object, spilled, opened }
}

describe('a spooled file', () => {
  it.each([
    ['of nothing', 0, []],
    ['of a few bytes', 10, []],
    ['that just fits in memory', spoolMemoryBytesMax, []],
    ['of one byte more', spoolMemoryBytesMax + 1, ['before anything']],
    ['of several parts', 2 * spoolMemoryBytesMax + 12_345, ['before anything']],
    ['of parts that end with the file', 3 * spoolMemoryBytesMax, ['before anything']],
  ])('%s is stored as it was, telling once before it spills', async (_case, length, spills) => {
    const bytes = createBytes(length)
    const { object, spilled, opened } = await spool(bytes)
    expect(spilled).toEqual(spills)
    expect(opened.finish()).toEqual({ bytes: length, sha256: hashOf(bytes) })
    expect(await store.head(object.key)).toBeNull()
    await opened.store()
    const stored = await store.get(object.key)
    expect(hashOf(new Uint8Array((await stored?.arrayBuffer()) ?? []))).toBe(hashOf(bytes))
    expect(stored?.httpMetadata?.contentType).toBe('image/png')
  })

  it.each([
    ['small', 10],
    ['large', spoolMemoryBytesMax + 1],
  ])(
    'leaves nothing when it is discarded, before it is stored or after: %s',
    async (_case, length) => {
      const before = await spool(createBytes(length))
      await before.opened.discard()
      expect(await store.head(before.object.key)).toBeNull()

      const after = await spool(createBytes(length))
      await after.opened.store()
      expect(await store.head(after.object.key)).not.toBeNull()
      await after.opened.discard()
      await after.opened.discard()
      expect(await store.head(after.object.key)).toBeNull()
    },
  )

  it('stores nothing at all when the spill is refused', async () => {
    const started: string[] = []
    const object = createObject()
    const opened = createSpool({
      object,
      store: {
        ...store,
        async startMultipart(described) {
          started.push(described.key)
          return store.startMultipart(described)
        },
      },
      onSpill: async () => {
        throw new Error('no tokens left')
      },
    })
    const bytes = createBytes(spoolMemoryBytesMax + 1)
    await expect(opened.write(bytes)).rejects.toThrow('no tokens left')
    await opened.discard()
    expect(started).toEqual([])
  })

  it('is discarded without an error even where the store fails', async () => {
    const opened = createSpool({
      object: createObject(),
      store: {
        put: async () => {
          throw new Error('the store is down')
        },
        startMultipart: store.startMultipart,
        deleteMany: async () => {
          throw new Error('the store is down')
        },
      },
    })
    await opened.write(createBytes(10))
    await expect(opened.store()).rejects.toThrow('the store is down')
    await expect(opened.discard()).resolves.toBeUndefined()
  })

  it('fails where a part cannot be stored', async () => {
    const opened = createSpool({
      object: createObject(),
      store: {
        ...store,
        async startMultipart(object) {
          const writer = await store.startMultipart(object)
          writer.write = async () => {
            throw new Error('the part was refused')
          }
          return writer
        },
      },
    })
    await expect(opened.write(createBytes(spoolMemoryBytesMax + 1))).rejects.toThrow('refused')
    await opened.discard()
  })
})
