import { Buffer } from 'node:buffer'
import { errors, jwtVerify, SignJWT } from 'jose'
import type { Clock } from '../shared/clock.ts'

/** What an access token says. Nothing in it grants anything: the role and the balance are read where they live. */
export interface AccessClaims {
  readonly userId: string
  readonly email: string
  /** The user's access version when the token was issued. */
  readonly accessVersion: number
}

export interface AccessTokens {
  /** Signs a token that lasts 24 hours. */
  issue(claims: AccessClaims): Promise<string>
  /** The claims of a token that was issued here and has not expired; null for every other text. */
  read(token: string): Promise<AccessClaims | null>
}

const lifetimeSeconds = 24 * 60 * 60
const algorithm = 'HS256'
/** Type and audience set these tokens apart from every other JWT of this product, should a secret ever be shared. */
const type = 'at+jwt'
const audience = 'pa-inpainting-api'

/**
 * @param secrets the one that signs, then those that still verify while a rotation lasts.
 */
export function createAccessTokens({
  secrets,
  clock,
}: {
  secrets: readonly [string, ...string[]]
  clock: Clock
}): AccessTokens {
  const verified = createVerified()
  let keysOnce: Promise<readonly SigningKey[]> | undefined
  const readKeys = () => {
    keysOnce ??= Promise.all(secrets.map(importKey))
    return keysOnce
  }

  return {
    async issue(claims) {
      const [current] = await readKeys()
      if (current === undefined) throw new Error('Access tokens need a secret.')
      const nowSeconds = Math.floor(clock.nowMs() / 1000)
      return new SignJWT({ ...claims })
        .setProtectedHeader({ alg: algorithm, typ: type, kid: current.id })
        .setAudience(audience)
        .setIssuedAt(nowSeconds)
        .setExpirationTime(nowSeconds + lifetimeSeconds)
        .sign(current.key)
    },

    async read(token) {
      const nowSeconds = Math.floor(clock.nowMs() / 1000)
      const known = verified.get(token)
      if (known && nowSeconds < known.endsAtSeconds) return known.claims
      const keys = await readKeys()
      try {
        const { payload } = await jwtVerify(token, ({ kid }) => findKeyOrThrow(keys, kid), {
          algorithms: [algorithm],
          typ: type,
          audience,
          requiredClaims: ['iat', 'exp'],
          currentDate: new Date(clock.nowMs()),
        })
        const claims = readClaims(payload)
        if (claims !== null) verified.put(token, { claims, endsAtSeconds: Number(payload.exp) })
        return claims
      } catch (error) {
        if (error instanceof errors.JOSEError) return null
        throw error
      }
    },
  }
}

const verifiedMax = 1000

/**
 * The tokens whose signature was found right, by their whole text, and what they say: the same text has the same answer
 * until it ends. What they open is none of it: the user's row decides that on each request.
 */
function createVerified() {
  const known = new Map<string, { claims: AccessClaims; endsAtSeconds: number }>()
  return {
    get: (token: string) => known.get(token),
    put(token: string, facts: { claims: AccessClaims; endsAtSeconds: number }) {
      const [oldest] = known.keys()
      if (oldest !== undefined && known.size >= verifiedMax) known.delete(oldest)
      known.set(token, facts)
    },
  }
}

interface SigningKey {
  readonly id: string
  readonly key: CryptoKey
}

/** A key's id is a code made with the key, so it tells apart the secrets of a rotation and tells nothing of them. */
async function importKey(secret: string): Promise<SigningKey> {
  const encoder = new TextEncoder()
  const key = await crypto.subtle.importKey(
    'raw',
    encoder.encode(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  )
  const code = await crypto.subtle.sign('HMAC', key, encoder.encode('access-token-key-id'))
  return { id: Buffer.from(code, 0, 6).toString('hex'), key }
}

function findKeyOrThrow(keys: readonly SigningKey[], id: string | undefined): CryptoKey {
  const found = keys.find((candidate) => candidate.id === id)
  if (found === undefined) throw new errors.JWKSNoMatchingKey()
  return found.key
}

function readClaims(payload: Readonly<Record<string, unknown>>): AccessClaims | null {
  const { userId, email, accessVersion } = payload
  if (typeof userId !== 'string' || typeof email !== 'string') return null
  if (typeof accessVersion !== 'number') return null
  return { userId, email, accessVersion }
}
