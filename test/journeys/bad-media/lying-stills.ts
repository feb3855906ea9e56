import { deflateSync } from 'node:zlib'
import {
  assemblePng,
  createChunk,
  createHeaderChunk,
  createPng,
  createRawRows,
  type PngParts,
  signature,
} from '../../media/fixtures/png.ts'
import {
  bytesOf,
  find,
  join,
  patch,
  photo,
  type RefusedCase,
  refuseBoth,
  refuseImage,
  refuseMask,
} from './cases.ts'
import { readMedia } from './media.ts'

const jpeg = readMedia('looks', 'sampled-420.jpg')
const lossy = readMedia('looks', 'lossy.webp')
const lossyAlpha = readMedia('looks', 'lossy-alpha.webp')
const lossless = readMedia('looks', 'lossless.webp')
const animatedPng = readMedia('parts', 'animated.png')

const grey: PngParts = { width: 64, height: 48, pixel: (x, y) => [(x * 3 + y) % 256] }
const rows = createRawRows(grey)
const data = deflateSync(rows)
/** Rows that are cut in other places have filter types all the same. */
const black = deflateSync(new Uint8Array(rows.length))

const damaged = (what: string, file: Uint8Array, problem: string) =>
  refuseBoth(what, file, [
    'media.corrupt',
    `The {file} is damaged: ${problem}. Save it again with a picture editor, or send another copy.`,
  ])
const oversize = (what: string, file: Uint8Array, size: string, pixels: number) =>
  refuseBoth(what, file, [
    'media.too_many_pixels',
    `The {file} has ${size} = ${pixels} pixels; at most 64000000 pixels and 65500 a side are taken. Scale it down.`,
  ])
const unsupported = (what: string, file: Uint8Array, reason: string) =>
  refuseBoth(what, file, [
    'media.kind_unsupported',
    `File type not supported. Supported formats: JPEG, PNG, MP4, AVI, ZIP. ${reason}`,
  ])
const animated = (what: string, file: Uint8Array, format: string) =>
  refuseBoth(what, file, [
    'media.animated',
    `The {file} is an animated ${format}. Send one of its frames as a still picture.`,
  ])

const more = 'its image data holds more than its header says'
const less = 'its image data holds less than its header says'
const lyingPngs = [
  damaged(
    'a PNG that is narrower than its header says',
    assemblePng({ ...grey, width: 65 }, black),
    less,
  ),
  damaged(
    'a PNG that is wider than its header says',
    assemblePng({ ...grey, width: 63 }, black),
    more,
  ),
  damaged('a PNG of fewer rows', assemblePng({ ...grey, height: 49 }, data), less),
  damaged('a PNG of more rows', assemblePng({ ...grey, height: 47 }, data), more),
  damaged('a PNG of colours that are grey', assemblePng({ ...grey, colourType: 2 }, black), less),
  damaged(
    'a PNG that inflates to 60 MB',
    assemblePng(grey, deflateSync(Buffer.alloc(60_000_000))),
    more,
  ),
  damaged(
    'a PNG of no width',
    assemblePng({ ...grey, width: 0 }, data),
    'its header says 0×48 pixels',
  ),
  damaged(
    'a PNG of no height',
    assemblePng({ ...grey, height: 0 }, data),
    'its header says 64×0 pixels',
  ),
  oversize(
    'a PNG of 30000×30000',
    assemblePng({ ...grey, width: 30_000, height: 30_000 }, data),
    '30000×30000',
    900_000_000,
  ),
  oversize(
    'a PNG of 2147483647×1',
    assemblePng({ ...grey, width: 2_147_483_647, height: 1 }, data),
    '2147483647×1',
    2_147_483_647,
  ),
  oversize(
    'a PNG of 70000×1',
    assemblePng({ ...grey, width: 70_000, height: 1 }, data),
    '70000×1',
    70_000,
  ),
  damaged(
    'a PNG of a wrong checksum in IHDR',
    patch(photo, 29, 1, 2, 3, 4),
    "the checksum of its 'IHDR' chunk does not fit the content",
  ),
  damaged(
    'a PNG of a wrong checksum in IDAT',
    patch(photo, find(photo, 'IEND') - 5, photo[find(photo, 'IEND') - 5] === 7 ? 8 : 7),
    "the checksum of its 'IDAT' chunk does not fit the content",
  ),
  damaged(
    'a PNG of changed pixels',
    patch(photo, find(photo, 'IDAT') + 200, 1, 2, 3),
    "the checksum of its 'IDAT' chunk does not fit the content",
  ),
  damaged(
    'a PNG of a chunk too long',
    patch(photo, find(photo, 'IDAT') - 4, 255),
    `a chunk of ${0xff000000 + readLength(photo, 'IDAT')} bytes begins where none can`,
  ),
  damaged('a PNG of no palette', createPng({ ...grey, colourType: 3 }), 'its palette is missing'),
  damaged(
    'a PNG of a broken palette',
    createPng({ ...grey, colourType: 3, before: [createChunk('PLTE', new Uint8Array(4))] }),
    'its palette has 4 bytes; 256 colours are the most',
  ),
  damaged(
    'a PNG of 4 bits and colours',
    createPng({ ...grey, bitDepth: 4, colourType: 2 }),
    'its header says bit depth 4 with colour type 2, which PNG does not know',
  ),
  damaged(
    'a PNG of colour type 5',
    createPng({ ...grey, colourType: 5 }),
    'its header says bit depth 8 with colour type 5, which PNG does not know',
  ),
  damaged(
    'a PNG without image data',
    join(signature, createHeaderChunk(grey), createChunk('IEND')),
    'it holds no image data',
  ),
  damaged(
    'a PNG without IHDR',
    join(signature, createChunk('IDAT', data), createChunk('IEND')),
    "its 'IDAT' chunk stands where it must not",
  ),
  damaged(
    'a PNG of two headers',
    createPng({ ...grey, before: [createHeaderChunk(grey)] }),
    "its 'IHDR' chunk stands where it must not",
  ),
  damaged(
    'a PNG of a phone maker',
    createPng({ ...grey, before: [createChunk('CgBI', new Uint8Array(4))] }),
    "it needs a reader that knows 'CgBI' chunks",
  ),
  damaged(
    'a PNG of filter type 7',
    assemblePng(grey, deflateSync(patch(rows, 65, 7))),
    'a row of its image data has filter type 7; 0 to 4 exist',
  ),
  animated('an animated PNG', animatedPng, 'PNG'),
]

