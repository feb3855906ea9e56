import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createStillChecker } from '../../src/media/stills/still-checker.ts'
import { checkStill, feed, limits, refusalOf } from './fixtures/checks.ts'
import { files } from './fixtures/files.ts'
import {
  assemblePng,
  createChunk,
  createHeaderChunk,
  createPng,
  createRawRows,
  type PngParts,
  signature,
} from './fixtures/png.ts'

const small: PngParts = { width: 5, height: 3, pixel: (x, y) => [x * 40 + y] }
const raw = createRawRows(small)
const data = deflateSync(raw)
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const join = (...parts: Uint8Array[]) => Buffer.concat(parts)

function patch(file: Uint8Array, offset: number, ...bytes: number[]): Uint8Array {
  const changed = Uint8Array.from(file)
  changed.set(bytes, offset)
  return changed
}

function find(file: Uint8Array, text: string): number {
  const offset = Buffer.from(file).indexOf(latin1(text))
  expect(offset, `${text} is in the file`).toBeGreaterThanOrEqual(0)
  return offset
}

describe('what is no picture', () => {
  it.each([
    ['text', latin1('hello, this is a text that calls itself picture.png and nothing more')],
    ['a GIF', join(latin1('GIF89a'), new Uint8Array(80))],
    ['a HEIC', join(latin1('\0\0\0\x18ftypheic'), new Uint8Array(80))],
    ['a PDF', join(latin1('%PDF-1.7\n'), new Uint8Array(80))],
    ['zeros', new Uint8Array(100)],
    ['a video', join(latin1('\0\0\0\x18ftypisom'), new Uint8Array(80))],
    ['an archive', join(latin1('PK\x03\x04'), new Uint8Array(80))],
    ['one byte', latin1('x')],
  ])("is refused in the original's words: %s", async (_name, file) => {
    const refusal = await refusalOf(checkStill(file))
    expect(refusal.code).toBe('media.kind_unsupported')
    expect(refusal.status).toBe(400)
    expect(refusal.message).toMatch(
      /^File type not supported\. Supported formats: JPEG, PNG, MP4, AVI, ZIP\./,
    )
    expect(refusal.message).toContain('image')
  })

  it('is refused when it is empty', async () => {
    const refusal = await refusalOf(createStillChecker({ ...limits, file: 'mask' }).end())
    expect(refusal).toMatchObject({ code: 'media.empty', status: 400 })
    expect(refusal.message).toContain('mask is empty')
  })

  it('is refused at its first byte too many, with the limit', async () => {
    const checker = createStillChecker({ ...limits, bytesMax: 100, file: 'image' })
    const refusal = await refusalOf(feed(checker, files.baselineJpg, 50))
    expect(refusal).toMatchObject({ code: 'media.too_large', status: 413 })
    expect(refusal.message).toContain('100 bytes')
  })
})

