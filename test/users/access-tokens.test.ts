import fc from 'fast-check'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createAccessTokens } from '../../src/users/access-tokens.ts'

const secret = 'the-secret-of-today-0123456789-0123456789'
const yesterdaysSecret = 'the-secret-of-yesterday-0123456789-012345'
const claims = { userId: 'u1', email: 'mario@example.com', accessVersion: 3 }
const startMs = Date.UTC(2026, 10, 1)
const dayMs = 24 * 60 * 60 * 1000

function tokensAt(nowMs: number, ...secrets: [string, ...string[]]) {
  return createAccessTokens({ secrets, clock: { nowMs: () => nowMs } })
}

const today = tokensAt(startMs, secret)

/** A token that is right in all but what the test changes. */
async function forge(
  change: { header?: object; payload?: object; secret?: string; audience?: string } = {},
): Promise<string> {
  const own = await today.issue(claims)
  const { kid } = decodeProtectedHeader(own)
  const header = { alg: 'HS256', typ: 'at+jwt', ...(kid && { kid }), ...change.header }
  return new SignJWT({ ...decodeJwt(own), ...change.payload })
    .setProtectedHeader(header)
    .sign(new TextEncoder().encode(change.secret ?? secret))
}

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('an access token', () => {
  it('says who it is for, and nothing that grants anything', async () => {
    const token = await today.issue(claims)
    const iat = startMs / 1000
    expect(decodeJwt(token)).toEqual({
      ...claims,
      aud: 'pa-inpainting-api',
      iat,
      exp: iat + 86_400,
    })
    expect(await today.read(token)).toEqual(claims)
    expect(await today.read(await forge())).toEqual(claims)
  })

  it('lasts 24 hours and not a second longer', async () => {
    const token = await today.issue(claims)
    expect(await tokensAt(startMs + dayMs - 1000, secret).read(token)).toEqual(claims)
    expect(await tokensAt(startMs + dayMs, secret).read(token)).toBeNull()
  })

  it('ends for whoever has read it before as for everybody', async () => {
    let nowMs = startMs
    const tokens = createAccessTokens({ secrets: [secret], clock: { nowMs: () => nowMs } })
    const token = await tokens.issue(claims)
    expect(await tokens.read(token)).toEqual(claims)
    nowMs += dayMs - 1000
    expect(await tokens.read(token)).toEqual(claims)
    nowMs += 1000
    expect(await tokens.read(token)).toBeNull()
  })

  it('that was read before opens nothing to one that differs in a single character', async () => {
    const token = await today.issue(claims)
    expect(await today.read(token)).toEqual(claims)
    for (const at of [0, 10, token.indexOf('.') + 5, token.lastIndexOf('.') + 1]) {
      const other = token[at] === 'A' ? 'B' : 'A'
      expect(await today.read(token.slice(0, at) + other + token.slice(at + 1))).toBeNull()
    }
  })

  it('is read right after thousands of others', async () => {
    const tokens = tokensAt(startMs, secret)
    const first = await tokens.issue(claims)
    expect(await tokens.read(first)).toEqual(claims)
    for (let version = 0; version < 2_500; version += 1) {
      const other = { ...claims, accessVersion: version }
      expect(await tokens.read(await tokens.issue(other))).toEqual(other)
    }
    expect(await tokens.read(first)).toEqual(claims)
  })

  it('outlives a rotation of the secret while the previous one is kept', async () => {
    const old = await tokensAt(startMs, yesterdaysSecret).issue(claims)
    expect(await tokensAt(startMs, secret, yesterdaysSecret).read(old)).toEqual(claims)
    expect(await tokensAt(startMs, secret).read(old)).toBeNull()
  })

  it('is signed with the new secret from the moment of a rotation', async () => {
    const token = await tokensAt(startMs, secret, yesterdaysSecret).issue(claims)
    expect(await tokensAt(startMs, secret).read(token)).toEqual(claims)
  })

  it('tells nothing of its secret by the id of its key', async () => {
    const { kid } = decodeProtectedHeader(await today.issue(claims))
    expect(kid).toMatch(/^[0-9a-f]{12}$/)
    expect(secret).not.toContain(kid)
  })
})

describe('refused as an access token is', () => {
  it.each<[string, () => Promise<string>]>([
    ['one signed with another secret', () => forge({ secret: yesterdaysSecret })],
    [
      'one of another algorithm',
      () => forge({ header: { alg: 'HS512' }, secret: secret.repeat(2) }),
    ],
    ['one of another type', () => forge({ header: { typ: 'JWT' } })],
    ['one without a key id', () => forge({ header: { kid: undefined } })],
    ['one of an unknown key', () => forge({ header: { kid: 'ffffffffffff' } })],
    ['one for the inference service', () => forge({ payload: { aud: 'inference' } })],
    ['one for nobody', () => forge({ payload: { aud: undefined } })],
    ['one without an end', () => forge({ payload: { exp: undefined } })],
    ['one without a beginning', () => forge({ payload: { iat: undefined } })],
    ['one that begins tomorrow', () => forge({ payload: { nbf: startMs / 1000 + 86_400 } })],
    ['one without a user', () => forge({ payload: { userId: undefined } })],
    ['one whose user is no text', () => forge({ payload: { userId: { id: 'u1' } } })],
    ['one without an access version', () => forge({ payload: { accessVersion: undefined } })],
    ['one whose access version is text', () => forge({ payload: { accessVersion: '3' } })],
  ])('%s', async (_, make) => {
    expect(await today.read(await make())).toBeNull()
  })

  it.each(['none', 'None', 'NONE', ''])('one without a signature (alg %j)', async (alg) => {
    const own = await today.issue(claims)
    const header = { ...decodeProtectedHeader(own), alg }
    expect(await today.read(`${base64(header)}.${base64(decodeJwt(own))}.`)).toBeNull()
  })

  it('one whose claims were changed after it was signed', async () => {
    const [header, , signature] = (await today.issue(claims)).split('.')
    const payload = base64({ ...decodeJwt(await today.issue(claims)), userId: 'u2' })
    expect(await today.read(`${header}.${payload}.${signature}`)).toBeNull()
  })

  it('any other text', async () => {
    const garbage = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.base64String(), fc.base64String(), fc.base64String())
        .map((parts) => parts.join('.')),
      fc.json().map((json) => `${Buffer.from(json).toString('base64url')}.e30.AAAA`),
    )
    await fc.assert(
      fc.asyncProperty(garbage, async (text) => {
        expect(await today.read(text)).toBeNull()
      }),
      { numRuns: 200 },
    )
  })
})
