import { env } from 'cloudflare:workers'
import { crc32 } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { createZipLayout } from '../../../src/media/archives/zip-layout.ts'
import { streamZip, type ZipMember } from '../../../src/media/archives/zip-stream.ts'
import { createMediaStore, type MediaStore } from '../../../src/media/store.ts'
import { createBytes } from '../fixtures/streams.ts'

const store = createMediaStore(env.MEDIA)
const modifiedMs = Date.UTC(2026, 10, 21)

/** Objects of those sizes, and behind them a file that is in memory. */
async function createMembers(sizes: readonly number[]): Promise<ZipMember[]> {
  const folder = `inferences/${crypto.randomUUID()}/${crypto.randomUUID()}`
  const stored = sizes.map(async (bytes, index): Promise<ZipMember> => {
    const data = createBytes(bytes, index + 1)
    const key = `${folder}/${index}.png`
    await env.MEDIA.put(key, data)
    return { name: `${index}.png`, bytes, crc32: crc32(data), modifiedMs, content: { key } }
  })
  const inMemory = new TextEncoder().encode('{"made":"here"}')
  const manifest: ZipMember = {
    name: 'manifest.json',
    bytes: inMemory.length,
    crc32: crc32(inMemory),
    modifiedMs,
    content: { inMemory },
  }
  return [...(await Promise.all(stored)), manifest]
}

/** A store that counts the objects that are open. */
function createCountingStore() {
  const counts = { asked: 0, openMost: 0 }
  let open = 0
  const media: Pick<MediaStore, 'get'> = {
    async get(key, range) {
      counts.asked += 1
      const object = await store.get(key, range)
      if (object === null) return null
      open += 1
      counts.openMost = Math.max(counts.openMost, open)
      const reader = object.body.getReader()
      const close = () => {
        open -= 1
      }
      const readable = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          close()
          controller.close()
        },
        async cancel(reason) {
          close()
          await reader.cancel(reason)
        },
      })
      return new Proxy(object, {
        get: (target, name) => (name === 'body' ? readable : Reflect.get(target, name)),
      })
    },
  }
  return { media, counts, countOpen: () => open }
}

async function readSpan(members: readonly ZipMember[], offset = 0, length?: number) {
  const layout = createZipLayout(members)
  const span = { offset, length: length ?? layout.totalBytes - offset }
  const { body, sent } = streamZip({ media: store, layout, members, span })
  const bytes = new Uint8Array(await new Response(body).arrayBuffer())
  await sent
  return bytes
}

describe('an archive that is streamed', () => {
  it('is the layout with the objects in their places', async () => {
    const members = await createMembers([1000, 0, 300_000, 5])
    const whole = await readSpan(members)
    expect(whole).toHaveLength(createZipLayout(members).totalBytes)
    const at = Buffer.from(whole).indexOf(Buffer.from(createBytes(300_000, 3)))
    expect(at).toBeGreaterThan(1000)
  })

  it('goes on where a download broke off', async () => {
    const members = await createMembers([1000, 70_000, 5])
    const whole = await readSpan(members)
    for (const offset of [0, 1, 40, 500, 1039, 1100, 50_000, whole.length - 30, whole.length - 1]) {
      expect(await readSpan(members, offset)).toEqual(whole.slice(offset))
      const length = Math.min(100, whole.length - offset)
      expect(await readSpan(members, offset, length)).toEqual(whole.slice(offset, offset + length))
    }
  })

  it('opens a few objects ahead and no more', async () => {
    const members = await createMembers(Array.from({ length: 30 }, () => 20_000))
    const { media, counts } = createCountingStore()
    const layout = createZipLayout(members)
    const span = { offset: 0, length: layout.totalBytes }
    const { body, sent } = streamZip({ media, layout, members, span })
    await new Response(body).arrayBuffer()
    await sent
    expect(counts.asked).toBe(30)
    expect(counts.openMost).toBeLessThanOrEqual(4)
  })

  it('reads nothing more, and holds nothing open, when its reader goes away', async () => {
    const members = await createMembers(Array.from({ length: 30 }, () => 200_000))
    const { media, counts, countOpen } = createCountingStore()
    const layout = createZipLayout(members)
    const span = { offset: 0, length: layout.totalBytes }
    const { body, sent } = streamZip({ media, layout, members, span })
    const ended = expect(sent).rejects.toThrow()
    const reader = body.getReader()
    await reader.read()
    await reader.cancel('enough')
    await ended
    await vi.waitFor(() => expect(countOpen()).toBe(0))
    expect(counts.asked).toBeLessThanOrEqual(4)
  })

  it.each([
    ['is gone', (key: string) => env.MEDIA.delete(key), 'no longer stored'],
    [
      'has another size',
      (key: string) => env.MEDIA.put(key, 'abc'),
      'has 3 bytes instead of 20000',
    ],
  ])(
    'breaks off where an object %s, and sends nothing wrong as right',
    async (_case, spoil, reason) => {
      const members = await createMembers([10, 20_000, 10])
      const content = members[1]?.content
      if (content && 'key' in content) await spoil(content.key)
      const layout = createZipLayout(members)
      const span = { offset: 0, length: layout.totalBytes }
      const { body, sent } = streamZip({ media: store, layout, members, span })
      const ended = expect(sent).rejects.toThrow(reason)
      await expect(new Response(body).arrayBuffer()).rejects.toThrow()
      await ended
    },
  )
})