const wrongPngs: [string, Uint8Array, RegExp][] = [
  ['a wrong checksum of its header', patch(createPng(small), 29, 1, 2, 3, 4), /'IHDR'/],
  [
    'a wrong checksum of its data',
    patch(createPng(small), find(createPng(small), 'IEND') - 5, 1, 2),
    /'IDAT'/,
  ],
  ['no header', join(signature, createChunk('IDAT', data), createChunk('IEND')), /'IDAT'/],
  ['two headers', createPng({ ...small, before: [createHeaderChunk(small)] }), /'IHDR'/],
  ['no data', join(signature, createHeaderChunk(small), createChunk('IEND')), /no image data/],
  [
    'a bit depth that its colour type has not',
    createPng({ ...small, bitDepth: 4, colourType: 2 }),
    /bit depth 4 with colour type 2/,
  ],
  ['a colour type that does not exist', createPng({ ...small, colourType: 5 }), /colour type 5/],
  ['no width', createPng({ ...small, width: 0 }), /0×3/],
  ['no palette', createPng({ ...small, colourType: 3 }), /palette is missing/],
  [
    'a palette of broken colours',
    createPng({ ...small, colourType: 3, before: [createChunk('PLTE', new Uint8Array(4))] }),
    /palette has 4 bytes/,
  ],
  [
    'more colours than its depth has',
    createPng({
      ...small,
      bitDepth: 1,
      colourType: 3,
      before: [createChunk('PLTE', new Uint8Array(9))],
    }),
    /2 colours/,
  ],
  [
    'a palette behind its data',
    createPng({ ...small, after: [createChunk('PLTE', new Uint8Array(3))] }),
    /palette of 3 bytes is too late/,
  ],
  [
    'a chunk that readers must know',
    createPng({ ...small, before: [createChunk('CgBI', new Uint8Array(4))] }),
    /'CgBI'/,
  ],
  [
    'data in two places',
    join(
      createPng(small).subarray(0, -12),
      createChunk('tEXt'),
      createChunk('IDAT', data),
      createChunk('IEND'),
    ),
    /interrupted/,
  ],
  [
    'no chunk where one must be',
    join(createPng(small).subarray(0, -12), new Uint8Array(12)),
    /begins where none can/,
  ],
  [
    'data of one row less',
    assemblePng(small, deflateSync(raw.subarray(0, -6))),
    /less than its header/,
  ],
  [
    'data of one byte less',
    assemblePng(small, deflateSync(raw.subarray(0, -1))),
    /less than its header/,
  ],
  [
    'data of one byte more',
    assemblePng(small, deflateSync(join(raw, new Uint8Array(1)))),
    /more than its header/,
  ],
  [
    'a bomb for data',
    assemblePng(small, deflateSync(new Uint8Array(30_000_000))),
    /more than its header/,
  ],
  ['data that ends early', assemblePng(small, data.subarray(0, -5)), /cannot be inflated/],
  [
    'data with a wrong checksum',
    assemblePng(small, patch(data, data.length - 1, 99)),
    /cannot be inflated/,
  ],
  [
    'data that is no zlib stream',
    assemblePng(small, latin1('no zlib stream')),
    /cannot be inflated/,
  ],
  ['a filter that does not exist', createPng({ ...small, filters: [0, 5] }), /filter type 5/],
]

describe('a PNG with a fault', () => {
  it.each(wrongPngs)('is refused: %s', async (_name, file, message) => {
    for (const pieceBytes of [file.length, 3]) {
      const refusal = await refusalOf(checkStill(file, { pieceBytes }))
      expect(refusal).toMatchObject({ code: 'media.corrupt', status: 400 })
      expect(refusal.message).toMatch(message)
      expect(refusal.message).toMatch(/^The image is damaged: /)
    }
  })

  it('is never taken with any one byte of its chunks changed', async () => {
    const file = createPng({ ...small, before: [createChunk('tEXt', latin1('k\0v'))] })
    for (let offset = 8; offset < file.length; offset += 1) {
      const changed = patch(file, offset, (file[offset] as number) ^ 0x15)
      const { code } = await refusalOf(checkStill(changed))
      expect(['media.corrupt', 'media.truncated', 'media.too_many_pixels']).toContain(code)
    }
  })

  it('is refused where it is animated', async () => {
    const refusal = await refusalOf(checkStill(files.animatedPng))
    expect(refusal.code).toBe('media.animated')
    expect(refusal.message).toContain('animated PNG')
  })
})

describe('a picture of too many pixels', () => {
  const header = createHeaderChunk({ width: 30_000, height: 30_000 })

  it('is refused by its header alone, with size and limit', async () => {
    const checker = createStillChecker({ ...limits, file: 'image' })
    const refusal = await refusalOf(checker.push(join(signature, header, new Uint8Array(64))))
    expect(refusal).toMatchObject({ code: 'media.too_many_pixels', status: 400 })
    expect(refusal.message).toContain('30000×30000 = 900000000 pixels')
    expect(refusal.message).toContain('64000000')
  })

  it.each([
    ['PNG', createPng(small), 14],
    ['JPEG', files.baselineJpg, 959],
    ['lossy WebP', files.lossyWebp, 959],
    ['lossless WebP', files.losslessWebp, 959],
    ['WebP with a canvas', files.alphaWebp, 959],
  ])('is refused whatever its format: %s', async (_format, file, pixelsMax) => {
    expect((await refusalOf(checkStill(file, { pixelsMax }))).code).toBe('media.too_many_pixels')
    expect(await checkStill(file, { pixelsMax: pixelsMax + 1 })).toHaveProperty('format')
  })

  it('is refused with a side that no result could have', async () => {
    const file = join(
      signature,
      createHeaderChunk({ width: 1, height: 65_536 }),
      new Uint8Array(64),
    )
    const refusal = await refusalOf(checkStill(file))
    expect(refusal.code).toBe('media.too_many_pixels')
    expect(refusal.message).toContain('65535 a side')
  })
})

