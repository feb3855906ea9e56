/**
 * As much of WebAssembly's binary format as `argon2id.wasm` needs: each function gives the bytes of an expression or a
 * statement. The opcodes are those of the core specification, section 5.4.
 * @typedef {readonly number[]} Code
 * @typedef {number} Local the index of a parameter or a local variable
 */

/** Types of values. */
export const i32 = 0x7f
export const i64 = 0x7e
export const v128 = 0x7b

/** LEB128 without a sign. @param {number} value @returns {number[]} */
const unsigned = (value) =>
  value < 128 ? [value] : [(value & 127) | 128, ...unsigned(Math.floor(value / 128))]

/** LEB128 with a sign. @param {bigint} value @returns {number[]} */
function signed(value) {
  const low = Number(value & 127n)
  const rest = value >> 7n
  const isLast = (rest === 0n && low < 64) || (rest === -1n && low >= 64)
  return isLast ? [low] : [low | 128, ...signed(rest)]
}

/** @param {number} value @returns {Code} */
export const number = (value) => [0x41, ...signed(BigInt(value))]
/** @param {bigint} value @returns {Code} */
export const long = (value) => [0x42, ...signed(value)]

/** @param {Local} local @returns {Code} */
export const get = (local) => [0x20, ...unsigned(local)]
/** @param {Local} local @param {Code} value @returns {Code} */
export const set = (local, value) => [...value, 0x21, ...unsigned(local)]
/** Sets a local variable and has its value. @param {Local} local @param {Code} value @returns {Code} */
export const tee = (local, value) => [...value, 0x22, ...unsigned(local)]

/** @param {...number} opcode @returns {(left: Code, right: Code) => Code} */
const binary =
  (...opcode) =>
  (left, right) => [...left, ...right, ...opcode]

export const add = binary(0x6a)
export const subtract = binary(0x6b)
export const multiply = binary(0x6c)
export const remainder = binary(0x70)
export const and = binary(0x71)
export const or = binary(0x72)
export const shiftLeft = binary(0x74)
export const shiftRight = binary(0x76)
export const isEqual = binary(0x46)
export const isLess = binary(0x49)
/** @param {Code} value @returns {Code} */
export const isZero = (value) => [...value, 0x45]
/** @param {Code} isTrue @param {Code} then @param {Code} otherwise @returns {Code} */
export const choose = (isTrue, then, otherwise) => [...then, ...otherwise, ...isTrue, 0x1b]

export const multiplyLong = binary(0x7e)
export const andLong = binary(0x83)
export const shiftRightLong = binary(0x88)
/** @param {Code} value @returns {Code} */
export const toLong = (value) => [...value, 0xad]
/** @param {Code} value @returns {Code} */
export const toNumber = (value) => [...value, 0xa7]
/** @param {Code} address @param {number} [offset] @returns {Code} */
export const loadLong = (address, offset = 0) => [...address, 0x29, 3, ...unsigned(offset)]
/** @param {Code} address @param {Code} value @param {number} [offset] @returns {Code} */
export const storeLong = (address, value, offset = 0) => [
  ...address,
  ...value,
  ...[0x37, 3, ...unsigned(offset)],
]

/** @param {number} opcode */
const vector = (opcode) => [0xfd, ...unsigned(opcode)]
/** @param {Code} address @param {number} [offset] @returns {Code} */
export const load = (address, offset = 0) => [...address, ...vector(0), 4, ...unsigned(offset)]
/** @param {Code} address @param {Code} value @param {number} [offset] @returns {Code} */
export const store = (address, value, offset = 0) => [
  ...address,
  ...value,
  ...[...vector(11), 4, ...unsigned(offset)],
]
export const xor = binary(...vector(0x51))
/** Two sums of 64 bits. */
export const add64 = binary(...vector(0xce))
/** Products of 64 bits of the first two, or last two, numbers of 32 bits. */
export const multiplyFirst = binary(...vector(0xde))
export const multiplyLast = binary(...vector(0xdf))
/** @param {Code} value @param {number} bits @returns {Code} */
export const shiftRight64 = (value, bits) => [...value, ...number(bits), ...vector(0xcd)]
/** Sixteen bytes out of two vectors, by their places: 0 to 15 in the left, 16 to 31 in the right. @param {Code} left @param {Code} right @param {Code} places @returns {Code} */
export const shuffle = (left, right, places) => [...left, ...right, ...vector(13), ...places]
/** Bytes of one vector in another order. @param {Code} value @param {Code} places @returns {Code} */
export const permute = (value, places) => [...value, ...vector(12), ...places, ...vector(14)]

const noResult = 0x40
const end = 0x0b
/** @param {Code} isTrue @param {Code} then @param {Code} [otherwise] @returns {Code} */
export const when = (isTrue, then, otherwise = []) => {
  const elseBranch = otherwise.length === 0 ? [] : [0x05, ...otherwise]
  return [...isTrue, 0x04, noResult, ...then, ...elseBranch, end]
}
/** Does it, and again while the condition holds. @param {Code} body @param {Code} isAgain @returns {Code} */
export const repeatWhile = (body, isAgain) => [0x03, noResult, ...body, ...isAgain, 0x0d, 0, end]
/** @param {number} index @param {...Code} args @returns {Code} */
export const call = (index, ...args) => [...args.flat(), 0x10, ...unsigned(index)]

/** @param {readonly Code[]} items */
const list = (items) => [...unsigned(items.length), ...items.flat()]
/** @param {Code} bytes */
const sized = (bytes) => [...unsigned(bytes.length), ...bytes]
/** @param {string} text */
const name = (text) => sized([...Buffer.from(text)])

/**
 * A module with a memory of a page at first, exported as `memory`. Functions take numbers and give nothing; those with a
 * name are exported. Their locals follow their parameters.
 * @param {readonly { exportedAs?: string, parameterCount: number, locals: readonly number[], body: Code }[]} functions
 */
export function createModule(functions) {
  const types = functions.map(({ parameterCount }) => [
    ...[0x60, ...list(Array(parameterCount).fill([i32]))],
    0,
  ])
  const bodies = functions.map(({ locals, body }) =>
    sized([...list(locals.map((type) => [1, type])), ...body, end]),
  )
  const exported = functions.flatMap(({ exportedAs }, i) =>
    exportedAs === undefined ? [] : [[...name(exportedAs), 0, ...unsigned(i)]],
  )
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, ...sized(list(types))],
    ...[3, ...sized(list(functions.map((_, i) => unsigned(i))))],
    ...[5, ...sized(list([[0, 1]]))],
    ...[7, ...sized(list([[...name('memory'), 2, 0], ...exported]))],
    ...[10, ...sized(list(bodies))],
  ])
}
