/** Argon2's compression function G (RFC 9106, 3.5 and 3.6), on vectors of two numbers of 64 bits. */
import {
  add,
  add64,
  get,
  i32,
  isLess,
  load,
  multiplyFirst,
  multiplyLast,
  number,
  permute,
  repeatWhile,
  set,
  shiftRight64,
  shuffle,
  store,
  subtract,
  tee,
  v128,
  when,
  xor,
} from './assembler.mjs'

/** @typedef {import('./assembler.mjs').Code} Code @typedef {import('./assembler.mjs').Local} Local */

const blockBytes = 1024
const rowBytes = 128
const vectorBytes = 16

/** Where the block is between its rows' and its columns' rounds. */
export const scratch = 0

const [previous, reference, output, isOver, offset] = [0, 1, 2, 3, 4]
/** Two rounds go side by side: one alone waits for its own results and leaves half of a core idle. */
const first = [5, 6, 7, 8, 9, 10, 11, 12]
const second = [13, 14, 15, 16, 17, 18, 19, 20]
const [temporary, lowA, lowB] = [21, 22, 23]

/** @param {...number} words places of 32 bits @returns {Code} */
const words = (...words) => words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte))
const lowHalves = words(0, 2, 4, 6)
const lastThenFirst = words(2, 3, 4, 5)
const halvesSwapped = words(1, 0, 3, 2)

/** @param {number} bytes @returns {Code} */
const rotatedBy = (bytes) =>
  [0, 8].flatMap((half) => [0, 1, 2, 3, 4, 5, 6, 7].map((byte) => half + ((byte + bytes) % 8)))

/** Rotates both numbers to the right. @param {Code} value @param {number} bits @returns {Code} */
function rotate(value, bits) {
  if (bits !== 63) return permute(value, bits === 32 ? halvesSwapped : rotatedBy(bits / 8))
  const doubled = add64(tee(temporary, value), get(temporary))
  return xor(doubled, shiftRight64(get(temporary), 63))
}

/** a = a + b + 2 · low half of a · low half of b. @param {readonly Local[]} a @param {readonly Local[]} b @returns {Code} */
function mix([a0 = 0, a1 = 0], [b0 = 0, b1 = 0]) {
  /** @param {Local} a @param {Local} b @param {typeof multiplyFirst} multiply */
  const one = (a, b, multiply) => {
    const product = tee(temporary, multiply(get(lowA), get(lowB)))
    return set(a, add64(add64(get(a), get(b)), add64(product, get(temporary))))
  }
  return [
    ...set(lowA, shuffle(get(a0), get(a1), lowHalves)),
    ...set(lowB, shuffle(get(b0), get(b1), lowHalves)),
    ...one(a0, b0, multiplyFirst),
    ...one(a1, b1, multiplyLast),
  ]
}

/** target = (target xor other) rotated. @param {readonly Local[]} target @param {readonly Local[]} other @param {number} bits @returns {Code} */
const turn = (target, other, bits) =>
  target.flatMap((local, i) => set(local, rotate(xor(get(local), get(other[i] ?? 0)), bits)))

/** The four functions GB of a half round, in steps. @param {Record<'a' | 'b' | 'c' | 'd', readonly Local[]>} state */
const halfRound = ({ a, b, c, d }) => [
  mix(a, b),
  turn(d, a, 32),
  mix(c, d),
  turn(b, c, 24),
  mix(a, b),
  turn(d, a, 16),
  mix(c, d),
  turn(b, c, 63),
]

/** Moves a row of four numbers by one place: to the left, or back. @param {readonly Local[]} row @param {boolean} isBack @returns {Code} */
function moveByOne([low = 0, high = 0], isBack) {
  const lowThenHigh = shuffle(get(low), get(high), lastThenFirst)
  const highThenLow = shuffle(get(high), get(low), lastThenFirst)
  const [newLow, newHigh] = isBack ? [highThenLow, lowThenHigh] : [lowThenHigh, highThenLow]
  // The new low half waits on the stack until the old one is no longer needed.
  return [...newLow, ...set(high, newHigh), ...set(low, [])]
}

/** The permutation P over a matrix of 4 × 4 numbers, two to a local, in steps. @param {readonly Local[]} locals */
function round([a0 = 0, a1 = 0, b0 = 0, b1 = 0, c0 = 0, c1 = 0, d0 = 0, d1 = 0]) {
  const columns = { a: [a0, a1], b: [b0, b1], c: [c0, c1], d: [d0, d1] }
  // A row moved by two places has its locals swapped; moved by three, it moves by one the other way.
  const diagonals = { ...columns, c: [c1, c0] }
  return [
    ...halfRound(columns),
    [...moveByOne(columns.b, false), ...moveByOne(columns.d, true)],
    ...halfRound(diagonals),
    [...moveByOne(columns.b, true), ...moveByOne(columns.d, false)],
  ]
}

const bothRounds = () => {
  const steps = round(second)
  return round(first).flatMap((step, i) => [...step, ...(steps[i] ?? [])])
}

/** @param {Local} local @param {number} by @returns {Code} */
const advance = (local, by) => set(local, add(get(local), number(by)))

/** Something for each vector of two neighbours in the matrix. @param {number} apart @param {number} step @param {(local: Local, at: number) => Code} what @returns {Code} */
const each = (apart, step, what) =>
  [first, second].flatMap((locals, i) =>
    locals.flatMap((local, k) => what(local, i * apart + k * step)),
  )

/** The rows' rounds of `previous` xor `reference`, which is left in the output, over what was there or not. @param {boolean} isOutputKept @returns {Code} */
function rows(isOutputKept) {
  const body = [
    ...each(rowBytes, vectorBytes, (local, at) => {
      const input = xor(load(get(previous), at), load(get(reference), at))
      const left = isOutputKept ? xor(get(local), load(get(output), at)) : get(local)
      return [...set(local, input), ...store(get(output), left, at)]
    }),
    ...bothRounds(),
    ...each(rowBytes, vectorBytes, (local, at) => store(get(offset), get(local), scratch + at)),
    ...[previous, reference, output, offset].flatMap((local) => advance(local, 2 * rowBytes)),
  ]
  return [
    ...set(offset, number(0)),
    ...repeatWhile(body, isLess(get(offset), number(blockBytes))),
    ...set(output, subtract(get(output), number(blockBytes))),
  ]
}

/** The columns' rounds, added to what is in the output. @returns {Code} */
function columns() {
  const body = [
    ...each(vectorBytes, rowBytes, (local, at) => set(local, load(get(offset), scratch + at))),
    ...bothRounds(),
    ...each(vectorBytes, rowBytes, (local, at) =>
      store(get(output), xor(get(local), load(get(output), at)), at),
    ),
    ...[output, offset].flatMap((local) => advance(local, 2 * vectorBytes)),
  ]
  return [...set(offset, number(0)), ...repeatWhile(body, isLess(get(offset), number(rowBytes)))]
}

/** G(previous, reference) into the output, by their addresses; over what was there where `isOver` is not zero. */
export const compression = {
  parameterCount: 4,
  locals: [i32, ...Array(19).fill(v128)],
  body: [...when(get(isOver), rows(true), rows(false)), ...columns()],
}