const sof = find(jpeg, '\xff\xc0')
const sos = find(jpeg, '\xff\xda')
const lyingJpegs = [
  damaged('a JPEG of no width', patch(jpeg, sof + 7, 0, 0), 'its header says 0×48 pixels'),
  damaged('a JPEG of no height', patch(jpeg, sof + 5, 0, 0), 'its header says 64×0 pixels'),
  oversize(
    'a JPEG of 30000×30000',
    patch(jpeg, sof + 5, 0x75, 0x30, 0x75, 0x30),
    '30000×30000',
    900_000_000,
  ),
  oversize('a JPEG of 65535×48', patch(jpeg, sof + 7, 0xff, 0xff), '65535×48', 3_145_680),
  damaged(
    'a JPEG of two channels',
    patch(jpeg, sof + 9, 2),
    'its frame header names 2 colour channels',
  ),
  damaged(
    'a JPEG of five channels',
    patch(jpeg, sof + 9, 5),
    'its frame header names 5 colour channels',
  ),
  unsupported(
    'a JPEG of 12 bits',
    patch(jpeg, sof + 4, 12),
    'The {file} is a JPEG of 12 bits a channel; save it with 8, or as a PNG.',
  ),
  unsupported(
    'a lossless JPEG',
    patch(jpeg, sof + 1, 0xc3),
    'The {file} is a lossless, hierarchical or arithmetic JPEG (ffc3); save it as an ordinary one.',
  ),
  unsupported(
    'an arithmetic JPEG',
    patch(jpeg, sof + 1, 0xc9),
    'The {file} is a lossless, hierarchical or arithmetic JPEG (ffc9); save it as an ordinary one.',
  ),
  damaged(
    'a JPEG of two frames',
    join(jpeg.subarray(0, sof + 19), jpeg.subarray(sof)),
    'it has two frame headers',
  ),
  damaged(
    'a JPEG without a frame',
    join(jpeg.subarray(0, sof), jpeg.subarray(sof + 19)),
    'its image data begins before its header',
  ),
  damaged(
    'a JPEG without a scan',
    join(jpeg.subarray(0, sos), bytesOf('\xff\xd9')),
    'it holds no picture',
  ),
  damaged('a JPEG of nothing', bytesOf('\xff\xd8\xff\xd9'), 'it holds no picture'),
  damaged(
    'a JPEG of a segment too short',
    patch(jpeg, 4, 0, 1),
    'a segment says it is 1 bytes long',
  ),
  damaged(
    'a JPEG of a segment too long',
    patch(jpeg, 4, 0, 17),
    'a byte db stands where a marker must begin',
  ),
  damaged(
    'a JPEG that begins with the end of a scan',
    patch(jpeg, 3, 0xd0),
    'a marker ffd0 stands where none may',
  ),
]

