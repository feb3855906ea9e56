import {
  bytesOf,
  find,
  join,
  mask,
  patch,
  type Refusal,
  type RefusedCase,
  type Sent,
} from './cases.ts'
import { readMedia } from './media.ts'

const clip = (name: string) => readMedia('wrong-clips', name)
const stillMask = readMedia('clip-masks', 'still.png')
const maskVideo = readMedia('clip-masks', 'same.mp4')

const plain = clip('plain.mp4')
const indexFirst = clip('index-first.mp4')
const fragmented = clip('fragmented.mp4')
const mkv = clip('plain.mkv')
const webm = clip('plain.webm')
const avi = clip('plain.avi')

const advice = 'Upload it as MP4 with H\\.264, as most players and cameras write it\\.'
const undecodable = (file: 'video' | 'mask', reason: string): Refusal => [
  'video.undecodable',
  new RegExp(`^The ${file} ${reason}\\. ${advice}$`),
]
const noIndex = 'has no readable index: it is damaged, or was cut off before its end'
const damagedStart = 'is damaged where it begins'
const unknown: Refusal = [
  'media.kind_unsupported',
  'File type not supported. Supported formats: JPEG, PNG, MP4, AVI, ZIP.',
]

function video(
  what: string,
  image: Uint8Array,
  [code, says, status]: Refusal,
  more: Partial<Sent> = {},
): RefusedCase {
  return {
    what,
    image,
    mask: stillMask,
    imageName: 'film.mp4',
    fps: 'source',
    code,
    says,
    ...(status && { status }),
    ...more,
  }
}

function maskOf(what: string, wrong: Uint8Array, refusal: Refusal): RefusedCase {
  return video(`a mask video ${what}`, plain, refusal, { mask: wrong, maskName: 'mask.mp4' })
}

function fps(value: string, more: Partial<Sent> = {}): RefusedCase {
  const says = /^fps is '.*'; it must be a number from 0\.01 to 240, or 'source' for every frame/
  return video(`fps of '${value}'`, plain, ['upload.fps_invalid', says], { fps: value, ...more })
}

/** The first box of that name whose four bytes are replaced by another name. */
const rename = (file: Uint8Array, box: string, other: string) =>
  patch(file, find(file, box), ...bytesOf(other))
/** Another name for how the film's samples are coded. */
const renameSample = (file: Uint8Array, other: string) =>
  patch(file, find(file, 'avc1', find(file, 'stsd')), ...bytesOf(other))
const zeroFrom = (file: Uint8Array, start: number, end = file.length) => {
  const changed = Uint8Array.from(file)
  return changed.fill(0, start, end)
}
const noFrames = (file: 'video' | 'mask'): Refusal => [
  'video.no_frames',
  `The ${file} has no frames: its picture stream is empty. Upload one that plays in a video player.`,
]
const movieData = (file: Uint8Array) => find(file, 'mdat') + 4

/** As a film that was bought: its samples are named so, and unreadable without a key. */
function encrypt(file: Uint8Array): Uint8Array {
  const named = renameSample(file, 'encv')
  const end = find(named, 'moov') - 4
  return named.map((byte, at) =>
    at >= movieData(named) && at < end ? byte ^ ((at * 73) & 255) : byte,
  )
}

