import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ArchiveEntry } from '../../../src/media/archives/archive.model.ts'
import { readArchiveEntry } from '../../../src/media/archives/read-entry.ts'
import { createBytes } from '../fixtures/streams.ts'
import { type BuiltFile, createArchive } from './archive-builder.ts'
import {
  catchRefusal,
  countRequests,
  holdArchive,
  megabyte,
  readAll,
  readOnly,
  storeArchive,
} from './archives.ts'

const sizes = [
  ['small', 30_000],
  ['large', 1.5 * megabyte],
] as const

type Change = (content: Uint8Array) => Partial<BuiltFile>
const cases: [what: string, says: RegExp, change: Change][] = [
  ['that has another checksum', /checksum is [0-9a-f]{8} where/, () => ({ crc32: 1 })],
  [
    'of other bytes, stored',
    /checksum is/,
    (content) => ({ method: 0, packed: createBytes(content.length, 2) }),
  ],
  [
    'that holds more than it says',
    /more than the|do not inflate/,
    (content) => ({ bytes: content.length - 1 }),
  ],
  [
    'that holds far more than it says',
    /more than the|do not inflate/,
    (content) => ({ packed: deflateRawSync(Buffer.alloc(20 * content.length)) }),
  ],
  [
    'that holds less than it says',
    /holds \d+ bytes where/,
    (content) => ({ bytes: content.length + 1 }),
  ],
  [
    'whose data is no Deflate',
    /do not inflate|data is wrong/,
    (content) => ({ packed: Buffer.alloc(content.length, 0xff) }),
  ],
  [
    'whose data is cut off',
    /do not inflate|cut off/,
    (content) => ({ packed: deflateRawSync(content).subarray(0, -5) }),
  ],
  [
    'that has data behind its end',
    /7 bytes follow|too long/,
    (content) => ({ packed: Buffer.concat([deflateRawSync(content), Buffer.alloc(7)]) }),
  ],
  [
    'that begins elsewhere',
    /no entry begins at byte 0/,
    () => ({ changeHeader: (header) => header.fill(0, 0, 4) }),
  ],
  [
    'that is stored by its own header',
    /method 0, not deflated/,
    () => ({ changeHeader: (header) => header.writeUInt16LE(0, 8) }),
  ],
  [
    'that is encrypted by its own header',
    /encrypted/,
    () => ({ changeHeader: (header) => header.writeUInt16LE(1, 6) }),
  ],
  [
    'that has another size in its own header',
    /size 5 where/,
    () => ({ changeHeader: (header) => header.writeUInt32LE(5, 22) }),
  ],
  [
    'that has another checksum in its own header',
    /checksum 5 where/,
    () => ({ changeHeader: (header) => header.writeUInt32LE(5, 14) }),
  ],
]

describe.each(sizes)('a %s entry', (_size, length) => {
  const content = createBytes(length)

  it.each(cases)('%s is refused as damaged', async (_what, says, change) => {
    const built = { name: 'folder/a.png', content, ...change(content) }
    const source = await storeArchive(createArchive([built]))
    const entry = await readOnly(source)
    const refusal = await catchRefusal(readAll(source, entry))
    expect(refusal).toMatchObject({
      code: 'archive.entry_damaged',
      status: 400,
      message: expect.stringMatching(says),
    })
    expect(refusal.message).toContain("'folder/a.png'")
  })

  it.each([0, 8])('by method %i is read by one request, or two', async (method) => {
    for (const [extraBytes, requests] of [
      [900, 1],
      [2000, 2],
    ] as const) {
      const files = [
        { name: 'a', content, method, localExtra: Buffer.alloc(extraBytes) },
        { name: 'b', content: createBytes(5000) },
      ]
      const source = countRequests(await storeArchive(createArchive(files)))
      const entry = await readOnly(source)
      source.reads.length = 0
      expect(Buffer.compare(await readAll(source, entry), content)).toBe(0)
      expect(source.reads.length + source.streams.length).toBe(requests)
    }
  })

  it('whose extra fields leave no room for its data is refused', async () => {
    const changeHeader = (header: Buffer) => header.writeUInt16LE(65_535, 28)
    const source = holdArchive(createArchive([{ name: 'a', content, method: 0, changeHeader }]))
    const refusal = await catchRefusal(readAll(source, await readOnly(source)))
    expect(refusal).toMatchObject({ code: 'archive.entry_damaged' })
    expect(refusal.message).toContain('past the end')
  })

  it('of another archive is refused', async () => {
    const entry = await readOnly(holdArchive(createArchive([{ name: 'a', content }])))
    const refusal = await catchRefusal(readAll(holdArchive(createBytes(100)), entry))
    expect(refusal).toMatchObject({ code: 'archive.entry_damaged' })
  })

  it('that cannot be fetched fails as the store does, and is not called damaged', async () => {
    const source = holdArchive(createArchive([{ name: 'a', content }]))
    const entry = await readOnly(source)
    const fail = () => Promise.reject(new Error('the store is away'))
    await expect(readAll({ ...source, read: fail, stream: fail }, entry)).rejects.toThrow('away')
  })
})

describe('a large entry', () => {
  const build = (file: Partial<BuiltFile>) =>
    holdArchive(createArchive([{ name: 'a.avi', content: createBytes(8 * megabyte), ...file }]))

  /** Reads until a refusal and tells how much came before it. */
  async function countUntilRefused(source: ReturnType<typeof build>, entry: ArchiveEntry) {
    let bytes = 0
    let largest = 0
    const reading = async () => {
      for await (const piece of readArchiveEntry(source, entry)) {
        bytes += piece.length
        largest = Math.max(largest, piece.length)
      }
    }
    return { refusal: await catchRefusal(reading()), bytes, largest }
  }

  it('that inflates to more than it says is stopped as soon as it passes that', async () => {
    const packed = deflateRawSync(Buffer.alloc(64 * megabyte))
    const source = build({ packed, bytes: 2 * megabyte })
    const { refusal, bytes, largest } = await countUntilRefused(source, await readOnly(source))
    expect(refusal).toMatchObject({ code: 'archive.entry_damaged' })
    expect(bytes).toBeLessThanOrEqual(2 * megabyte)
    expect(largest).toBeLessThanOrEqual(65_536)
  })

  it.each([0, 8])('by method %i may be left before its end', async (method) => {
    const source = build({ method })
    const entry = await readOnly(source)
    for await (const piece of readArchiveEntry(source, entry)) {
      expect(piece.length).toBeGreaterThan(0)
      break
    }
    expect((await readAll(source, entry)).length).toBe(8 * megabyte)
  })

  it('whose stream fails midway fails as the stream does', async () => {
    const source = build({})
    const entry = await readOnly(source)
    async function stream() {
      const { readable, writable } = new IdentityTransformStream()
      const writer = writable.getWriter()
      const fail = async () => {
        await writer.write(await source.read({ offset: 0, length: 300_000 }))
        await writer.abort(new Error('the line is dead'))
      }
      fail().catch(() => undefined)
      return readable
    }
    await expect(readAll({ ...source, stream }, entry)).rejects.toThrow('the line is dead')
  })
})
