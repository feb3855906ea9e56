import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readArchiveDirectory } from '../../../src/media/archives/read-directory.ts'
import { ApiError } from '../../../src/shared/errors.ts'
import { createBytes } from '../fixtures/streams.ts'
import { createArchive, createField, createUnicodePath } from './archive-builder.ts'
import { holdArchive, limits, megabyte, readAll } from './archives.ts'

const small = [createBytes(60), Buffer.from('aaaaaaaaaabbbbbbbbbb'.repeat(9)), new Uint8Array(0)]
const large = Buffer.alloc(megabyte + 5, 'the same again and again, ')

function build(contents: readonly Uint8Array[]): Uint8Array {
  const [first, ...others] = contents.map((content, index) => ({ name: `f/${index}.png`, content }))
  const name = Buffer.from([0x82])
  return createArchive(
    [
      { ...first, name, host: 0, extra: createUnicodePath(name, 'é/1.png'), isZip64: true },
      ...others.map((file) => ({ ...file, hasDescriptor: true })),
      { name: 'stored.png', content: small[0] as Uint8Array, method: 0, comment: 'c' },
      { name: 'folder/', method: 0, extra: createField(0x5455, Buffer.alloc(5)) },
    ],
    { isZip64: true, comment: 'comment' },
  )
}

type Change = (bytes: Uint8Array) => Uint8Array

/** Places that count from the end too, so that the directory is hit as often as the data of a large archive. */
const place = fc
  .tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(600), fc.boolean())
  .map(([share, back, isNearEnd]) => (length: number) => {
    const at = isNearEnd ? length - 1 - back : Math.floor(share * length)
    return Math.max(0, Math.min(length - 1, at))
  })
const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(
    ([at, value]): Change =>
      (bytes) => {
        const changed = Uint8Array.from(bytes)
        changed[at(bytes.length)] = value
        return changed
      },
  ),
  fc.tuple(place, fc.constantFrom(0, 0xff), fc.integer({ min: 2, max: 8 })).map(
    ([at, value, length]): Change =>
      (bytes) => {
        const start = at(bytes.length)
        return Uint8Array.from(bytes).fill(value, start, Math.min(start + length, bytes.length))
      },
  ),
  fc.tuple(place, place, fc.integer({ min: 1, max: 60 })).map(
    ([from, to, length]): Change =>
      (bytes) => {
        const changed = Uint8Array.from(bytes)
        const start = from(bytes.length)
        changed.copyWithin(to(bytes.length), start, start + length)
        return changed
      },
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 60 })).map(
    ([at, length]): Change =>
      (bytes) => {
        const start = at(bytes.length)
        return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + length)])
      },
  ),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 60 })).map(
    ([at, added]): Change =>
      (bytes) => {
        const start = at(bytes.length)
        return Buffer.concat([bytes.subarray(0, start), added, bytes.subarray(start)])
      },
  ),
)

/** What came of reading everything: the contents that were given out, or a refusal. */
async function readEverything(bytes: Uint8Array): Promise<Uint8Array[]> {
  const source = holdArchive(bytes)
  const read: Uint8Array[] = []
  try {
    for (const entry of await readArchiveDirectory(source, limits)) {
      try {
        read.push(await readAll(source, entry))
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        expect(error.code).toBe('archive.entry_damaged')
      }
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    expect(error.code).toMatch(/^archive\./)
  }
  return read
}

describe('a damaged archive', () => {
  it.each([
    ['of small entries', small, 4000],
    ['of a large entry', [large, ...small], 150],
  ])('%s is refused, or gives back the bytes that were packed', async (_what, contents, runs) => {
    const whole = build(contents)
    expect(await readEverything(whole)).toHaveLength(contents.length + 2)
    const known = [...contents, new Uint8Array(0)]
    let readDespiteDamage = 0
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 4 }), async (damage) => {
        const damaged = damage.reduce((bytes, change) => change(bytes), whole)
        const read = await readEverything(damaged)
        readDespiteDamage += read.length
        for (const bytes of read) {
          expect(known.some((content) => Buffer.compare(content, bytes) === 0)).toBe(true)
        }
      }),
      { numRuns: runs },
    )
    expect(await readEverything(whole)).toHaveLength(contents.length + 2)
    expect(readDespiteDamage).toBeGreaterThan(runs / 10)
  })

  it('that is nothing but noise is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(await readEverything(bytes)).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
