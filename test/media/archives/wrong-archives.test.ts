import { describe, expect, it } from 'vitest'
import type { ArchiveLimits } from '../../../src/media/archives/archive.model.ts'
import { readArchiveDirectory } from '../../../src/media/archives/read-directory.ts'
import { createBytes } from '../fixtures/streams.ts'
import {
  type BuiltArchive,
  type BuiltFile,
  createArchive,
  createField,
  createUnicodePath,
} from './archive-builder.ts'
import { catchRefusal, holdArchive, limits, megabyte, storeArchive } from './archives.ts'

const content = createBytes(1000)
const name = 'a.png'
const file = { name, content, method: 0 }
const unix = (mode: number) => ({ ...file, attributes: mode * 65_536 })
const named = (bytes: string | Uint8Array) => [{ name: bytes, content }]

type Case = [
  what: string,
  code: string,
  says: RegExp,
  files: readonly BuiltFile[],
  archive?: BuiltArchive,
  limits?: Partial<ArchiveLimits>,
]

const paths: Case[] = [
  ['leads out', 'archive.path_unsafe', /'\.\.\/a\.png'.*'\.\.'/, named('../a.png')],
  ['leads out from within', 'archive.path_unsafe', /'a\/\.\.\/b'/, named('a/../b')],
  ['ends in a way out', 'archive.path_unsafe', /'a\/\.\.'/, named('a/..')],
  ['is absolute', 'archive.path_unsafe', /absolute/, named('/etc/passwd')],
  ['begins with a drive', 'archive.path_unsafe', /drive/, named('C:a.png')],
  ['has backslashes', 'archive.path_unsafe', /backslash/, named('a\\..\\b.png')],
  ['is of another computer', 'archive.path_unsafe', /backslash/, named('\\\\host\\a')],
  ['has a NUL', 'archive.path_unsafe', /control character/, named('a.png\0.exe')],
  ['has a line break', 'archive.path_unsafe', /a\\u\{a\}b/, named('a\nb.png')],
  ['has a later control character', 'archive.path_unsafe', /control/, named('a\u0085b.png')],
  ['is empty', 'archive.path_unsafe', /no name/, named('')],
  [
    'is safe and has a Unicode path that is not',
    'archive.path_unsafe',
    /'\.\.\/b'/,
    [{ ...file, extra: createUnicodePath(Buffer.from(name), '../b') }],
  ],
  ['is too long', 'archive.path_too_long', /1025 bytes; at most 1024/, named('a'.repeat(1025))],
]

const kinds: Case[] = [
  ['a symbolic link', 'archive.link', /'a\.png' is a symbolic link/, [unix(0o120777)]],
  ['a device', 'archive.link', /is a device/, [unix(0o060644)]],
  ['a named pipe', 'archive.link', /is a named pipe/, [unix(0o010644)]],
  ['a link from a Mac', 'archive.link', /link/, [{ ...unix(0o120777), host: 19 }]],
  ['an encrypted file', 'archive.encrypted', /'a\.png'.*password/, [{ ...file, flags: 1 }]],
  ['a strongly encrypted file', 'archive.encrypted', /'a\.png'/, [{ ...file, flags: 0x41 }]],
  ['a file in a masked directory', 'archive.encrypted', /'a\.png'/, [{ ...file, flags: 0x2000 }]],
  ['Deflate64', 'archive.method_unsupported', /method 9 \(Deflate64\)/, [{ ...file, method: 9 }]],
  ['a method unheard of', 'archive.method_unsupported', /4711/, [{ ...file, method: 4711 }]],
  ['patched data', 'archive.method_unsupported', /patched/, [{ ...file, flags: 0x20 }]],
  ['a folder with bytes', 'archive.malformed', /folder.*1000 bytes/, [{ ...file, name: 'a/' }]],
  ['bytes from nothing', 'archive.malformed', /in 0/, [{ name, bytes: 9, compressedBytes: 0 }]],
  ['a stored file that shrank', 'archive.malformed', /stored/, [{ ...file, bytes: 1001 }]],
  ['an entry of another part', 'archive.multi_disk', /part 3/, [{ ...file, disk: 2 }]],
]

