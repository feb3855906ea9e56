import type { Clock } from '../shared/clock.ts'
import { encodeStrictly } from './file-names.ts'
import { mediaErrors } from './media.errors.ts'

export interface SignedUrlSettings {
  /** Where clients reach the API, without a slash at the end. */
  readonly baseUrl: string
  readonly secret: string
  /** Still accepted, so that a change of secrets breaks no URL that is out. */
  readonly previousSecret?: string | undefined
  readonly ttlSeconds: number
  readonly clock: Clock
}

export interface SignedObject {
  readonly key: string
  /** Null where the URL names none. */
  readonly fileName: string | null
  readonly expiresAtMs: number
}

/** The API's own URLs: each opens one object to whoever holds it, by GET, until it expires. */
export interface SignedUrls {
  /**
   * A URL that works for `ttlSeconds` to a quarter more: expiry is rounded up, so that the same object has the same
   * URL for a while and clients can cache what it answers.
   */
  sign(object: { readonly key: string; readonly fileName?: string | null }): Promise<string>
  /** Throws `media.url_invalid` where any character or the method differs from what was signed, `media.url_expired` later. */
  verifyOrThrow(request: { readonly method: string; readonly url: string }): Promise<SignedObject>
}

const path = '/media/'
const keyPattern = /^[A-Za-z0-9._/-]{1,512}$/
const urlPattern =
  /^(\/media\/([A-Za-z0-9._/-]+)\?expires=(\d{1,12})(?:&filename=([A-Za-z0-9._~%-]*))?)&signature=([A-Za-z0-9_-]{43})$/

/** The signature covers the method and the text of the URL as it stands, so that no two texts share one. */
export function createSignedUrls(settings: SignedUrlSettings): SignedUrls {
  const { clock, ttlSeconds } = settings
  const windowSeconds = Math.max(1, Math.floor(ttlSeconds / 4))
  const current = importSecret(settings.secret)
  const previous = settings.previousSecret ? importSecret(settings.previousSecret) : null

  async function isSigned(text: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (await crypto.subtle.verify('HMAC', await current, signature, text)) return true
    return previous !== null && crypto.subtle.verify('HMAC', await previous, signature, text)
  }

  return {
    async sign({ key, fileName = null }) {
      if (!keyPattern.test(key)) throw new RangeError(`'${key}' is not a key`)
      const earliest = clock.nowMs() / 1000 + ttlSeconds
      const expires = Math.ceil(earliest / windowSeconds) * windowSeconds
      const name = fileName === null ? '' : `&filename=${encodeStrictly(fileName.toWellFormed())}`
      const target = `${path}${key}?expires=${expires}${name}`
      const signature = await crypto.subtle.sign('HMAC', await current, canonicalText(target))
      return `${settings.baseUrl}${target}&signature=${encodeSignature(signature)}`
    },

    async verifyOrThrow({ method, url }) {
      const { pathname, search } = new URL(url)
      const match = urlPattern.exec(pathname + search)
      const [, target = '', key = '', expires = '', name, encoded = ''] = match ?? []
      if (!match || method !== 'GET') throw createInvalidError()
      const signature = new Uint8Array(Buffer.from(encoded, 'base64url'))
      // The last character has two bits to spare: only one of its four spellings is the signature.
      if (encodeSignature(signature.buffer) !== encoded) throw createInvalidError()
      if (!(await isSigned(canonicalText(target), signature))) throw createInvalidError()
      const expiresAtMs = Number(expires) * 1000
      if (clock.nowMs() >= expiresAtMs) {
        throw mediaErrors.createError(
          'media.url_expired',
          `This media URL expired at ${new Date(expiresAtMs).toISOString()}. Ask the API for the item again: its answer holds a new URL.`,
          { expiredAt: new Date(expiresAtMs).toISOString() },
        )
      }
      return { key, fileName: name === undefined ? null : decodeURIComponent(name), expiresAtMs }
    },
  }
}

const encoder = new TextEncoder()

function canonicalText(target: string): Uint8Array {
  return encoder.encode(`GET\n${target}`)
}

/** A buffer is not copied, as an array would be. */
function encodeSignature(signature: ArrayBuffer): string {
  return Buffer.from(signature).toString('base64url')
}

function importSecret(secret: string): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const bytes = new TextEncoder().encode(secret)
  return crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign', 'verify'])
}

function createInvalidError() {
  return mediaErrors.createError(
    'media.url_invalid',
    'This media URL is not one that the API signed for GET. Use imageUrl, maskUrl or downloadUrl exactly as an answer gave it.',
  )
}
