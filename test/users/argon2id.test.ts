import { argon2id as independent } from '@noble/hashes/argon2.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Argon2Parameters, argon2id } from '../../src/users/argon2id.ts'
import { passwordParameters } from '../../src/users/passwords.ts'

const hashIndependently = (
  password: Uint8Array,
  salt: Uint8Array,
  { memoryKib: m, passes: t, lanes: p }: Argon2Parameters,
  dkLen: number,
) => independent(password, salt, { m, t, p, dkLen })

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const utf8 = (text: string) => new TextEncoder().encode(text)
const password = utf8('Passw0rd!')
const salt = utf8('somesaltsomesalt')

describe('argon2id', () => {
  // The test vectors of the reference implementation (phc-winner-argon2, test.c, version 0x13).
  it.each([
    [256, 2, 1, '9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe'],
    [256, 2, 2, '6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037'],
    [65_536, 2, 1, '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7'],
    [65_536, 1, 1, 'f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98'],
  ])(
    'makes of %i KiB in %i passes and %i lanes what the reference makes',
    (memoryKib, passes, lanes, hash) => {
      expect(
        textOf(argon2id(utf8('password'), utf8('somesalt'), { memoryKib, passes, lanes }, 32)),
      ).toBe(hash)
    },
  )

  it('makes the hash that an independent implementation makes', () => {
    const cases = fc.record({
      password: fc.uint8Array({ maxLength: 200 }),
      salt: fc.uint8Array({ minLength: 8, maxLength: 40 }),
      lanes: fc.integer({ min: 1, max: 5 }),
      perLane: fc.integer({ min: 8, max: 160 }),
      more: fc.nat({ max: 4 }),
      passes: fc.integer({ min: 1, max: 4 }),
      hashBytes: fc.integer({ min: 4, max: 200 }),
    })
    fc.assert(
      fc.property(cases, ({ password, salt, lanes, perLane, more, passes, hashBytes }) => {
        const parameters = { memoryKib: lanes * perLane + more, passes, lanes }
        const hash = argon2id(password, salt, parameters, hashBytes)
        expect(textOf(hash)).toBe(textOf(hashIndependently(password, salt, parameters, hashBytes)))
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    ['of passwords', passwordParameters],
    [
      'of four times the segments that one block of addresses leads',
      { memoryKib: 2_048, passes: 1, lanes: 1 },
    ],
    ['of many lanes', { memoryKib: 800, passes: 2, lanes: 99 }],
  ])('makes it with the parameters %s too', (_, parameters) => {
    const hash = argon2id(password, salt, parameters, 32)
    expect(textOf(hash)).toBe(textOf(hashIndependently(password, salt, parameters, 32)))
  })

  it('makes the same hash whatever was hashed before, with more memory or with less', () => {
    const sizes = [64, 30_000, 8, 19_456, 640]
    const hash = (memoryKib: number) =>
      textOf(argon2id(password, salt, { memoryKib, passes: 1, lanes: 1 }, 32))
    const first = sizes.map(hash)
    expect(sizes.toReversed().map(hash).toReversed()).toEqual(first)
  })

  it('goes on hashing after a hash that no memory is large enough for', () => {
    const parameters = { memoryKib: 64, passes: 1, lanes: 1 }
    const before = argon2id(password, salt, parameters, 32)
    const beyondMemory = { memoryKib: 5_000_000, passes: 1, lanes: 1 }
    expect(() => argon2id(password, salt, beyondMemory, 32)).toThrow(RangeError)
    expect(argon2id(password, salt, parameters, 32)).toEqual(before)
  })
})