const cutVideos = [
  video('an MP4 of its first four bytes', plain.subarray(0, 4), unknown),
  video('an MP4 cut in ftyp', plain.subarray(0, 14), undecodable('video', noIndex)),
  video('an MP4 of ftyp alone', plain.subarray(0, 28), undecodable('video', noIndex)),
  video(
    'an MP4 cut in mdat, before its index',
    plain.subarray(0, movieData(plain) + 40),
    undecodable('video', noIndex),
  ),
  video(
    'an MP4 cut where its index begins',
    plain.subarray(0, find(plain, 'moov') + 4),
    undecodable('video', noIndex),
  ),
  video(
    'an MP4 cut in its index',
    plain.subarray(0, find(plain, 'stbl') + 20),
    undecodable('video', '.*'),
  ),
  video(
    'an MP4 whose index in front is cut',
    indexFirst.subarray(0, find(indexFirst, 'stbl') + 20),
    undecodable('video', '.*'),
  ),
  video(
    'an MP4 of an index and no pictures',
    indexFirst.subarray(0, movieData(indexFirst)),
    noFrames('video'),
  ),
  video(
    'an MP4 in fragments of which none came',
    fragmented.subarray(0, find(fragmented, 'moof') - 4),
    [
      'video.no_frames',
      /^The video has no frames: its picture stream is empty\. Upload one that plays in a video player\.$/,
    ],
  ),
  video('a Matroska cut in its head', mkv.subarray(0, 30), undecodable('video', damagedStart)),
  video(
    'a Matroska cut before its pictures',
    mkv.subarray(0, find(mkv, '\x1f\x43\xb6\x75')),
    undecodable('video', damagedStart),
  ),
  video('a WebM cut in its head', webm.subarray(0, 40), undecodable('video', damagedStart)),
  video('a WebM of one byte', webm.subarray(0, 1), unknown),
  video('an AVI of its RIFF head alone', avi.subarray(0, 12), undecodable('video', damagedStart)),
  video('an AVI cut in its header', avi.subarray(0, 100), undecodable('video', '.*')),
  video(
    'an AVI cut before its pictures',
    avi.subarray(0, find(avi, 'movi') + 4),
    noFrames('video'),
  ),
]

const brokenVideos = [
  video(
    'an MP4 whose index is overwritten',
    zeroFrom(plain, find(plain, 'moov') + 4),
    undecodable('video', noIndex),
  ),
  video(
    'an MP4 whose index has another name',
    rename(plain, 'moov', 'moof'),
    undecodable('video', '.*'),
  ),
  video(
    'an MP4 whose pictures are overwritten',
    zeroFrom(plain, movieData(plain), find(plain, 'moov') - 4),
    undecodable('video', 'has frames in the codec h264 that cannot be decoded: they are damaged'),
  ),
  video(
    'an MP4 that is encrypted',
    encrypt(plain),
    undecodable('video', 'has pictures in the codec unknown, which cannot be decoded here'),
  ),
  video(
    'an MP4 of a codec unheard of',
    rename(renameSample(plain, 'zzzz'), 'avcC', 'zzzC'),
    undecodable('video', 'has pictures in the codec .*, which cannot be decoded here'),
  ),
  video(
    'an AVI in a codec that is not decoded',
    clip('wmv2.avi'),
    undecodable('video', 'has pictures in the codec wmv2, which cannot be decoded here'),
  ),
  video(
    'an AVI of raw pictures',
    clip('rawvideo.avi'),
    undecodable('video', 'has pictures in the codec rawvideo, which cannot be decoded here'),
  ),
  video(
    'a Matroska of bytes that are none',
    join(bytesOf('\x1a\x45\xdf\xa3'), new Uint8Array(500)),
    undecodable('video', damagedStart),
  ),
  video(
    'an MP4 of nothing but its name',
    join(bytesOf('\0\0\0\x18ftypisom\0\0\x02\0isomiso2'), new Uint8Array(500)),
    undecodable('video', noIndex),
  ),
  ...['9000x9000', '30000x30000'].map((size) =>
    video(
      `a Matroska of ${size}`,
      clip(`${size}.mkv`),
      undecodable(
        'video',
        'has frames in the codec mjpeg of a size that cannot be told: they are damaged, or above the 64000000 pixels that are taken',
      ),
    ),
  ),
  video('10001 frames', clip('many-frames.mkv'), [
    'video.too_many_frames',
    /^The video of 100\.\d s would give 10001 frames; at most 10000 are taken\. Ask for at most 99\.\d+ frames a second, or cut it shorter\.$/,
  ]),
  ...['mp4', 'mkv', 'webm', 'avi'].map((ending) =>
    video(`a ${ending} of sound alone`, clip(`sound-only.${ending}`), [
      'video.no_video_stream',
      'The video holds no moving pictures, only sound. Upload a file that shows a picture.',
    ]),
  ),
  video('a song with its cover', clip('cover-only.mp4'), [
    'video.no_video_stream',
    'The video holds no moving pictures, only sound. Upload a file that shows a picture.',
  ]),
]

