import { describe, expect, it } from 'vitest'
import examples from '../../inference-container/tests/mask-examples.json'
import { ensureSameSize } from '../../src/media/stills/mask.ts'
import { checkMask, checkStill, refusalOf } from './fixtures/checks.ts'
import { files, samples } from './fixtures/files.ts'
import { createChunk, createPng, type PngParts } from './fixtures/png.ts'

/** A disc of 10 on 64×48, white on black, in samples up to `white`. */
const isHole = (x: number, y: number) => (x - 30) ** 2 + (y - 20) ** 2 <= 100
const size = { width: 64, height: 48 }
const discPixels = 317
const disc = (white: number) => (x: number, y: number) => {
  const value = isHole(x, y) ? white : 0
  return [value, value, value, value]
}
const withPalette = (...colours: number[]) => createChunk('PLTE', Uint8Array.from(colours))
const blackAndWhite = withPalette(0, 0, 0, 255, 255, 255)
const opaque = (x: number, y: number) => [...disc(255)(x, y).slice(0, 3), 255]

const kinds: [string, PngParts][] = [
  ['1 bit grey', { ...size, bitDepth: 1, pixel: disc(1) }],
  ['2 bits grey', { ...size, bitDepth: 2, pixel: disc(3) }],
  ['4 bits grey', { ...size, bitDepth: 4, pixel: disc(15) }],
  ['8 bits grey', { ...size, pixel: disc(255) }],
  ['16 bits grey', { ...size, bitDepth: 16, pixel: disc(65_535) }],
  ['8 bits RGB', { ...size, colourType: 2, pixel: disc(255) }],
  ['16 bits RGB', { ...size, colourType: 2, bitDepth: 16, pixel: disc(65_535) }],
  ['8 bits RGB with alpha', { ...size, colourType: 6, pixel: opaque }],
  ['16 bits RGB with alpha', { ...size, colourType: 6, bitDepth: 16, pixel: disc(65_535) }],
  ['8 bits grey with alpha', { ...size, colourType: 4, pixel: disc(255) }],
  ['16 bits grey with alpha', { ...size, colourType: 4, bitDepth: 16, pixel: disc(65_535) }],
  [
    '1 bit palette',
    { ...size, colourType: 3, bitDepth: 1, pixel: disc(1), before: [blackAndWhite] },
  ],
  [
    '2 bits palette',
    { ...size, colourType: 3, bitDepth: 2, pixel: disc(1), before: [blackAndWhite] },
  ],
  [
    '4 bits palette',
    { ...size, colourType: 3, bitDepth: 4, pixel: disc(1), before: [blackAndWhite] },
  ],
  ['8 bits palette', { ...size, colourType: 3, pixel: disc(1), before: [blackAndWhite] }],
]

describe('a PNG mask', () => {
  it.each(kinds)('is counted the same of any kind, interlaced or not: %s', async (_kind, parts) => {
    for (const isInterlaced of [false, true]) {
      for (const filters of [[0], [1], [2], [3], [4], [4, 3, 2, 1, 0]]) {
        const facts = await checkMask(createPng({ ...parts, isInterlaced, filters }))
        expect(facts).toMatchObject({ holePixels: discPixels, greyShare: 0, width: 64, height: 48 })
      }
    }
  })

  it.each([1, 2, 3, 5, 7, 9])(
    'is counted the same of a width that fills no byte: %i',
    async (width) => {
      for (const bitDepth of [1, 2, 4] as const) {
        const parts = {
          width,
          height: 3,
          bitDepth,
          pixel: (x: number, y: number) => [((x + y) & 1) * (2 ** bitDepth - 1)],
        }
        const wanted = Math.floor((width * 3) / 2)
        const facts = await checkMask(createPng(parts))
        expect(facts).toMatchObject({ holePixels: wanted, greyShare: 0 })
      }
    },
  )

  it('is counted the same in pieces when it is large', async () => {
    const parts = { width: 3000, height: 1500, pixel: (x: number) => [x < 700 ? 255 : 0] }
    const file = createPng({ ...parts, filters: [0, 1, 2, 3, 4], dataChunks: 9 })
    expect(await checkMask(file, { pieceBytes: 1000 })).toMatchObject({
      holePixels: 700 * 1500,
      greyShare: 0,
    })
  })

  it('shows nothing where it is transparent, by alpha, by palette or by a named colour', async () => {
    const half = (x: number) => (x < 32 ? 255 : 0)
    const white = [255, 255, 255]
    const transparent: PngParts[] = [
      { ...size, colourType: 6, pixel: (x) => [...white, half(x)] },
      { ...size, colourType: 4, pixel: (x) => [255, half(x)] },
      {
        ...size,
        colourType: 3,
        bitDepth: 1,
        pixel: (x) => [x < 32 ? 1 : 0],
        before: [withPalette(...white, ...white), createChunk('tRNS', Uint8Array.of(0))],
      },
      {
        ...size,
        pixel: (x) => [x < 32 ? 255 : 254],
        before: [createChunk('tRNS', Uint8Array.of(0, 254))],
      },
      {
        ...size,
        colourType: 2,
        pixel: (x) => (x < 32 ? white : [255, 255, 254]),
        before: [createChunk('tRNS', Uint8Array.of(0, 255, 0, 255, 0, 254))],
      },
      {
        ...size,
        bitDepth: 16,
        pixel: (x) => [x < 32 ? 65_535 : 65_534],
        before: [createChunk('tRNS', Uint8Array.of(255, 254))],
      },
    ]
    for (const parts of transparent) {
      expect(await checkMask(createPng(parts))).toMatchObject({ holePixels: 32 * 48, greyShare: 0 })
    }
  })

  it('is refused by what is wrong with it as a picture, naming the mask', async () => {
    const file = createPng({ ...size, pixel: disc(255) })
    const cut = await refusalOf(checkMask(file.subarray(0, -20)))
    expect(cut).toMatchObject({ code: 'media.truncated', details: { file: 'mask' } })
    const large = await refusalOf(checkMask(file, { pixelsMax: 3071 }))
    expect(large.code).toBe('media.too_many_pixels')
    expect(large.message).toContain('The mask has 64×48 = 3072 pixels; at most 3071')
  })
})

