import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPasswordHasher, passwordParameters } from '../../src/users/passwords.ts'

const quick = createPasswordHasher({ memoryKib: 64, passes: 1, lanes: 1 })
const stronger = createPasswordHasher({ memoryKib: 128, passes: 2, lanes: 1 })

describe('a password', () => {
  it('opens its own hash and no other password does', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 128 }), fc.string({ maxLength: 128 }), (one, other) => {
        const hash = quick.hash(one)
        expect(quick.verify(one, hash)).toBe(true)
        expect(quick.verify(other, hash)).toBe(one.normalize('NFC') === other.normalize('NFC'))
      }),
      { numRuns: 50 },
    )
  })

  it('never makes the same hash twice', () => {
    expect(quick.hash('Passw0rd!')).not.toBe(quick.hash('Passw0rd!'))
  })

  it('is hashed with 12 MiB and three passes into a PHC string', () => {
    const hasher = createPasswordHasher(passwordParameters)
    const hash = hasher.hash('Passw0rd!')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=12288,t=3,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
    expect(hasher.verify('Passw0rd!', hash)).toBe(true)
  })

  it('is the same password however the keyboard composes its accents', () => {
    expect(quick.verify('caff\u0065\u0300123', quick.hash('caff\u00e8123'))).toBe(true)
  })

  it('opens a hash that other software made', () => {
    // From argon2Sync of Node.js 24: the salt is 'somesaltsomesalt'.
    const foreign =
      '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$joWy+S0wN6vs464Kg4hLhX2a9t2W8ubtcH67fuChn0o'
    expect(quick.verify('Passw0rd!', foreign)).toBe(true)
    expect(quick.verify('passw0rd!', foreign)).toBe(false)
  })
})

describe('a hash', () => {
  it.each([
    ['nobody has', undefined],
    ['is empty', ''],
    ['is the password itself', 'Passw0rd!'],
    ['is of another kind', '$2b$12$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuuabcdefghijk'],
    ['asks for a gigabyte', `$argon2id$v=19$m=999999,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`],
    ['asks for no pass', `$argon2id$v=19$m=64,t=0,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`],
    ['has too little memory', `$argon2id$v=19$m=4,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`],
    ['lost its end', quick.hash('Passw0rd!').slice(0, -1)],
    ['is all zeros', `$argon2id$v=19$m=64,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`],
  ])('that %s is opened by no password', (_, hash) => {
    expect(quick.verify('Passw0rd!', hash)).toBe(false)
  })

  it('of cheaper parameters still opens, and asks to be made anew', () => {
    const old = quick.hash('Passw0rd!')
    expect(stronger.verify('Passw0rd!', old)).toBe(true)
    expect(stronger.needsRehash(old)).toBe(true)
    expect(stronger.needsRehash(stronger.hash('Passw0rd!'))).toBe(false)
  })

  it('of dearer parameters is left as it is', () => {
    expect(quick.needsRehash(stronger.hash('Passw0rd!'))).toBe(false)
  })
})
