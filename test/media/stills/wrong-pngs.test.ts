import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { find, join, latin1, patch } from '../fixtures/bytes.ts'
import { checkStill, refusalOf } from '../fixtures/checks.ts'
import { files } from '../fixtures/files.ts'
import {
  assemblePng,
  createChunk,
  createHeaderChunk,
  createPng,
  createRawRows,
  type PngParts,
  signature,
} from '../fixtures/png.ts'

const small: PngParts = { width: 5, height: 3, pixel: (x, y) => [x * 40 + y] }
const raw = createRawRows(small)
const data = deflateSync(raw)

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