interface ExampleLevel {
  readonly value?: number
  readonly rgba?: readonly number[]
  readonly pixels: number
}

describe('the table of examples that the inference service is held to', () => {
  it.each(examples)('$name', async ({ width, height, levels, accepted, greyShare, holeShare }) => {
    const colours = levels.flatMap(({ value = 0, rgba, pixels }: ExampleLevel) =>
      Array.from({ length: pixels }, () => rgba ?? [value, value, value, 255]),
    )
    const colourType = levels.some((level) => 'rgba' in level) ? 6 : 0
    const pixel = (x: number, y: number) => colours[y * width + x] as readonly number[]
    const file = createPng({ width, height, colourType, pixel })
    const covers = holeShare === 1
    if (accepted && !covers) {
      const facts = await checkMask(file)
      expect(facts.greyShare).toBeCloseTo(greyShare, 9)
      expect(facts.holePixels).toBe(Math.round(holeShare * width * height))
      return
    }
    const refusal = await refusalOf(checkMask(file))
    expect(refusal.code).toBe(accepted ? 'mask.covers_everything' : 'mask.not_binary')
    if (!accepted) expect(refusal.details.greyShare).toBeCloseTo(greyShare, 9)
  })
})

describe('a JPEG or WebP mask', () => {
  it.each([
    ['a JPEG with ringing at its edges', files.maskRingingJpg],
    ['a lossy WebP', files.maskRingingWebp],
    ['a lossless WebP', files.maskWebp],
  ])('is decoded and counted: %s', async (_name, file) => {
    const facts = await checkMask(file, { pieceBytes: 100 })
    expect(facts).toMatchObject({ width: 128, height: 96, holePixels: 2439 })
    expect(facts.greyShare).toBeLessThan(0.03)
  })

  it('is refused where it is a photograph, with its share of grey', async () => {
    const refusal = await refusalOf(checkMask(samples.coffee))
    expect(refusal).toMatchObject({ code: 'mask.not_binary', status: 400 })
    expect(refusal.message).toMatch(/^\d\d\.\d % of the mask's pixels are grey .* at most 3\.0 %/)
  })

  it('is laid over black where a WebP is transparent', async () => {
    const refusal = await refusalOf(checkMask(files.alphaLosslessWebp))
    expect(refusal.code).toBe('mask.not_binary')
  })

  it('is refused in CMYK, saying so', async () => {
    const refusal = await refusalOf(checkMask(files.cmykJpg))
    expect(refusal.code).toBe('media.corrupt')
    expect(refusal.message).toContain('is in CMYK')
  })

  it('goes on being decoded after one that could not be', async () => {
    const broken = Uint8Array.from(files.maskWebp)
    broken.fill(0xa5, 30, broken.length)
    expect((await refusalOf(checkMask(broken))).code).toBe('media.corrupt')
    expect(await checkMask(files.maskWebp)).toMatchObject({ holePixels: 2439 })
  })

  it('is asked for as a PNG where it has more pixels than a codec may hold', async () => {
    const wide = Uint8Array.from(files.maskRingingJpg)
    const frame = Buffer.from(wide).indexOf(Buffer.from([0xff, 0xc0]))
    wide.set([0x0b, 0x00, 0x0c, 0x00], frame + 5)
    const refusal = await refusalOf(checkMask(wide))
    expect(refusal).toMatchObject({ code: 'mask.too_many_pixels', status: 400 })
    expect(refusal.message).toContain('3072×2816 = 8650752 pixels')
    expect(refusal.message).toContain('Save it as a PNG')
  })
})

describe('the sample masks', () => {
  it.each([
    ['scratches', samples.chelseaMask],
    ['text', samples.coffeeMask],
    ['an object', samples.rocketMask],
  ])('are masks: %s', async (_name, file) => {
    expect((await checkMask(file)).holePixels).toBeGreaterThan(0)
  })
})

describe('a picture and its mask', () => {
  it('are refused where their sizes differ, with both', async () => {
    const image = await checkStill(files.baselineJpg)
    const mask = await checkStill(files.maskWebp)
    const refusal = await refusalOf(Promise.resolve().then(() => ensureSameSize(image, mask)))
    expect(refusal).toMatchObject({ code: 'media.size_mismatch', status: 400 })
    expect(refusal.message).toContain('The image is 40×24 pixels and the mask 128×96')
  })

  it('are compared upright: a mask painted over what a viewer shows fits', async () => {
    const image = await checkStill(files.rotatedJpg)
    const painted = await checkStill(createPng({ width: 24, height: 40 }))
    const stored = await checkStill(createPng({ width: 40, height: 24 }))
    expect(() => ensureSameSize(image, painted)).not.toThrow()
    expect(() => ensureSameSize(image, stored)).toThrow(/24×40 pixels and the mask 40×24/)
  })
})
