import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { find, join, latin1 } from '../fixtures/bytes.ts'
import { checkStill, refusalOf } from '../fixtures/checks.ts'
import { files } from '../fixtures/files.ts'
import { assemblePng, createChunk, createRawRows } from '../fixtures/png.ts'

const networkPiece = 65_536

/** The part so many times in a row. */
function repeat(part: Uint8Array, times: number): Uint8Array {
  return Buffer.alloc(part.length * times, part)
}

function createPngOf(before: readonly Uint8Array[], dataChunks = 1) {
  const size = { width: 300, height: 100 }
  const raw = createRawRows({ ...size, pixel: (x, y) => [(x * y) % 251] })
  return assemblePng({ ...size, before, dataChunks }, deflateSync(raw, { level: 0 }))
}

function createJpegOf(between: Uint8Array) {
  const frame = find(files.baselineJpg, '\xff\xc0')
  return join(files.baselineJpg.subarray(0, frame), between, files.baselineJpg.subarray(frame))
}

function createWebpOf(behind: Uint8Array) {
  const file = join(files.lossyWebp, behind)
  file.writeUInt32LE(file.length - 8, 4)
  return file
}

const comment = latin1('\xff\xfe\0\x02')
const unknown = latin1('XXXX\0\0\0\0')

describe('a picture in many parts', () => {
  it.each([
    ['a PNG with its data in chunks of a byte', createPngOf([], 30_000)],
    ['a PNG with thousands of texts', createPngOf([repeat(createChunk('tEXt'), 5000)])],
    ['a JPEG with thousands of segments', createJpegOf(repeat(comment, 5000))],
    ['a WebP with hundreds of chunks', createWebpOf(repeat(unknown, 500))],
  ])('is taken: %s', async (_name, file) => {
    await expect(checkStill(file, { pieceBytes: networkPiece })).resolves.toBeDefined()
  })

  it.each([
    ['PNG', createPngOf([repeat(createChunk('tEXt'), 100_000)]), '65536 chunks'],
    ['PNG of empty data', createPngOf([repeat(createChunk('IDAT'), 100_000)]), '65536 chunks'],
    ['JPEG', createJpegOf(repeat(comment, 20_000)), '10000 segments'],
    ['WebP', createWebpOf(repeat(unknown, 2000)), '1000 chunks'],
  ])(
    'is refused where reading them would keep the processor busy: %s',
    async (_name, file, count) => {
      const refusal = await refusalOf(checkStill(file, { pieceBytes: networkPiece }))
      expect(refusal).toMatchObject({ code: 'media.corrupt' })
      expect(refusal.message).toContain(`The image is damaged: it is cut into more than ${count}.`)
    },
  )

  it('costs no more than its bytes where a marker is filled up for megabytes', async () => {
    const fill = Buffer.alloc(40_000_000, 0xff)
    const startMs = performance.now()
    await checkStill(createJpegOf(fill), { pieceBytes: networkPiece })
    expect(performance.now() - startMs).toBeLessThan(3000)
  })
})
