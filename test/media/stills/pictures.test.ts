import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { checkStill, refusalOf } from '../fixtures/checks.ts'
import { files, samples } from '../fixtures/files.ts'
import {
  assemblePng,
  createChunk,
  createPng,
  createRawRows,
  type PngParts,
} from '../fixtures/png.ts'

const small: PngParts = { width: 5, height: 3, pixel: (x, y) => [x * 40 + y] }
const jpegExif = { format: 'jpeg', contentType: 'image/jpeg', extension: 'jpg' }

/** One file of every structure that is taken. */
const accepted: Record<string, Uint8Array> = {
  'a grey PNG': createPng(small),
  'a PNG of 1 bit': createPng({ ...small, bitDepth: 1, pixel: (x) => [x & 1] }),
  'a PNG of 16 bits': createPng({ ...small, bitDepth: 16, pixel: (x) => [x * 9000] }),
  'an RGB PNG': createPng({ ...small, colourType: 2, pixel: (x, y) => [x, y, 9] }),
  'a PNG with alpha': createPng({ ...small, colourType: 6, pixel: (x, y) => [x, y, 9, 128] }),
  'a grey PNG with alpha': createPng({ ...small, colourType: 4, pixel: (x, y) => [x, y] }),
  'a PNG with a palette': createPng({
    ...small,
    bitDepth: 2,
    colourType: 3,
    pixel: (x) => [x & 3],
    before: [createChunk('PLTE', new Uint8Array(12)), createChunk('tRNS', new Uint8Array(2))],
  }),
  'an interlaced PNG': createPng({ ...small, isInterlaced: true }),
  'a PNG of one pixel, interlaced': createPng({ width: 1, height: 1, isInterlaced: true }),
  'a PNG in many data chunks': createPng({ ...small, dataChunks: 6 }),
  'a PNG with text before and after its data': createPng({
    ...small,
    before: [createChunk('tEXt', Buffer.from('Comment\0hello'))],
    after: [createChunk('tEXt', Buffer.from('Comment\0goodbye'))],
  }),
  'a photograph as PNG': samples.chelsea,
  'a photograph as JPEG': samples.coffee,
  'a baseline JPEG': files.baselineJpg,
  'a progressive JPEG': files.progressiveJpg,
  'a CMYK JPEG': files.cmykJpg,
  'a grey JPEG': files.greyJpg,
  'a JPEG with restart markers': files.restartsJpg,
  'a rotated JPEG': files.rotatedJpg,
  'a lossy WebP': files.lossyWebp,
  'a lossless WebP': files.losslessWebp,
  'a WebP with alpha': files.alphaWebp,
  'a lossless WebP with alpha': files.alphaLosslessWebp,
  'a WebP with EXIF': files.rotatedWebp,
}

