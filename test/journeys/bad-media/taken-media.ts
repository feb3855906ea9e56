import { createPng, type PngParts } from '../../media/fixtures/png.ts'
import { mask, photo, type Sent } from './cases.ts'
import { listMedia, readMedia } from './media.ts'

export interface TakenPicture extends Sent {
  readonly what: string
  readonly kind: 'picture'
  readonly image: Uint8Array
  readonly mask: Uint8Array
  /** How far the result may be from what a viewer shows of the source, outside the hole. */
  readonly colour: number
}

export interface TakenVideo extends Sent {
  readonly what: string
  readonly kind: 'video'
  readonly image: Uint8Array
  readonly mask: Uint8Array
  readonly items: number
  /** What the upload's notes must say; none where nothing is given. */
  readonly notes?: RegExp
}

function look(name: string, image: Uint8Array): TakenPicture {
  const isCoded = !name.endsWith('.png')
  return {
    what: name,
    kind: 'picture',
    image,
    mask,
    imageName: name,
    colour: isCoded ? 2 : 0,
  }
}

const wave = (x: number, y: number, steps: number) =>
  Math.floor((((x * 5 + y * 3) % 256) * steps) / 256)
const samplesOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 }

/** A PNG that no program here writes: of that depth, colour type and interlacing. */
function rare(
  bitDepth: number,
  colourType: number,
  isInterlaced: boolean,
  more: Partial<PngParts> = {},
) {
  const levels = 2 ** bitDepth
  const samples = samplesOf[colourType] ?? 1
  const name = `${isInterlaced ? 'interlaced' : 'plain'}-${bitDepth}-bit-type-${colourType}.png`
  const image = createPng({
    width: 64,
    height: 48,
    bitDepth,
    colourType,
    isInterlaced,
    filters: [0, 1, 2, 3, 4],
    pixel: (x, y) => Array.from({ length: samples }, (_, i) => wave(x + 20 * i, y, levels)),
    ...more,
  })
  return look(name, image)
}

const rarePngs = [
  ...[1, 2, 4, 8, 16].map((depth) => rare(depth, 0, true)),
  ...[2, 4].map((depth) => rare(depth, 0, false)),
  ...[8, 16].flatMap((depth) => [2, 4, 6].map((type) => rare(depth, type, true))),
]

const misnamed = [
  { ...look('png-named.jpg', photo), contentType: 'image/jpeg', colour: 0 },
  {
    ...look('jpeg-named.png', readMedia('looks', 'sampled-444.jpg')),
    contentType: 'image/png',
    colour: 2,
  },
  {
    ...look('webp-named.mp4', readMedia('looks', 'lossy.webp')),
    contentType: 'video/mp4',
    colour: 2,
  },
  { ...look('nameless', photo), contentType: 'text/plain', colour: 0 },
]

/** Pictures of every kind that is taken; each must come back as a viewer shows it. */
export const takenPictures: readonly TakenPicture[] = [
  ...listMedia('looks').map((name) => {
    return look(name, readMedia('looks', name))
  }),
  ...rarePngs,
  ...misnamed,
]

/** Masks of every kind that is taken, on one picture. */
export const takenMasks: readonly TakenPicture[] = listMedia('masks').map((name) => ({
  ...look(`by-${name}`, photo),
  imageName: `by-${name}.png`,
  mask: readMedia('masks', name),
  maskName: name,
  colour: 0,
}))

const still = readMedia('clip-masks', 'still.png')
const stillByClip: Readonly<Record<string, string>> = {
  'odd-size.mp4': 'still-odd.png',
  'odd-size.mkv': 'still-odd.png',
  'turned-90.mp4': 'still-upright.png',
  'turned-90.mov': 'still-upright.png',
  'turned-270.mp4': 'still-upright.png',
}
const itemsByClip: Readonly<Record<string, number>> = { 'one-frame.mp4': 1, 'b-frames.mp4': 5 }

const clips = listMedia('clips').map(
  (name): TakenVideo => ({
    what: name,
    kind: 'video',
    image: readMedia('clips', name),
    mask: readMedia('clip-masks', stillByClip[name] ?? 'still.png'),
    // Results are called as their videos without the ending, so that is part of the name.
    imageName: `${name.replace('.', '-')}.${name.split('.')[1]}`,
    fps: 'source',
    items: itemsByClip[name] ?? 3,
  }),
)

const notesByMask: Readonly<Record<string, RegExp>> = {
  'longer.mp4': /lasts 0\.90 s and the video 0\.30 s: the rest of the mask was not used\./,
  'shorter.mp4': /lasts 0\.10 s and the video 0\.30 s: its last frame goes on to the end\./,
  'larger.mp4': /is 256×192 pixels and was scaled to the video's 128×96\./,
  'still-large.png': /is 256×192 pixels and was scaled to the video's 128×96\./,
}

const masked = listMedia('clip-masks')
  .filter((name) => !/still-odd|still-upright/.test(name))
  .map(
    (name): TakenVideo => ({
      what: `by-${name}`,
      kind: 'video',
      image: readMedia('clips', 'x264.mp4'),
      mask: readMedia('clip-masks', name),
      imageName: `by-${name.replace('.', '-')}.mp4`,
      maskName: name,
      fps: 'source',
      items: 3,
      ...(notesByMask[name] && { notes: notesByMask[name] }),
    }),
  )

const indexFirst = readMedia('wrong-clips', 'index-first.mp4')
const plain = readMedia('clips', 'x264.mp4')

/** Says that it lasts a day: its pictures are believed, and not its header. */
function withDuration(file: Uint8Array, ticks: number): Uint8Array {
  const changed = Buffer.from(file)
  const movie = changed.indexOf('mvhd')
  changed.writeUInt32BE(ticks, movie + 20)
  const track = changed.indexOf('tkhd')
  changed.writeUInt32BE(ticks, track + 24)
  const media = changed.indexOf('mdhd')
  changed.writeUInt32BE(ticks, media + 20)
  return new Uint8Array(changed)
}

const peculiar: TakenVideo[] = [
  {
    what: 'lying-duration.mp4',
    kind: 'video',
    image: withDuration(plain, 86_400_000),
    mask: still,
    items: 3,
    fps: 'source',
  },
  {
    what: 'lying-no-duration.mp4',
    kind: 'video',
    image: withDuration(plain, 0),
    mask: still,
    items: 3,
    fps: 'source',
  },
  {
    what: 'cut-in-its-pictures.mp4',
    kind: 'video',
    image: indexFirst.subarray(0, -40),
    mask: still,
    items: 5,
    fps: 'source',
    notes: /was cut off: 5 of 6 frames are there, and these are used\./,
  },
  { what: 'sampled-once-a-second.mp4', kind: 'video', image: plain, mask: still, items: 1 },
  {
    what: 'sampled-at-half-rate.mp4',
    kind: 'video',
    image: indexFirst,
    mask: still,
    items: 3,
    fps: '5',
  },
].map((clip) => ({ ...clip, kind: 'video' as const, imageName: clip.what }))

/** Videos of every container and codec, and masks of every kind that videos may have. */
export const takenVideos: readonly TakenVideo[] = [...clips, ...masked, ...peculiar]
