import { Buffer } from 'node:buffer'

/** Names for objects and rows that stand for an address or an account, and tell neither to whoever sees them. */
export type NameScope = (kind: string, ...parts: readonly string[]) => Promise<string>

/** Codes made with a key, so that nobody without it can try all addresses of the Internet until one fits. */
export function createScopeNames(secret: string): NameScope {
  const encoder = new TextEncoder()
  let keyOnce: Promise<CryptoKey> | undefined
  return async (kind, ...parts) => {
    keyOnce ??= crypto.subtle.importKey(
      'raw',
      encoder.encode(secret),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    )
    const text = encoder.encode(JSON.stringify(['scope', kind, ...parts]))
    const code = await crypto.subtle.sign('HMAC', await keyOnce, text)
    return Buffer.from(code, 0, 18).toString('base64url')
  }
}
