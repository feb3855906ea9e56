import wasm from '@phi-ag/argon2/argon2.wasm'

/** The cost of an argon2id hash (RFC 9106). */
export interface Argon2Parameters {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
}

const version = 0x13
const typeArgon2id = 2

/** Up to here an instance's memory is kept for the next hash. It only grows, so one that had more to hold is let go. */
const keptBytesMax = 48 * 1024 * 1024

/** What the module gives of the reference implementation's API (phc-winner-argon2, argon2.h); an address is a number. */
interface Reference {
  readonly memory: WebAssembly.Memory
  readonly _initialize: () => void
  readonly malloc: (bytes: number) => number
  readonly free: (address: number) => void
  /** Answers 0, or the number of an error. It clears what it worked with before it answers. */
  readonly argon2_hash: (
    ...args: [
      passes: number,
      memoryKib: number,
      lanes: number,
      password: number,
      passwordBytes: number,
      salt: number,
      saltBytes: number,
      hash: number,
      hashBytes: number,
      encoded: number,
      encodedBytes: number,
      type: number,
      version: number,
    ]
  ) => number
}

let kept: Reference | null = null

/**
 * Argon2id of a password and a salt of at least 8 bytes, without a secret or further data. It blocks, and so one
 * instance serves all. Throws where the parameters are out of range or no memory is left.
 */
export function argon2id(
  password: Uint8Array,
  salt: Uint8Array,
  { memoryKib, passes, lanes }: Argon2Parameters,
  hashBytes: number,
): Uint8Array {
  const reference = takeReference()
  const { memory, malloc, free, argon2_hash } = reference
  const lengths = [password.length, salt.length, hashBytes] as const
  const start = malloc(lengths[0] + lengths[1] + lengths[2])
  const [saltAt, hashAt] = [start + password.length, start + password.length + salt.length]
  bytesOf(memory).set(password, start)
  bytesOf(memory).set(salt, saltAt)
  const cost = [passes, memoryKib, lanes] as const
  const asked = [start, password.length, saltAt, salt.length, hashAt, hashBytes] as const
  const error = argon2_hash(...cost, ...asked, 0, 0, typeArgon2id, version)
  const hash = bytesOf(memory).slice(hashAt, hashAt + hashBytes)
  bytesOf(memory).fill(0, start, hashAt + hashBytes)
  free(start)
  if (memory.buffer.byteLength <= keptBytesMax) kept = reference
  if (error !== 0) throw new RangeError(`argon2id failed with the reference's error ${error}`)
  return hash
}

/** A view of the memory as it is now: growing it ends the views from before. */
const bytesOf = (memory: WebAssembly.Memory) => new Uint8Array(memory.buffer)

/** Takes the kept instance away, so that one that failed half-way serves nobody else. */
function takeReference(): Reference {
  const reference = kept ?? createReference()
  kept = null
  return reference
}

function createReference(): Reference {
  const reference = new WebAssembly.Instance(wasm).exports as unknown as Reference
  reference._initialize()
  return reference
}