const grey = (frame: string, seconds: string, share: RegExp): Refusal => [
  'mask.not_binary',
  new RegExp(
    `^Frame ${frame} of the mask \\(at ${seconds} s\\): ${share.source} of the mask's pixels are grey \\(between 48 and 207\\); at most 3% may be\\. Paint what to remove white, the rest black, without soft edges\\.$`,
  ),
]

const wrongMasks = [
  maskOf('of grey', clip('mask-grey.mp4'), grey('\\d', '0\\.\\d0', /100\.0%/)),
  maskOf(
    'that is grey in its third frame',
    clip('mask-grey-later.mp4'),
    grey('3', '0\\.20', /\d\d\.\d%/),
  ),
  maskOf('that is a film', clip('mask-film.webm'), grey('\\d', '0\\.\\d0', /\d\d\.\d%/)),
  maskOf('that is white everywhere', clip('mask-white.mp4'), [
    'mask.covers_everything',
    /^Frame \d of the mask \(at 0\.\d0 s\): The mask is white everywhere, so no pixel is left to fill from\. Leave what to keep black\.$/,
  ]),
  maskOf('of sound alone', clip('sound-only.mp4'), [
    'video.no_video_stream',
    'The mask holds no moving pictures, only sound. Upload a file that shows a picture.',
  ]),
  maskOf(
    'without its index',
    maskVideo.subarray(0, find(maskVideo, 'moov')),
    undecodable('mask', noIndex),
  ),
  maskOf(
    'whose pictures are overwritten',
    zeroFrom(maskVideo, movieData(maskVideo), find(maskVideo, 'moov') - 4),
    undecodable('mask', '.*'),
  ),
  maskOf(
    'in fragments of which none came',
    fragmented.subarray(0, find(fragmented, 'moof') - 4),
    noFrames('mask'),
  ),
  maskOf(
    'that is text',
    bytesOf('no mask at all, but a line of text that is long enough to be a head of a file'),
    unknown,
  ),
  maskOf('that is empty', new Uint8Array(0), [
    'media.empty',
    'The mask is empty (0 bytes). Upload it again.',
  ]),
  maskOf('that is a still of grey', readMedia('parts', 'mask-half-grey.png'), [
    'mask.not_binary',
    /^100\.0 % of the mask's pixels/,
  ]),
  maskOf('that is a still of white', readMedia('parts', 'mask-white.png'), [
    'mask.covers_everything',
    /^The mask is white everywhere/,
  ]),
  maskOf('that is a still cut off', mask.subarray(0, -12), [
    'media.truncated',
    /^The mask ends too early, after \d+ bytes/,
  ]),
]

const wrongRates = [
  ...[
    '0',
    '-1',
    '0.001',
    '240.1',
    '1000',
    'NaN',
    'all',
    '1e2',
    '5 fps',
    '30000/1001',
    '10,5',
    '٣',
  ].map((value) => fps(value)),
  video(
    'fps above that of the video',
    plain,
    [
      'video.fps_too_high',
      "60 frames a second were asked for, and the video has 10 on average. Ask for at most that many, or for 'source' to get every frame.",
    ],
    { fps: '60' },
  ),
  video(
    'fps just above that of the video',
    plain,
    ['video.fps_too_high', /^10\.2 frames a second were asked for/],
    {
      fps: '10.2',
    },
  ),
]

/** Videos that hold no pictures, or none that can be had, and mask videos that are no masks. */
export const wrongVideos: readonly RefusedCase[] = [
  ...cutVideos,
  ...brokenVideos,
  ...wrongMasks,
  ...wrongRates,
]
