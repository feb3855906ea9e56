import { find, type RefusedCase, refuseBoth } from './cases.ts'
import { readMedia } from './media.ts'

const png = readMedia('looks', 'palette-8-alpha.png')
const jpeg = readMedia('looks', 'sampled-420.jpg')
const progressive = readMedia('looks', 'progressive.jpg')
const lossy = readMedia('looks', 'lossy-alpha.webp')
const lossless = readMedia('looks', 'lossless.webp')

const unknown = 'File type not supported. Supported formats: JPEG, PNG, MP4, AVI, ZIP.'

function cut(what: string, file: Uint8Array, length: number): RefusedCase[] {
  const says = `The {file} ends too early, after ${length} bytes: the rest of the picture is missing. Upload it again, or send another copy.`
  return refuseBoth(what, file.subarray(0, length), ['media.truncated', says])
}

function cutShort(what: string, file: Uint8Array, length: number): RefusedCase[] {
  return refuseBoth(what, file.subarray(0, length), ['media.kind_unsupported', unknown])
}

const inPng = (type: string, bytes: number) => find(png, type) + 4 + bytes
const inJpeg = (marker: number, bytes: number, file = jpeg) =>
  find(file, String.fromCharCode(0xff, marker)) + 2 + bytes
const inLossy = (type: string, bytes: number) => find(lossy, type) + 4 + bytes
const inLossless = (type: string, bytes: number) => find(lossless, type) + 4 + bytes

const cutPngs = [
  cutShort('a PNG of one byte', png, 1),
  cutShort('a PNG cut in its signature', png, 7),
  cut('a PNG of its signature alone', png, 8),
  cut('a PNG cut in the head of IHDR', png, 13),
  cut('a PNG cut in IHDR', png, inPng('IHDR', 6)),
  cut('a PNG cut in the checksum of IHDR', png, inPng('IHDR', 15)),
  cut('a PNG cut before its palette', png, inPng('PLTE', -8)),
  cut('a PNG cut in its palette', png, inPng('PLTE', 100)),
  cut('a PNG cut in its transparency', png, inPng('tRNS', 1)),
  cut('a PNG cut in the head of its image data', png, inPng('IDAT', -2)),
  cut('a PNG cut at the beginning of its image data', png, inPng('IDAT', 0)),
  cut('a PNG cut in the middle of its image data', png, inPng('IDAT', 400)),
  cut('a PNG cut in the checksum of its image data', png, inPng('IEND', -10)),
  cut('a PNG without IEND', png, inPng('IEND', -8)),
  cut('a PNG cut in IEND', png, inPng('IEND', 0)),
  cut('a PNG without its last byte', png, png.length - 1),
]

const cutJpegs = [
  cutShort('a JPEG of one byte', jpeg, 1),
  cutShort('a JPEG of SOI alone', jpeg, 2),
  cut('a JPEG cut in its first marker', jpeg, 3),
  cut('a JPEG cut in the length of APP0', jpeg, inJpeg(0xe0, 1)),
  cut('a JPEG cut in APP0', jpeg, inJpeg(0xe0, 9)),
  cut('a JPEG cut before DQT', jpeg, inJpeg(0xdb, -2)),
  cut('a JPEG cut in DQT', jpeg, inJpeg(0xdb, 30)),
  cut('a JPEG cut in SOF', jpeg, inJpeg(0xc0, 6)),
  cut('a JPEG cut in DHT', jpeg, inJpeg(0xc4, 12)),
  cut('a JPEG cut before SOS', jpeg, inJpeg(0xda, -2)),
  cut('a JPEG cut in SOS', jpeg, inJpeg(0xda, 5)),
  cut('a JPEG cut where its scan begins', jpeg, inJpeg(0xda, 12)),
  cut('a JPEG cut in the middle of its scan', jpeg, inJpeg(0xda, 300)),
  cut('a JPEG without EOI', jpeg, jpeg.length - 2),
  cut('a JPEG of half its EOI', jpeg, jpeg.length - 1),
  cut('a progressive JPEG cut in SOF', progressive, inJpeg(0xc2, 4, progressive)),
  cut('a progressive JPEG cut between scans', progressive, Math.floor(progressive.length * 0.6)),
  cut('a progressive JPEG without EOI', progressive, progressive.length - 2),
]

const cutWebps = [
  cutShort('a WebP of one byte', lossy, 1),
  cutShort('a WebP of RIFF alone', lossy, 4),
  cutShort('a WebP cut in the length of RIFF', lossy, 7),
  cutShort('a WebP cut in its name', lossy, 11),
  cut('a WebP of its RIFF head alone', lossy, 12),
  cut('a WebP cut in the head of VP8X', lossy, 17),
  cut('a WebP cut in VP8X', lossy, inLossy('VP8X', 9)),
  cut('a WebP cut in ALPH', lossy, inLossy('ALPH', 9)),
  cut('a WebP cut in the head of VP8', lossy, inLossy('VP8 ', 2)),
  cut("a WebP cut in VP8's frame header", lossy, inLossy('VP8 ', 9)),
  cut('a WebP cut in the middle of VP8', lossy, inLossy('VP8 ', 120)),
  cut('a WebP without its last byte', lossy, lossy.length - 1),
  cut("a WebP cut in VP8L's header", lossless, inLossless('VP8L', 6)),
  cut('a WebP cut in the middle of VP8L', lossless, inLossless('VP8L', 120)),
  cut('a lossless WebP without its last byte', lossless, lossless.length - 1),
]

/** Pictures and masks that end too early: in each section that a file of their format has. */
export const cutStills: readonly RefusedCase[] = [
  ...refuseBoth('a file of no bytes', new Uint8Array(0), [
    'media.empty',
    'The {file} is empty (0 bytes). Upload it again.',
  ]),
  ...[...cutPngs, ...cutJpegs, ...cutWebps].flat(),
]
