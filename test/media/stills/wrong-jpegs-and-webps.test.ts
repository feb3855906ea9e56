import { describe, expect, it } from 'vitest'
import { find, join, latin1, patch } from '../fixtures/bytes.ts'
import { checkStill, refusalOf } from '../fixtures/checks.ts'
import { files } from '../fixtures/files.ts'

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
