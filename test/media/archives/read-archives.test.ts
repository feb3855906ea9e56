import { describe, expect, it } from 'vitest'
import { readArchiveDirectory } from '../../../src/media/archives/read-directory.ts'
import pairZip from '../../contracts/media/pair.zip?url&inline'
import { createBytes } from '../fixtures/streams.ts'
import { type BuiltFile, createArchive, createField, createUnicodePath } from './archive-builder.ts'
import { holdArchive, limits, megabyte, readAll, storeArchive } from './archives.ts'

const pair = Buffer.from(pairZip.slice(pairZip.indexOf(',') + 1), 'base64')
const content = createBytes(1000)

async function listPaths(files: readonly BuiltFile[]): Promise<string[]> {
  const entries = await readArchiveDirectory(holdArchive(createArchive(files)), limits)
  return entries.map(({ path }) => path)
}

describe('an archive', () => {
  it('that another tool packed is read as it was', async () => {
    const source = await storeArchive(pair)
    const entries = await readArchiveDirectory(source, limits)
    expect(entries.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['g1/image_1.png', 7269],
      ['g1/mask_1.png', 105],
    ])
    for (const entry of entries) {
      const bytes = await readAll(source, entry)
      expect(Buffer.from(bytes).subarray(1, 4).toString()).toBe('PNG')
    }
  })

  it('without entries is empty', async () => {
    expect(await readArchiveDirectory(await storeArchive(createArchive([])), limits)).toEqual([])
    const source = holdArchive(createArchive([], { isZip64: true, comment: 'nothing' }))
    expect(await readArchiveDirectory(source, limits)).toEqual([])
  })

  it.each<[string, Partial<BuiltFile>, Parameters<typeof createArchive>[1]]>([
    ['stored', { method: 0 }, {}],
    ['deflated', { method: 8 }, {}],
    ['in Zip64', { isZip64: true }, { isZip64: true }],
    ['with Zip64 entries alone', { isZip64: true }, {}],
    ['with its sizes behind the data', { hasDescriptor: true }, {}],
    ['with its sizes behind the data, in Zip64', { hasDescriptor: true, isZip64: true }, {}],
    ['with a comment', { comment: 'of the entry' }, { comment: 'of the archive' }],
    ['with the longest comment', {}, { comment: 'c'.repeat(65_535), isZip64: true }],
    ['with a comment that looks like an end', {}, { comment: 'PK\u0005\u0006'.repeat(20) }],
    ['with a signature', {}, { signature: Buffer.from('PK\u0005\u0005\u0003\0abc') }],
    ['with a long signature', {}, { signature: Buffer.from(`PK\u0005\u0005${'s'.repeat(90)}`) }],
    ['with an extra field in the directory alone', { localExtra: Buffer.alloc(0) }, {}],
    ['with the longest extra field', { localExtra: Buffer.alloc(65_000) }, {}],
    ['with extra fields that are cut off', { extra: Buffer.from([1, 2, 255, 255, 0]) }, {}],
  ])('%s gives back its files, small and large', async (_case, file, archive) => {
    const contents = [0, 1, 70_000, 1.5 * megabyte].map((length) => createBytes(length))
    const built = contents.map((bytes, index) => ({
      extra: createField(0x5455, Buffer.alloc(5)),
      ...file,
      name: `folder/${index}.png`,
      content: bytes,
    }))
    const source = await storeArchive(createArchive(built, archive))
    const entries = await readArchiveDirectory(source, limits)
    expect(entries.map(({ path }) => path)).toEqual(built.map(({ name }) => name))
    for (const [index, entry] of entries.entries()) {
      const bytes = await readAll(source, entry)
      expect(Buffer.compare(bytes, contents[index] as Uint8Array)).toBe(0)
    }
  })

  it('may hold an empty file that was compressed to nothing', async () => {
    const source = holdArchive(createArchive([{ name: 'a', packed: new Uint8Array(0) }]))
    const [entry] = await readArchiveDirectory(source, limits)
    expect(entry && (await readAll(source, entry))).toEqual(Buffer.alloc(0))
  })

  it('tells folders from files', async () => {
    const files: BuiltFile[] = [
      { name: 'by-name/', method: 0 },
      { name: 'packed/', method: 8 },
      { name: 'by-dos', attributes: 0x10, host: 0, method: 0 },
      { name: 'by-unix', attributes: 0o040755 * 65_536, method: 0 },
      { name: 'file', attributes: 0o100644 * 65_536 },
      { name: 'empty-file', attributes: 0x20, host: 0 },
      { name: 'wrong-bit', attributes: 0x10, host: 0, content },
    ]
    const entries = await readArchiveDirectory(holdArchive(createArchive(files)), limits)
    const folders = entries.filter(({ isFolder }) => isFolder).map(({ path }) => path)
    expect(folders).toEqual(['by-name/', 'packed/', 'by-dos', 'by-unix'])
  })

  it('of many entries is read piece by piece', async () => {
    const names = Array.from(
      { length: 9000 },
      (_, index) => `folder-${index % 7}/image_${index}.png`,
    )
    expect(await listPaths(names.map((name) => ({ name, method: 0 })))).toEqual(names)
  })
})

describe("an entry's path", () => {
  const cp437 = Buffer.from([0x82, 0x8a, 0x2f, 0x99, 0xe1, 0xff, 0x2e, 0x70, 0x6e, 0x67])

  it.each<[string, BuiltFile, string]>([
    ['is UTF-8 by its flag', { name: 'ä/写真_1.png', flags: 0x800, host: 0 }, 'ä/写真_1.png'],
    ['is code page 437 without it', { name: cp437, host: 0 }, 'éè/Öß\u00a0.png'],
    ['is UTF-8 without its flag from a Mac', { name: 'è/ü_1.png', host: 3 }, 'è/ü_1.png'],
    ['is code page 437 where it is no UTF-8', { name: cp437, host: 3 }, 'éè/Öß\u00a0.png'],
    ['is so whatever its flag says', { name: cp437, flags: 0x800 }, 'éè/Öß\u00a0.png'],
    [
      'is the Unicode path that belongs to it',
      { name: cp437, host: 0, extra: createUnicodePath(cp437, 'й/1.png') },
      'й/1.png',
    ],
    [
      'is not the Unicode path of a name it had before',
      { name: 'new.png', host: 0, extra: createUnicodePath(cp437, 'old.png') },
      'new.png',
    ],
    [
      'is not a Unicode path of another version',
      { name: 'new.png', extra: createField(0x7075, Buffer.from([2, 0, 0, 0, 0, 65])) },
      'new.png',
    ],
    ['keeps a mark of byte order', { name: '\ufeffa.png', flags: 0x800 }, '\ufeffa.png'],
    ['may have dots that lead nowhere', { name: './a/..b/c...png' }, './a/..b/c...png'],
  ])('%s', async (_case, file, path) => {
    expect(await listPaths([file])).toEqual([path])
  })
})
