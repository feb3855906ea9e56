import { blake2b } from '@noble/hashes/blake2.js'
import wasm from './argon2id.wasm'

/** The cost of an argon2id hash (RFC 9106). */
export interface Argon2Parameters {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
}

const blockBytes = 1024
/** What `argon2id.wasm` keeps before the blocks. */
const blocksStart = 4096
const pageBytes = 65_536
const version = 0x13
const typeArgon2id = 2
const slices = 4

/** Up to here a memory is kept for the next hash. It only grows, so one that had more to hold is let go. */
const keptBytesMax = 20 * 1024 * 1024

interface Filler {
  readonly memory: WebAssembly.Memory
  /** Fills a quarter of a lane. */
  readonly fill: (
    ...args: [
      pass: number,
      slice: number,
      lane: number,
      passes: number,
      lanes: number,
      laneBlocks: number,
    ]
  ) => void
}

let kept: Filler | null = null

/**
 * Argon2id of a password and a salt, without a secret or further data. It blocks, and so one memory serves all.
 * `argon2id.wasm` is made by scripts/argon2id.mjs; see docs/decisions/users-argon2id.md.
 */
export function argon2id(
  password: Uint8Array,
  salt: Uint8Array,
  { memoryKib, passes, lanes }: Argon2Parameters,
  hashBytes: number,
): Uint8Array {
  const laneBlocks = slices * Math.floor(memoryKib / (slices * lanes))
  const { memory, fill } = takeFiller(blocksStart + lanes * laneBlocks * blockBytes)
  const blocks = new Uint8Array(memory.buffer, blocksStart, lanes * laneBlocks * blockBytes)
  const blockOf = (lane: number, index: number) => {
    const start = (lane * laneBlocks + index) * blockBytes
    return blocks.subarray(start, start + blockBytes)
  }

  const seed = blake2b(
    join(
      ...[lanes, hashBytes, memoryKib, passes, version, typeArgon2id].map(toBytes),
      ...[password, salt, noBytes, noBytes].flatMap((bytes) => [toBytes(bytes.length), bytes]),
    ),
  )
  for (const lane of upTo(lanes)) {
    for (const index of upTo(2)) {
      blockOf(lane, index).set(hashLong(join(seed, toBytes(index), toBytes(lane)), blockBytes))
    }
  }
  for (const pass of upTo(passes)) {
    for (const slice of upTo(slices)) {
      for (const lane of upTo(lanes)) fill(pass, slice, lane, passes, lanes, laneBlocks)
    }
  }
  const last = new Uint8Array(blockBytes)
  for (const lane of upTo(lanes)) {
    for (const [i, byte] of blockOf(lane, laneBlocks - 1).entries()) last[i] = (last[i] ?? 0) ^ byte
  }
  // The blocks would let somebody who sees the memory try passwords more cheaply.
  blocks.fill(0)
  if (memory.buffer.byteLength <= keptBytesMax) kept = { memory, fill }
  return hashLong(last, hashBytes)
}

/** Takes the kept filler away, so that one that failed half-way serves nobody else. */
function takeFiller(bytes: number): Filler {
  const filler = kept ?? createFiller()
  kept = null
  const missing = bytes - filler.memory.buffer.byteLength
  if (missing > 0) filler.memory.grow(Math.ceil(missing / pageBytes))
  return filler
}

function createFiller(): Filler {
  const { exports } = new WebAssembly.Instance(wasm)
  return exports as unknown as Filler
}

const blakeBytesMax = 64

/** BLAKE2b of any length: H' of RFC 9106, 3.3. */
function hashLong(input: Uint8Array, length: number): Uint8Array {
  const sized = join(toBytes(length), input)
  if (length <= blakeBytesMax) return blake2b(sized, { dkLen: length })
  const out = new Uint8Array(length)
  let hash = blake2b(sized)
  let done = 0
  for (; length - done > blakeBytesMax; done += blakeBytesMax / 2) {
    if (done > 0) hash = blake2b(hash)
    out.set(hash.subarray(0, blakeBytesMax / 2), done)
  }
  out.set(blake2b(hash, { dkLen: length - done }), done)
  return out
}

const noBytes = new Uint8Array(0)

const upTo = (count: number) => Array(count).keys()

/** A number as four bytes, the lowest first. */
const toBytes = (number: number) => Uint8Array.of(number, number >> 8, number >> 16, number >> 24)

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