const bomb = { name, method: 8, packed: createBytes(1000), bytes: 200 * megabyte }
const sized = (bytes: number, packed: number) => ({ ...bomb, bytes, packed: createBytes(packed) })
const sizes: Case[] = [
  ['an entry of a high ratio', 'archive.ratio_too_high', /1000 bytes to 209715200.*100/, [bomb]],
  [
    'small entries of a high ratio together',
    'archive.ratio_too_high',
    /as a whole/,
    Array.from({ length: 3 }, () => sized(2 * megabyte, 10)),
  ],
  [
    'too many entries',
    'archive.too_many_entries',
    /3 entries; at most 2/,
    [file, file, file],
    {},
    { entriesMax: 2 },
  ],
  [
    'too many entries, by a count that wraps',
    'archive.too_many_entries',
    /3 entries; at most 2/,
    [file, file, file],
    { changeEnd: (end) => end.writeUInt32LE(0x00010001, 8) },
    { entriesMax: 2 },
  ],
  [
    'too much in all',
    'archive.too_large_inflated',
    /2000 bytes.*at most 1999/,
    [file, file],
    {},
    { inflatedBytesMax: 1999 },
  ],
  [
    'more than there is on earth',
    'archive.too_large_inflated',
    /at most/,
    Array.from({ length: 5 }, () => ({ ...bomb, isZip64: true, bytes: 2 ** 52 })),
  ],
  [
    'a directory that is too large',
    'archive.directory_too_large',
    /at most 16777216/,
    Array.from({ length: 300 }, () => ({
      name,
      extra: createField(9, Buffer.alloc(60_000)),
      localExtra: Buffer.alloc(0),
    })),
  ],
]

const overlaps: Case[] = [
  [
    'one entry twice',
    'archive.entries_overlap',
    /'b'/,
    [file, { ...file, name: 'b', headerOffset: 0 }],
  ],
  [
    'entries within entries',
    'archive.entries_overlap',
    /from byte 0 to 1035.*overlaps the entry 'b' at byte 500/,
    [file, { ...file, name: 'b', headerOffset: 500, content: createBytes(10) }],
  ],
  [
    'an entry in the directory',
    'archive.entries_overlap',
    /directory/,
    [{ ...file, headerOffset: 9 }],
  ],
  [
    'an entry far behind',
    'archive.entries_overlap',
    /directory/,
    [{ ...file, isZip64: true, headerOffset: 2 ** 50 }],
  ],
  [
    'data that reaches into the directory',
    'archive.entries_overlap',
    /directory/,
    [{ ...file, method: 8, compressedBytes: 5000 }],
  ],
]

