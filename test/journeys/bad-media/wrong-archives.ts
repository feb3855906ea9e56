import { deflateRawSync } from 'node:zlib'
import {
  type BuiltArchive,
  type BuiltFile,
  createArchive,
  createField,
  createUnicodePath,
} from '../../media/archives/archive-builder.ts'
import { bytesOf, join, mask, photo, type RefusedCase } from './cases.ts'

const pair: readonly BuiltFile[] = [
  { name: 'image_1.png', content: photo },
  { name: 'mask_1.png', content: mask },
]
const third = { name: 'image_2.png', content: photo, method: 0 }
const megabyte = 1_048_576
const again = 'Pack it again as an ordinary ZIP, or send another copy.'

/** An archive with a right pair, and what makes it wrong. */
function archive(
  what: string,
  code: string,
  says: RegExp,
  more: Partial<BuiltFile> | readonly BuiltFile[] = [],
  parts: BuiltArchive = {},
): RefusedCase {
  const files = Array.isArray(more) ? more : [{ ...third, ...more }]
  return ofBytes(what, code, says, createArchive([...pair, ...files], parts))
}

function ofBytes(what: string, code: string, says: RegExp, image: Uint8Array): RefusedCase {
  return { what, image, mask: null, imageName: 'photos.zip', code, says }
}

const unix = (mode: number) => ({ attributes: mode * 65_536 })
const malformed = (problem: string) =>
  new RegExp(`^The archive is damaged: .*${problem}.*\\. ${again}$`)

const paths: RefusedCase[] = [
  archive('a path that leads out', 'archive.path_unsafe', /'\.\.\/a\.png'.*'\.\.'/, {
    name: '../a.png',
  }),
  archive('a path that leads out from within', 'archive.path_unsafe', /'a\/\.\.\/b\.png'/, {
    name: 'a/../b.png',
  }),
  archive('an absolute path', 'archive.path_unsafe', /'\/etc\/passwd'.*absolute/, {
    name: '/etc/passwd',
  }),
  archive('a path with a drive', 'archive.path_unsafe', /'C:a\.png'.*drive/, { name: 'C:a.png' }),
  archive('a path with backslashes', 'archive.path_unsafe', /backslash/, { name: 'a\\..\\b.png' }),
  archive('a path with a NUL', 'archive.path_unsafe', /control character/, { name: 'a.png\0.exe' }),
  archive('a path with a line break', 'archive.path_unsafe', /a\\u\{a\}b/, { name: 'a\nb.png' }),
  archive('an entry without a name', 'archive.path_unsafe', /no name/, { name: '' }),
  archive('a Unicode path that leads out', 'archive.path_unsafe', /'\.\.\/b'/, {
    extra: createUnicodePath(Buffer.from(third.name), '../b'),
  }),
  archive('a path of 1025 bytes', 'archive.path_too_long', /1025 bytes; at most 1024/, {
    name: 'a'.repeat(1025),
  }),
]

const kinds: RefusedCase[] = [
  archive('a symbolic link', 'archive.link', /'image_2\.png' is a symbolic link/, unix(0o120777)),
  archive('a device', 'archive.link', /is a device/, unix(0o060644)),
  archive('a named pipe', 'archive.link', /is a named pipe/, unix(0o010644)),
  archive('an encrypted entry', 'archive.encrypted', /'image_2\.png'.*password/, { flags: 1 }),
  archive('a masked directory', 'archive.encrypted', /'image_2\.png'/, { flags: 0x2000 }),
  archive('Deflate64', 'archive.method_unsupported', /method 9 \(Deflate64\)/, { method: 9 }),
  archive('LZMA', 'archive.method_unsupported', /method 14/, { method: 14 }),
  archive('patched data', 'archive.method_unsupported', /patched/, { flags: 0x20 }),
  archive('a folder with bytes', 'archive.malformed', malformed('folder'), { name: 'a/' }),
  archive('bytes from nothing', 'archive.malformed', malformed('in 0'), {
    packed: new Uint8Array(0),
    method: 8,
    bytes: 9,
  }),
  archive('a stored entry that shrank', 'archive.malformed', malformed('stored'), {
    bytes: photo.length + 1,
  }),
  archive('an entry of another disk', 'archive.multi_disk', /part 3/, { disk: 2 }),
]

