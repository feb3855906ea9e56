import { type Argon2Parameters, argon2id } from './argon2id.ts'

/** One of OWASP's equal settings for argon2id: some 21 ms of an isolate, and 12 MiB of its 128. */
export const passwordParameters: Argon2Parameters = { memoryKib: 12_288, passes: 3, lanes: 1 }

export interface PasswordHasher {
  /** Hashes under a fresh salt into a PHC string: `$argon2id$v=19$m=12288,t=3,p=1$<salt>$<hash>`. */
  hash(password: string): string
  /**
   * Tells whether the password made the hash. Without a hash, as for an unknown person, it takes as long and says no.
   * A hash that this hasher cannot read is nobody's.
   */
  verify(password: string, phc: string | undefined): boolean
  /** Tells whether the hash was made more cheaply than today's are. */
  needsRehash(phc: string): boolean
}

const saltBytes = 16
const hashBytes = 32
/** What a stored hash may ask for at most, so that a damaged row cannot take the isolate's memory. */
const memoryKibMax = 65_536
const passesMax = 16

/** Hashes block: one comes after another, and one memory serves all. See docs/decisions/users-argon2id.md. */
export function createPasswordHasher(parameters: Argon2Parameters): PasswordHasher {
  const nobodysHash = encode(parameters, new Uint8Array(saltBytes), new Uint8Array(hashBytes))
  return {
    hash(password) {
      const salt = crypto.getRandomValues(new Uint8Array(saltBytes))
      return encode(parameters, salt, derive(password, salt, parameters))
    },
    verify(password, phc) {
      const known = phc === undefined ? null : decode(phc)
      const stored = known ?? decode(nobodysHash)
      if (stored === null) return false
      const isSame = isEqual(derive(password, stored.salt, stored.parameters), stored.hash)
      return isSame && known !== null
    },
    needsRehash(phc) {
      const stored = decode(phc)?.parameters
      if (stored === undefined) return true
      return stored.memoryKib < parameters.memoryKib || stored.passes < parameters.passes
    },
  }
}

interface StoredHash {
  readonly parameters: Argon2Parameters
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

/** NFC, so that a password typed on another keyboard or system stays the same password. */
function derive(password: string, salt: Uint8Array, parameters: Argon2Parameters): Uint8Array {
  const bytes = new TextEncoder().encode(password.normalize('NFC'))
  return argon2id(bytes, salt, parameters, hashBytes)
}

function encode(parameters: Argon2Parameters, salt: Uint8Array, hash: Uint8Array): string {
  const { memoryKib, passes, lanes } = parameters
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${encodeBase64(salt)}$${encodeBase64(hash)}`
}

const phcPattern =
  /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/

function decode(phc: string): StoredHash | null {
  const [, memory, passes, lanes, salt, hash] = phcPattern.exec(phc) ?? []
  if (!memory || !passes || !lanes || !salt || !hash) return null
  const parameters = { memoryKib: Number(memory), passes: Number(passes), lanes: Number(lanes) }
  if (parameters.memoryKib > memoryKibMax || parameters.passes > passesMax) return null
  if (parameters.lanes < 1 || parameters.passes < 1) return null
  if (parameters.memoryKib < 8 * parameters.lanes) return null
  return { parameters, salt: decodeBase64(salt), hash: decodeBase64(hash) }
}

/** PHC's base64 has no padding. */
function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll('=', '')
}

function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

/** Compares without stopping at the first difference. */
function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  return left.reduce((difference, byte, i) => difference | (byte ^ (right[i] ?? 0)), 0) === 0
}