describe('a JPEG with a fault', () => {
  const file = files.baselineJpg
  const frame = find(file, '\xff\xc0')
  const scan = find(file, '\xff\xda')
  const end = latin1('\xff\xd9')

  it.each([
    [
      'a scan before its frame',
      join(file.subarray(0, frame), file.subarray(scan)),
      'media.corrupt',
    ],
    ['two frames', join(file.subarray(0, scan), file.subarray(frame)), 'media.corrupt'],
    ['no scan', join(file.subarray(0, scan), end), 'media.corrupt'],
    ['no picture at all', join(file.subarray(0, 20), end), 'media.corrupt'],
    ['no height', patch(file, frame + 5, 0, 0), 'media.corrupt'],
    ['no width', patch(file, frame + 7, 0, 0), 'media.corrupt'],
    ['two colour channels', patch(file, frame + 9, 2), 'media.corrupt'],
    ['a segment shorter than its own length', patch(file, scan + 2, 0, 1), 'media.corrupt'],
    ['a byte where a marker must be', patch(file, frame, 0x12), 'media.corrupt'],
    ['a restart marker outside its data', patch(file, frame + 1, 0xd0), 'media.corrupt'],
    ['12 bits a channel', patch(file, frame + 4, 12), 'media.kind_unsupported'],
    ['lossless coding', patch(file, frame + 1, 0xc3), 'media.kind_unsupported'],
    ['arithmetic coding', patch(file, frame + 1, 0xc9), 'media.kind_unsupported'],
    ['a second start in its midst', patch(file, frame + 1, 0xd8), 'media.corrupt'],
  ])('is refused: %s', async (_name, wrong, code) => {
    for (const pieceBytes of [wrong.length, 3]) {
      const refusal = await refusalOf(checkStill(wrong, { pieceBytes }))
      expect(refusal.code).toBe(code)
      expect(refusal.message).toContain('image')
    }
  })

  it('is refused with more scans than any camera writes', async () => {
    const scans = Array.from({ length: 101 }, () => file.subarray(scan, -2))
    const { code, message } = await refusalOf(
      checkStill(join(file.subarray(0, scan), ...scans, end)),
    )
    expect(code).toBe('media.corrupt')
    expect(message).toContain('100 scans')
  })
})

describe('a WebP with a fault', () => {
  const lossy = files.lossyWebp
  const lossless = files.losslessWebp
  const extended = files.alphaWebp
  const canvas = find(extended, 'VP8X')
  const riff = (...chunks: Uint8Array[]) => {
    const body = join(...chunks)
    const head = latin1('RIFF\0\0\0\0WEBP')
    head.writeUInt32LE(body.length + 4, 4)
    return join(head, body)
  }

  it.each([
    ['no chunk', join(riff(), new Uint8Array(60))],
    ['a RIFF length of nothing', patch(lossy, 4, 0, 0, 0, 0)],
    ['two pictures', riff(lossy.subarray(12), lossy.subarray(12))],
    ['a chunk longer than the file', patch(lossy, 16, 0xff, 0xff)],
    ['no key frame', patch(lossy, 20, (lossy[20] as number) | 1)],
    ['no start code', patch(lossy, 23, 0)],
    ['no width', patch(lossy, 26, 0, 0)],
    ['a first partition longer than its data', patch(lossy, 21, 0xff, 0xff)],
    ['no lossless header', patch(lossless, 20, 0)],
    ['a lossless version to come', patch(lossless, 24, 0xe0)],
    ['a canvas of another size', patch(extended, canvas + 12, 41)],
    ['a canvas that is too short', riff(latin1('VP8X\x04\0\0\0\0\0\0\0'), lossy.subarray(12))],
    ['a canvas without a picture', riff(extended.subarray(canvas, canvas + 18), new Uint8Array(0))],
  ])('is refused: %s', async (_name, wrong) => {
    for (const pieceBytes of [wrong.length, 3]) {
      expect((await refusalOf(checkStill(wrong, { pieceBytes }))).code).toBe('media.corrupt')
    }
  })

  it('is refused where it is animated, by its flag and by its chunks', async () => {
    const flag = find(files.animatedWebp, 'VP8X') + 8
    const unflagged = patch(files.animatedWebp, flag, 0)
    for (const file of [files.animatedWebp, unflagged]) {
      const refusal = await refusalOf(checkStill(file))
      expect(refusal.code).toBe('media.animated')
      expect(refusal.message).toContain('animated WebP')
    }
  })
})
