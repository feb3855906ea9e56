import { describe, expect, it } from 'vitest'
import examples from '../../../inference-container/tests/mask-examples.json'
import { ensureSameSize } from '../../../src/media/stills/mask.ts'
import { join, latin1 } from '../fixtures/bytes.ts'
import { checkMask, checkStill, refusalOf } from '../fixtures/checks.ts'
import { files, samples } from '../fixtures/files.ts'
import { createPng } from '../fixtures/png.ts'

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

  it('is counted as stored where its EXIF data turn it', async () => {
    const tiff = 'MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0'
    const exif = latin1(`\xff\xe1\0${String.fromCharCode(tiff.length + 8)}Exif\0\0${tiff}`)
    const mask = files.maskRingingJpg
    const facts = await checkMask(join(mask.subarray(0, 2), exif, mask.subarray(2)))
    expect(facts).toMatchObject({ orientation: 6, uprightWidth: 96, uprightHeight: 128 })
    expect(facts.holePixels).toBe(2439)
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
