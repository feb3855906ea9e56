import { describe, expect, it } from 'vitest'
import { createStillChecker } from '../../../src/media/stills/still-checker.ts'
import { join, latin1 } from '../fixtures/bytes.ts'
import { checkStill, feed, limits, refusalOf } from '../fixtures/checks.ts'
import { files } from '../fixtures/files.ts'
import { createHeaderChunk, createPng, signature } from '../fixtures/png.ts'

const small = { width: 5, height: 3 }

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
    expect(refusal.message).toBe(
      'File type not supported. Supported formats: JPEG, PNG, MP4, AVI, ZIP.',
    )
    expect(refusal.details.reason).toContain('the image is none of these')
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

  it('is refused with a side that no JPEG result could be written with', async () => {
    const file = join(
      signature,
      createHeaderChunk({ width: 1, height: 65_501 }),
      new Uint8Array(64),
    )
    const refusal = await refusalOf(checkStill(file))
    expect(refusal.code).toBe('media.too_many_pixels')
    expect(refusal.message).toContain('65500 a side')
  })
})
