import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { datasetKey, type StoredExtension } from '../../src/media/keys.ts'
import { type ReceiveFileOptions, receiveFile } from '../../src/media/received-file.ts'
import { createMediaStore } from '../../src/media/store.ts'
import { limits, refusalOf } from './fixtures/checks.ts'
import { files, samples } from './fixtures/files.ts'
import { createPng } from './fixtures/png.ts'
import { createBytes, cut, listKeys } from './fixtures/streams.ts'

const store = createMediaStore(env.MEDIA)
const megabyte = 1024 * 1024

function receive(bytes: Uint8Array, changes: Partial<ReceiveFileOptions> = {}) {
  const place = { userId: crypto.randomUUID(), uploadId: crypto.randomUUID() }
  const createKey = (extension: StoredExtension) =>
    datasetKey({ ...place, fileId: crypto.randomUUID(), extension })
  const file = receiveFile({
    ...limits,
    file: 'image',
    fileName: 'photo.png',
    chunks: cut(bytes, 65_536),
    store,
    createKey,
    ...changes,
  })
  return { file, prefix: `datasets/${place.userId}/` }
}

/** An AVI by its first bytes, of any length. */
function createVideo(length: number): Uint8Array {
  const video = createBytes(length)
  video.set(Buffer.from('RIFF\0\0\0\0AVI LIST', 'latin1'))
  return video
}

describe('a received file', () => {
  it('tells all that was found on the way', async () => {
    const received = await receive(samples.coffee, { fileName: 'dir/càffé.PNG' }).file
    expect(received).toMatchObject({
      file: 'image',
      kind: 'picture',
      format: 'jpeg',
      contentType: 'image/jpeg',
      fileName: 'càffé.PNG',
      bytes: samples.coffee.length,
      sha256: createHash('sha256').update(samples.coffee).digest('hex'),
      still: { width: 512, height: 341 },
      mask: null,
    })
    expect(received.key).toMatch(/\.jpg$/)
  })

  it('is what its first bytes say, whatever its name says', async () => {
    const received = await receive(files.lossyWebp, { fileName: 'picture.png' }).file
    expect(received).toMatchObject({ format: 'webp', contentType: 'image/webp' })
    expect(received.key).toMatch(/\.webp$/)
  })

  it('has a name even where the user gave none that can be used', async () => {
    expect((await receive(files.baselineJpg, { fileName: '\u0000/' }).file).fileName).toBe(
      'image.jpg',
    )
  })

  it('is judged as a mask where it is one', async () => {
    const { mask } = await receive(samples.chelseaMask, { file: 'mask' }).file
    expect(mask).toMatchObject({ width: 451, height: 300, greyShare: 0 })
    const { file } = receive(samples.chelsea, { file: 'mask' })
    expect((await refusalOf(file)).code).toBe('mask.not_binary')
  })

  it('is not looked into where it is a video or an archive', async () => {
    const video = await receive(createVideo(1000)).file
    expect(video).toMatchObject({ kind: 'video', format: 'avi', still: null, mask: null })
    const zip = await receive(Buffer.from('PK\x03\x04 and what follows', 'latin1')).file
    expect(zip).toMatchObject({ kind: 'zip', contentType: 'application/zip' })
  })

  it('can be refused by its kind before more of it is read', async () => {
    let readBytes = 0
    async function* counted() {
      for await (const piece of cut(createVideo(10 * megabyte), 1000)) {
        readBytes += piece.length
        yield piece
      }
    }
    const { file } = receive(new Uint8Array(0), {
      chunks: counted(),
      acceptKind: (kind) => {
        throw new RangeError(`no ${kind} here`)
      },
    })
    await expect(file).rejects.toThrow('no video here')
    expect(readBytes).toBe(1000)
  })

  it('is stored whole when it is larger than memory', async () => {
    const video = createVideo(12 * megabyte)
    const { file, prefix } = receive(video)
    const received = await file
    expect(await listKeys(prefix)).toEqual([])
    await received.store()
    expect(await listKeys(prefix)).toEqual([received.key])
    const stored = await (await store.get(received.key))?.arrayBuffer()
    expect(
      createHash('sha256')
        .update(new Uint8Array(stored ?? []))
        .digest('hex'),
    ).toBe(received.sha256)
  })

  it.each([
    ['a picture that is cut short', samples.chelsea.subarray(0, 100_000), {}, 'media.truncated'],
    [
      'a picture with a fault',
      createPng({ width: 5, height: 5, filters: [9] }),
      {},
      'media.corrupt',
    ],
    ['an empty file', new Uint8Array(0), {}, 'media.empty'],
    ['a file of no known kind', createBytes(1000), {}, 'media.kind_unsupported'],
    ['two bytes', Uint8Array.of(0xff, 0xd8), {}, 'media.kind_unsupported'],
    ['a picture over its limit', samples.chelsea, { bytesMax: 100_000 }, 'media.too_large'],
    [
      'a video over its limit, spilled',
      createVideo(8 * megabyte),
      { bytesMax: 7 * megabyte },
      'media.too_large',
    ],
  ])('leaves nothing in the store when it is refused: %s', async (_name, bytes, changes, code) => {
    const { file, prefix } = receive(bytes, changes)
    expect((await refusalOf(file)).code).toBe(code)
    expect(await listKeys(prefix)).toEqual([])
  })

  it('gives up what it had begun to store when it is refused', async () => {
    const calls: string[] = []
    const spied: typeof store = {
      ...store,
      async startMultipart(object) {
        const writer = await store.startMultipart(object)
        const abort = writer.abort.bind(writer)
        calls.push('started')
        writer.abort = async () => {
          await abort()
          calls.push('aborted')
        }
        return writer
      },
    }
    const { file } = receive(createVideo(8 * megabyte), { store: spied, bytesMax: 7 * megabyte })
    expect((await refusalOf(file)).code).toBe('media.too_large')
    expect(calls).toEqual(['started', 'aborted'])
  })

  it('leaves nothing in the store when its stream breaks off', async () => {
    async function* broken() {
      yield createVideo(6 * megabyte)
      throw new Error('the connection is gone')
    }
    const { file, prefix } = receive(new Uint8Array(0), { chunks: broken() })
    await expect(file).rejects.toThrow('the connection is gone')
    expect(await listKeys(prefix)).toEqual([])
  })
})