const sizes: RefusedCase[] = [
  archive('an entry of a high ratio', 'archive.ratio_too_high', /1000 bytes to 209715200.*200/, {
    method: 8,
    packed: new Uint8Array(1000),
    bytes: 200 * megabyte,
  }),
  archive(
    'entries of a high ratio together',
    'archive.ratio_too_high',
    /as a whole/,
    Array.from({ length: 40 }, (_, index) => ({
      name: `image_${index + 2}.png`,
      packed: new Uint8Array(10),
      bytes: megabyte,
    })),
  ),
  archive(
    '20001 entries',
    'archive.too_many_entries',
    /20001 entries; at most 20000/,
    Array.from({ length: 19_999 }, (_, index) => ({ name: String(index), method: 0 })),
  ),
  archive('20 GB in all', 'archive.too_large_inflated', /at most 20000000000/, {
    isZip64: true,
    method: 8,
    bytes: 2 ** 52,
  }),
  archive(
    'a directory of 18 MB',
    'archive.directory_too_large',
    /at most 16777216/,
    Array.from({ length: 300 }, () => ({
      ...third,
      extra: createField(9, Buffer.alloc(60_000)),
      localExtra: Buffer.alloc(0),
    })),
  ),
]

const places: RefusedCase[] = [
  archive('one entry twice', 'archive.entries_overlap', /'image_2\.png'/, { headerOffset: 0 }),
  archive('an entry within an entry', 'archive.entries_overlap', /overlaps the entry/, {
    headerOffset: 500,
  }),
  archive('an entry far behind', 'archive.entries_overlap', /directory/, {
    isZip64: true,
    headerOffset: 2 ** 50,
  }),
  archive('data that reaches into the directory', 'archive.entries_overlap', /directory/, {
    method: 8,
    compressedBytes: 9_000_000,
  }),
]

const whole = createArchive(pair)
const ends: RefusedCase[] = [
  archive('bytes in front', 'archive.malformed', malformed('self-extracting'), [], {
    prefix: bytesOf('PK\u0003\u0004 and more'),
  }),
  archive('a count too high', 'archive.malformed', malformed('entries'), [], {
    changeEnd: (end) => end.writeUInt32LE(0x00030003, 8),
  }),
  archive(
    'a count too low',
    'archive.malformed',
    malformed('2 entries where its end record counts 1'),
    [],
    {
      changeEnd: (end) => end.writeUInt32LE(0x00010001, 8),
    },
  ),
  archive('a directory too long', 'archive.malformed', malformed('past'), [], {
    changeEnd: (end) => end.writeUInt32LE(end.readUInt32LE(12) + 1, 12),
  }),
  archive('something else in its directory', 'archive.malformed', malformed('does not begin'), [], {
    signature: Buffer.alloc(50),
  }),
  archive('its last part alone', 'archive.multi_disk', /part 4/, [], {
    changeEnd: (end) => end.writeUInt16LE(3, 4),
  }),
  archive('parts in Zip64', 'archive.multi_disk', /part 2/, [], {
    isZip64: true,
    changeLocator: (locator) => locator.writeUInt32LE(2, 16),
  }),
  archive('a Zip64 end nowhere', 'archive.malformed', malformed('no room'), [], {
    isZip64: true,
    changeLocator: (locator) => locator.writeUInt32LE(9_999_999, 8),
  }),
  ofBytes(
    'an archive cut in an entry',
    'archive.malformed',
    malformed(''),
    whole.subarray(0, 1000),
  ),
  ofBytes(
    'an archive cut in its directory',
    'archive.malformed',
    malformed(''),
    whole.subarray(0, -60),
  ),
  ofBytes('an archive cut in its end', 'archive.malformed', malformed(''), whole.subarray(0, -3)),
  ofBytes('an archive of four bytes', 'archive.malformed', malformed(''), whole.subarray(0, 4)),
  ofBytes(
    'an archive with bytes behind',
    'archive.malformed',
    malformed(''),
    join(whole, bytesOf('more')),
  ),
]

const sentence = (count: number) =>
  new RegExp(
    `^None of the archive's ${count} entries is a picture or video with its mask\\. Put pairs like image_1\\.png and mask_1\\.png into a folder each; the report says what is wrong with every file\\.$`,
  )
const nothing = (what: string, files: readonly BuiltFile[]): RefusedCase =>
  ofBytes(what, 'upload.nothing_valid', sentence(files.length), createArchive(files))

const [image, hole] = [
  { name: 'image_1.png', content: photo },
  { name: 'mask_1.png', content: mask },
]
const wrongPair = (
  what: string,
  picture: Uint8Array,
  its: Uint8Array,
  more: Partial<BuiltFile> = {},
) =>
  nothing(what, [
    { ...image, content: picture, ...more },
    { ...hole, content: its },
  ])