describe('a picture of any structure', () => {
  it.each(Object.entries(accepted))('is taken: %s', async (_name, file) => {
    const facts = await checkStill(file)
    expect(facts.width * facts.height).toBeGreaterThan(0)
    expect(facts.contentType).toBe(`image/${facts.format}`)
  })

  it.each(Object.entries(accepted))(
    'is the same in whatever pieces it comes: %s',
    async (_name, file) => {
      const whole = await checkStill(file)
      const pieces = file.length > 10_000 ? [997] : [1, 2, 3, 7, 64]
      for (const pieceBytes of pieces) expect(await checkStill(file, { pieceBytes })).toEqual(whole)
    },
  )

  it.each(Object.entries(accepted))('is refused cut short anywhere: %s', async (_name, file) => {
    const step = Math.max(1, Math.floor(file.length / 400))
    for (let length = 1; length < file.length; length += step) {
      const { code } = await refusalOf(checkStill(file.subarray(0, length)))
      const isTooShortToTell = length < 12
      const expected = isTooShortToTell
        ? ['media.truncated', 'media.kind_unsupported']
        : ['media.truncated']
      expect(expected, `cut after ${length} of ${file.length} bytes`).toContain(code)
    }
  })

  it('is taken as PNG of every size, whatever strides the runtime inflates in', async () => {
    for (let height = 1; height < 4000; height += Math.ceil(height / 12)) {
      const parts = { width: 1023, height, pixel: () => [0] }
      const raw = new Uint8Array(height * 1024)
      const file = assemblePng(parts, deflateSync(raw, { level: 1 }))
      expect(await checkStill(file)).toMatchObject({ height })
      const longer = assemblePng(parts, deflateSync(new Uint8Array(raw.length + 1), { level: 1 }))
      expect((await refusalOf(checkStill(longer))).code).toBe('media.corrupt')
    }
  })

  it('tells sizes and format', async () => {
    expect(await checkStill(files.baselineJpg)).toEqual({
      ...jpegExif,
      width: 40,
      height: 24,
      uprightWidth: 40,
      uprightHeight: 24,
      orientation: 1,
    })
    expect(await checkStill(files.alphaWebp)).toMatchObject({ width: 40, height: 24 })
    expect(await checkStill(files.losslessWebp)).toMatchObject({ width: 40, height: 24 })
    expect(await checkStill(samples.chelsea)).toMatchObject({ format: 'png', extension: 'png' })
  })

  it.each([
    ['JPEG', files.rotatedJpg],
    ['PNG', files.rotatedPng],
    ['WebP', files.rotatedWebp],
  ])('is measured upright where a %s says that it was taken sideways', async (_format, file) => {
    expect(await checkStill(file)).toMatchObject({
      width: 40,
      height: 24,
      uprightWidth: 24,
      uprightHeight: 40,
      orientation: 6,
    })
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 0, 9])(
    'reads orientation %i of either byte order',
    async (value) => {
      const little = Buffer.from('II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0', 'latin1')
      little.writeUInt16LE(value, 18)
      const big = Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0', 'latin1')
      big.writeUInt16BE(value, 18)
      for (const exif of [little, big]) {
        const facts = await checkStill(createPng({ ...small, before: [createChunk('eXIf', exif)] }))
        expect(facts.orientation).toBe(value >= 1 && value <= 8 ? value : 1)
        expect(facts.uprightWidth).toBe(value >= 5 && value <= 8 ? 3 : 5)
      }
    },
  )

  it('is upright where its EXIF is broken', async () => {
    const whole = Buffer.from('II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0', 'latin1')
    for (let length = 0; length < whole.length; length += 1) {
      const exif = createChunk('eXIf', whole.subarray(0, length))
      const { orientation } = await checkStill(createPng({ ...small, before: [exif] }))
      expect(orientation).toBe(length >= 22 ? 6 : 1)
    }
  })

  it.each([
    ['PNG', createPng(small)],
    ['JPEG', files.baselineJpg],
    ['WebP', files.lossyWebp],
  ])('may have bytes behind the end of its %s', async (_format, file) => {
    const longer = Buffer.concat([file, Buffer.from('trailing notes of a camera')])
    expect(await checkStill(longer)).toEqual(await checkStill(file))
    expect(await checkStill(longer, { pieceBytes: 5 })).toEqual(await checkStill(file))
  })
})

describe('a large PNG, inflated in pieces', () => {
  const parts: PngParts = { width: 1500, height: 1000, colourType: 2 }
  const raw = new Uint8Array(1000 * (1 + 4500))
  for (let i = 0; i < raw.length; i += 1) raw[i] = i % 4501 === 0 ? 0 : (i * i) >> 7
  const compressed = deflateSync(raw, { level: 1 })

  it('is taken', async () => {
    const file = assemblePng({ ...parts, dataChunks: 30 }, compressed)
    expect(await checkStill(file, { pieceBytes: 65_536 })).toMatchObject({ width: 1500 })
  })

  it.each([
    ['holds more than its header says', { ...parts, height: 999 }, compressed],
    ['holds less than its header says', { ...parts, height: 1001 }, compressed],
    ['has image data that ends early', parts, compressed.subarray(0, compressed.length - 9)],
    ['has image data that is no zlib stream', parts, new Uint8Array(5_000_000).fill(7)],
  ])('is refused where it %s', async (_case, header, data) => {
    const file = assemblePng(header, data)
    const { code } = await refusalOf(checkStill(file, { pieceBytes: 65_536 }))
    expect(code).toBe('media.corrupt')
  })

  it('is taken whole even where its small picture has much padding in the stream', async () => {
    const empty = Buffer.alloc(900_000 * 5)
    for (let i = 0; i < empty.length; i += 5) empty.set([0, 0, 0, 0xff, 0xff], i)
    const zlib = deflateSync(createRawRows(small))
    const padded = Buffer.concat([zlib.subarray(0, 2), empty, zlib.subarray(2)])
    expect(await checkStill(assemblePng(small, padded))).toMatchObject({ width: 5, height: 3 })
  })
})