const riffBytes = (file: Uint8Array) =>
  new DataView(file.buffer, file.byteOffset).getUint32(4, true)
const uint32 = (value: number) => [...new Uint8Array(new Uint32Array([value]).buffer)]
const vp8 = find(lossy, 'VP8 ')
const vp8x = find(lossyAlpha, 'VP8X')
const lyingWebps = [
  refuseBoth('a WebP that says it is longer', patch(lossy, 4, ...uint32(riffBytes(lossy) + 20)), [
    'media.truncated',
    `The {file} ends too early, after ${lossy.length} bytes: the rest of the picture is missing. Upload it again, or send another copy.`,
  ]),
  damaged(
    'a WebP that says it is shorter',
    patch(lossy, 4, ...uint32(riffBytes(lossy) - 100)),
    `its 'VP8 ' chunk says it is ${readChunk(lossy, vp8)} bytes long and ${riffBytes(lossy) - 112} are left`,
  ),
  damaged(
    'a WebP of a chunk too long',
    patch(lossy, vp8 + 4, ...uint32(9_000_000)),
    `its 'VP8 ' chunk says it is 9000000 bytes long and ${riffBytes(lossy) - 12} are left`,
  ),
  damaged('a WebP of no width', patch(lossy, vp8 + 14, 0, 0), 'its header says 0×48 pixels'),
  damaged('a WebP of no height', patch(lossy, vp8 + 16, 0, 0), 'its header says 64×0 pixels'),
  damaged(
    'a WebP that begins within a film',
    patch(lossy, vp8 + 8, (lossy[vp8 + 8] ?? 0) | 1),
    "its 'VP8 ' chunk does not begin with a key frame",
  ),
  damaged(
    'a WebP of no lossless header',
    patch(lossless, find(lossless, 'VP8L') + 8, 0),
    "its 'VP8L' chunk has no lossless header",
  ),
  damaged(
    'a WebP of a canvas of another size',
    patch(lossyAlpha, vp8x + 12, 99),
    'its canvas is 100×48 and its picture 64×48',
  ),
  oversize(
    'a WebP of 30000×30000',
    patch(lossyAlpha, vp8x + 12, 0x2f, 0x75, 0, 0x2f, 0x75, 0),
    '30000×30000',
    900_000_000,
  ),
  damaged(
    'a WebP of two pictures',
    patch(join(lossy, lossy.subarray(12)), 4, ...uint32(2 * lossy.length - 20)),
    'it holds two pictures',
  ),
  damaged('a WebP without a picture', bytesOf('RIFF\x04\0\0\0WEBP'), 'it holds no picture'),
  animated('an animated WebP', readMedia('parts', 'animated.webp'), 'WebP'),
]

const megabytes = (count: number) => new Uint8Array(count * 1_000_000)
const padded = (bytes: Uint8Array) => join(signature, createHeaderChunk(grey), patchLength(bytes))
const tooLong = [
  refuseImage('an image of 65 MB', padded(megabytes(65)), [
    'media.too_large',
    'The image has more than 64000000 bytes, which is the limit for one. Compress it or scale it down.',
    413,
  ]),
  refuseMask('a mask of 33 MB', padded(megabytes(33)), [
    'media.too_large',
    'The mask has more than 32000000 bytes, which is the limit for one. Compress it or scale it down.',
    413,
  ]),
]

function readLength(png: Uint8Array, type: string): number {
  return new DataView(png.buffer, png.byteOffset).getUint32(find(png, type) - 4)
}

function readChunk(webp: Uint8Array, offset: number): number {
  return new DataView(webp.buffer, webp.byteOffset).getUint32(offset + 4, true)
}

/** The head of a chunk of notes, and notes. */
function patchLength(bytes: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(bytes.length, 0)
  head.write('noTe', 4, 'latin1')
  return join(head, bytes)
}

/** Pictures and masks whose headers and lengths are not true, or are of a kind that is not read. */
export const lyingStills: readonly RefusedCase[] = [
  ...[...lyingPngs, ...lyingJpegs, ...lyingWebps].flat(),
  ...tooLong,
]
