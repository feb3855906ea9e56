import { gzipSync } from 'node:zlib'
import { createArchive } from '../../media/archives/archive-builder.ts'
import {
  bytesOf,
  join,
  mask,
  photo,
  type RefusedCase,
  refuseBoth,
  refuseImage,
  refuseMask,
} from './cases.ts'
import { readMedia } from './media.ts'

const unknown = 'File type not supported. Supported formats: JPEG, PNG, MP4, AVI, ZIP.'
const isoMedia = (brand: string) =>
  join(bytesOf(`\0\0\0\x18ftyp${brand}\0\0\0\0mif1heic`), new Uint8Array(200))
const part = (name: string) => readMedia('parts', name)
const clip = (name: string) => readMedia('wrong-clips', name)

const files: readonly [what: string, bytes: Uint8Array, name: string][] = [
  ['a GIF', part('still.gif'), 'photo.gif'],
  ['an animated GIF', part('animated.gif'), 'photo.png'],
  ['a BMP', part('still.bmp'), 'photo.bmp'],
  ['a TIFF', part('still.tiff'), 'photo.png'],
  ['an icon', part('still.ico'), 'photo.ico'],
  ['a PPM', part('still.ppm'), 'photo.png'],
  ['a TGA', part('still.tga'), 'photo.jpg'],
  ['a JPEG 2000', part('still.jp2'), 'photo.jpg'],
  ['an AVIF', part('still.avif'), 'photo.webp'],
  ['a PDF', part('still.pdf'), 'photo.png'],
  ['a PSD', part('still.psd'), 'photo.png'],
  ['a HEIC of a phone', isoMedia('heic'), 'IMG_0001.HEIC'],
  ['a HEIF', isoMedia('mif1'), 'photo.jpg'],
  ['a HEIF by its plain brand', isoMedia('heif'), 'photo.jpg'],
  ['a raw photo in ISO media', isoMedia('crx '), 'IMG_0001.CR3'],
  [
    'a raw photo in TIFF',
    join(bytesOf('II*\0\x10\0\0\0CR\x02\0'), new Uint8Array(200)),
    'IMG_0001.CR2',
  ],
  ['a JPEG XL', join(bytesOf('\xff\x0a'), new Uint8Array(200)), 'photo.jpg'],
  [
    'a JPEG XL in a container',
    join(bytesOf('\0\0\0\x0cJXL \r\n\x87\n'), bytesOf('\0\0\0\x14ftypjxl ')),
    'photo.jpg',
  ],
  [
    'a JPEG-LS',
    join(bytesOf('\xff\xd8'), bytesOf('\x00\xff\xf7'), new Uint8Array(80)),
    'photo.jpg',
  ],
  [
    'an SVG',
    bytesOf('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><rect/></svg>'),
    'photo.svg',
  ],
  [
    'a page of HTML',
    bytesOf('<!doctype html><title>404</title><p>The picture is not here, sorry.'),
    'photo.png',
  ],
  [
    'text',
    bytesOf('this is not a picture at all, whatever its name says to those who read it'),
    'photo.png',
  ],
  ['a little text', bytesOf('hello'), 'photo.jpg'],
  [
    'JSON',
    bytesOf('{"success":false,"message":"The picture could not be found on this server."}'),
    'photo.png',
  ],
  ['a PNG as base64', bytesOf(Buffer.from(photo).toString('base64')), 'photo.png'],
  [
    'a PNG whose line ends were changed',
    join(bytesOf('\x89PNG\n\x1a\n'), photo.subarray(8)),
    'photo.png',
  ],
  ['a PNG behind another byte', join(bytesOf('\n'), photo), 'photo.png'],
  ['bytes of zero', new Uint8Array(5000), 'photo.png'],
  ['a gzip of a PNG', gzipSync(photo), 'photo.png'],
  ['a RAR', join(bytesOf('Rar!\x1a\x07\x01\0'), new Uint8Array(100)), 'photos.zip'],
  ['a 7z', join(bytesOf("7z\xbc\xaf'\x1c\0\x04"), new Uint8Array(100)), 'photos.zip'],
  ['a program', join(bytesOf('MZ\x90\0'), new Uint8Array(200)), 'photo.png'],
  ['a sound file', clip('sound.wav'), 'film.avi'],
  ['a FLAC', clip('sound.flac'), 'film.mp4'],
  ['an Ogg', clip('sound.ogg'), 'film.webm'],
  ['an MP3', join(bytesOf('ID3\x04\0\0\0\0\0\x23'), new Uint8Array(200)), 'film.mp4'],
  ['a Flash video', clip('film.flv'), 'film.mp4'],
  ['a transport stream', clip('stream.ts'), 'film.mp4'],
  [
    'a playlist',
    bytesOf(
      '#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nhttp://127.0.0.1:8787/health\n#EXT-X-ENDLIST\n',
    ),
    'film.mp4',
  ],
  [
    'a list of files',
    bytesOf('ffconcat version 1.0\nfile /etc/passwd\nduration 1.0\n# and nothing more, really\n'),
    'film.mp4',
  ],
]

const archive = createArchive([{ name: 'image_1.png', content: photo }])
const film = clip('plain.mp4')
const required = 'Both image and mask files are required'

const wrongPlaces = [
  refuseMask('an archive as mask of a picture', archive, [
    'upload.kind_unsupported',
    'The mask is a ZIP archive. Send an archive as image; its masks are inside it.',
  ]),
  refuseMask('a video as mask of a picture', film, [
    'upload.kind_unsupported',
    "The mask is a video and the image a picture. Send a PNG, JPEG or WebP mask of the picture's size.",
  ]),
  refuseMask(
    'an archive as mask of a video',
    archive,
    ['upload.kind_unsupported', /Send an archive as image/],
    {
      image: film,
      imageName: 'film.mp4',
    },
  ),
  refuseImage('no image', null, ['upload.files_required', required]),
  refuseMask('no mask', null, ['upload.files_required', required]),
  refuseMask('no mask of a video', null, ['upload.files_required', required], { image: film }),
  refuseImage('neither file', null, ['upload.files_required', required], { mask: null }),
  refuseImage(
    'a mask that is a picture and its mask',
    mask,
    ['mask.not_binary', /Paint what to remove white/],
    {
      mask: photo,
    },
  ),
]

/** Bytes of formats that are not taken, under names and types that say otherwise; and files in each other's place. */
export const otherFormats: readonly RefusedCase[] = [
  ...files.flatMap(([what, bytes, name]) =>
    refuseBoth(what, bytes, ['media.kind_unsupported', unknown], {
      imageName: name,
      contentType: 'image/png',
    }),
  ),
  ...wrongPlaces,
]