const emptyOnes: RefusedCase[] = [
  nothing('an archive of nothing', []),
  nothing('an archive of folders', [{ name: 'a/' }, { name: 'a/b/' }]),
  nothing('an archive of texts', [{ name: 'notes.txt', content: bytesOf('hello') }]),
  nothing('an archive of pictures without masks', [image]),
  nothing('an archive of masks without pictures', [hole]),
  nothing('an archive of other numbers', [image, { ...hole, name: 'mask_2.png' }]),
  nothing('an archive of one number twice', [image, { ...image, name: 'image_01.png' }, hole]),
  nothing('an archive of a Mac’s shadow files', [
    { ...image, name: '__MACOSX/image_1.png' },
    { ...hole, name: '__MACOSX/mask_1.png' },
  ]),
  nothing('an archive of empty files', [{ name: 'image_1.png' }, { name: 'mask_1.png' }]),
  nothing('an archive in an archive', [{ name: 'photos.zip', content: whole }]),
  wrongPair('an archive whose one picture is cut off', photo.subarray(0, -20), mask),
  wrongPair('an archive whose one mask is grey', photo, photo),
  wrongPair(
    'an archive whose one picture is text',
    bytesOf('this is no picture, but a text under its name.'.repeat(3)),
    mask,
  ),
  wrongPair('an archive whose one picture is an archive', whole, mask),
  wrongPair('an archive whose one picture has another checksum', photo, mask, { crc32: 1 }),
  wrongPair('an archive whose one picture is longer than it says', photo, mask, {
    bytes: photo.length - 9,
  }),
  wrongPair('an archive whose one picture is no Deflate', photo, mask, {
    packed: Buffer.alloc(900, 0xff),
  }),
  wrongPair('an archive whose one picture inflates to far more', photo, mask, {
    packed: deflateRawSync(Buffer.alloc(400_000)),
  }),
]

/** Archives that would harm, that are damaged, or that hold nothing to take: each kind of refusal once. */
export const wrongArchives: readonly RefusedCase[] = [
  ...paths,
  ...kinds,
  ...sizes,
  ...places,
  ...ends,
  ...emptyOnes,
]

/** One right pair among rotten entries, and what the report must say of each by its path. */
export const rotten: readonly {
  files: readonly BuiltFile[]
  status: string
  code: string | null
  says: RegExp
}[] = [
  { files: pair, status: 'accepted', code: null, says: /^null$/ },
  rot('cut', photo.subarray(0, -20), mask, 'media.truncated', /^The image ends too early/),
  rot('grey', photo, photo, 'mask.not_binary', /of the mask's pixels are grey/),
  rot(
    'text',
    bytesOf('no picture, but a text that is sixty-four bytes long at the very least.'),
    mask,
    'media.kind_unsupported',
    /not supported/,
  ),
  rot('zip', whole, mask, 'upload.kind_mismatch', /its bytes are a zip/),
  rot('crc', photo, mask, 'archive.entry_damaged', /checksum is/, { crc32: 1 }),
  rot('deflate', photo, mask, 'archive.entry_damaged', /do not inflate|data is wrong/, {
    packed: Buffer.alloc(900, 0xff),
  }),
  rot('long', photo, mask, 'archive.entry_damaged', /more than the|do not inflate/, {
    bytes: photo.length - 9,
  }),
  {
    files: [{ name: 'alone/image_1.png', content: photo }],
    status: 'rejected',
    code: 'entry.unpaired',
    says: /No mask is in/,
  },
  {
    files: [{ name: 'none/image_1.png' }],
    status: 'rejected',
    code: 'entry.empty',
    says: /0 bytes/,
  },
  {
    files: [{ name: 'notes.txt', content: bytesOf('hello') }],
    status: 'ignored',
    code: 'entry.format',
    says: /Not a format/,
  },
  {
    files: [{ name: '__MACOSX/._image_1.png', content: bytesOf('x') }],
    status: 'ignored',
    code: 'entry.hidden',
    says: /hidden/,
  },
  { files: [{ name: 'folder/' }], status: 'ignored', code: 'entry.folder', says: /folder/ },
]

function rot(
  folder: string,
  picture: Uint8Array,
  its: Uint8Array,
  code: string,
  says: RegExp,
  more: Partial<BuiltFile> = {},
) {
  const files = [
    { name: `${folder}/image_1.png`, content: picture, ...more },
    { name: `${folder}/mask_1.png`, content: its },
  ]
  return { files, status: 'rejected', code, says }
}
