import { describe, expect, it } from 'vitest'
import { checkMask, refusalOf } from '../fixtures/checks.ts'
import { createChunk, createPng, type PngParts } from '../fixtures/png.ts'

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