const ends: Case[] = [
  ['bytes in front', 'archive.malformed', /self-extracting/, [file], { prefix: Buffer.alloc(7) }],
  [
    'bytes in front of Zip64',
    'archive.malformed',
    /self-extracting/,
    [file],
    { prefix: Buffer.alloc(7), isZip64: true },
  ],
  [
    'a count too high',
    'archive.malformed',
    /1 entries where its end record counts 2/,
    [{ ...file, comment: 'c'.repeat(60) }],
    { changeEnd: (end) => end.writeUInt32LE(0x00020002, 8) },
  ],
  [
    'a count without room',
    'archive.malformed',
    /no room for the 9 /,
    [file],
    { changeEnd: (end) => end.writeUInt32LE(0x00090009, 8) },
  ],
  [
    'a count too low',
    'archive.malformed',
    /2 entries where its end record counts 1/,
    [file, { ...file, name: 'b' }],
    { changeEnd: (end) => end.writeUInt32LE(0x00010001, 8) },
  ],
  [
    'a directory too long',
    'archive.malformed',
    /reaches 1 bytes past/,
    [file],
    { changeEnd: (end) => end.writeUInt32LE(end.readUInt32LE(12) + 1, 12) },
  ],
  [
    'a directory that ends within an entry',
    'archive.malformed',
    /entry 2 of its directory is cut off/,
    [file],
    { signature: Buffer.from(`PK\u0001\u0002${'\0'.repeat(20)}`) },
  ],
  [
    'something else in its directory',
    'archive.malformed',
    /entry 2 of its directory does not begin/,
    [file],
    { signature: Buffer.alloc(50) },
  ],
  [
    'its last part alone',
    'archive.multi_disk',
    /part 4/,
    [file],
    { changeEnd: (end) => end.writeUInt16LE(3, 4) },
  ],
  [
    'a part of its entries',
    'archive.multi_disk',
    /1 of the 7 entries/,
    [file],
    { changeEnd: (end) => end.writeUInt16LE(7, 10) },
  ],
  [
    'parts in Zip64',
    'archive.multi_disk',
    /part 2/,
    [file],
    { isZip64: true, changeLocator: (locator) => locator.writeUInt32LE(2, 16) },
  ],
  [
    'a Zip64 end nowhere',
    'archive.malformed',
    /no room/,
    [file],
    { isZip64: true, changeLocator: (locator) => locator.writeUInt32LE(9_999_999, 8) },
  ],
  [
    'a Zip64 size beyond numbers',
    'archive.malformed',
    /no file has/,
    [file],
    { isZip64: true, changeEnd64: (end) => end.writeUInt32LE(0xffffffff, 44) },
  ],
]

describe('an archive is refused, with the reason, that has', () => {
  it.each([...kinds, ...sizes, ...overlaps, ...ends])(
    '%s',
    async (_what, code, says, files, archive = {}, changes = {}) => {
      const source = holdArchive(createArchive(files, archive))
      const refusal = await catchRefusal(readArchiveDirectory(source, { ...limits, ...changes }))
      expect(refusal).toMatchObject({ code, status: 400, message: expect.stringMatching(says) })
    },
  )

  it('a size that its Zip64 field lacks', async () => {
    const bytes = Buffer.from(createArchive([file]))
    bytes.writeUInt32LE(0xffffffff, bytes.length - 22 - name.length - 46 + 24)
    const refusal = await catchRefusal(readArchiveDirectory(holdArchive(bytes), limits))
    expect(refusal).toMatchObject({ code: 'archive.malformed' })
    expect(refusal.message).toContain('Zip64')
  })
})

describe('an archive is refused of which the path of an entry', () => {
  it.each(paths)('%s', async (_what, code, says, files) => {
    const refusal = await catchRefusal(
      readArchiveDirectory(holdArchive(createArchive(files)), limits),
    )
    expect(refusal).toMatchObject({ code, status: 400, message: expect.stringMatching(says) })
  })
})

describe('a file is refused that is no whole archive:', () => {
  const whole = createArchive([file, { ...file, name: 'b' }], { comment: 'c', isZip64: true })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a few bytes', Buffer.from('PK')],
    ['another format', createBytes(200_000)],
    ['an archive with bytes behind', Buffer.concat([whole, Buffer.from('x')])],
  ])('%s', async (_what, bytes) => {
    const refusal = await catchRefusal(readArchiveDirectory(await storeArchive(bytes), limits))
    expect(refusal).toMatchObject({ code: 'archive.malformed' })
  })

  it('an archive that was cut off, wherever that was', async () => {
    for (let length = 0; length < whole.length; length += 1) {
      const source = holdArchive(whole.subarray(0, length))
      const refusal = await catchRefusal(readArchiveDirectory(source, limits))
      expect(refusal).toMatchObject({ code: 'archive.malformed' })
    }
  })

  it('an archive whose beginning is missing', async () => {
    for (let start = 1; start < whole.length - 22; start += 7) {
      const refusal = await catchRefusal(
        readArchiveDirectory(holdArchive(whole.subarray(start)), limits),
      )
      expect(refusal).toMatchObject({ code: 'archive.malformed' })
    }
  })
})
