/** The filling of a segment of Argon2id's memory (RFC 9106, 3.2 and 3.4). */
import {
  add,
  and,
  andLong,
  call,
  choose,
  get,
  i32,
  i64,
  isEqual,
  isLess,
  isZero,
  loadLong,
  long,
  multiply,
  multiplyLong,
  number,
  or,
  remainder,
  repeatWhile,
  set,
  shiftLeft,
  shiftRight,
  shiftRightLong,
  storeLong,
  subtract,
  tee,
  toLong,
  toNumber,
  when,
} from './assembler.mjs'

/** @typedef {import('./assembler.mjs').Code} Code @typedef {import('./assembler.mjs').Local} Local */

const blockBytes = 1024
/** What lies before the blocks: the scratch of the compression, a block of zeros, one that counts, and addresses. */
const zeros = 1024
const counting = 2048
const addresses = 3072
const blocks = 4096

const [pass, slice, lane, passes, lanes, laneBlocks] = [0, 1, 2, 3, 4, 5]
const [segmentBlocks, index, current, previous, counted] = [6, 7, 8, 9, 10]
const [isIndependent, referenceLane, isSameLane, window, place] = [11, 12, 13, 14, 15]
const [random] = [16]

const typeArgon2id = 2
const one = number(1)
/** Addresses in a block of them. */
const addressesMask = number(127)

const isFirstSlice = isZero(or(get(pass), get(slice)))

/** @param {Code} ofLane @param {Code} block @returns {Code} */
const addressOf = (ofLane, block) =>
  add(multiply(add(multiply(ofLane, get(laneBlocks)), block), number(blockBytes)), number(blocks))

/** @param {number} word @param {Code} value @returns {Code} */
const count = (word, value) => storeLong(number(counting), toLong(value), 8 * word)

const begin = [
  ...set(segmentBlocks, shiftRight(get(laneBlocks), number(2))),
  ...set(isIndependent, and(isZero(get(pass)), isLess(get(slice), number(2)))),
  ...count(0, get(pass)),
  ...count(1, get(lane)),
  ...count(2, get(slice)),
  ...count(3, multiply(get(laneBlocks), get(lanes))),
  ...count(4, get(passes)),
  ...count(5, number(typeArgon2id)),
  ...set(counted, number(0)),
  // The first two blocks of a lane are made before.
  ...set(index, choose(isFirstSlice, number(2), number(0))),
]

const before = choose(
  or(get(slice), get(index)),
  subtract(get(current), number(blockBytes)),
  addressOf(get(lane), subtract(get(laneBlocks), one)),
)

/** Each 128 blocks of the first two slices are led by a block of addresses, which no password decides. */
const nextAddresses = when(or(isZero(get(counted)), isZero(and(get(index), addressesMask))), [
  ...set(counted, add(get(counted), one)),
  ...count(6, get(counted)),
  ...call(0, number(zeros), number(counting), number(addresses), number(0)),
  ...call(0, number(zeros), number(addresses), number(addresses), number(0)),
])

const drawRandom = when(
  get(isIndependent),
  [
    ...nextAddresses,
    ...set(random, loadLong(shiftLeft(and(get(index), addressesMask), number(3)), addresses)),
  ],
  set(random, loadLong(get(previous))),
)

/** J_2 tells the lane; in the very first slice there is no other to take from. */
const chooseLane = [
  ...set(
    referenceLane,
    choose(
      isFirstSlice,
      get(lane),
      remainder(toNumber(shiftRightLong(get(random), long(32n))), get(lanes)),
    ),
  ),
  ...set(isSameLane, isEqual(get(referenceLane), get(lane))),
]

/** How many blocks may be referred to: whole slices that are done, and of this lane what is done of this one. */
const measureWindow = set(
  window,
  add(
    multiply(choose(get(pass), number(3), get(slice)), get(segmentBlocks)),
    choose(get(isSameLane), subtract(get(index), one), subtract(number(0), isZero(get(index)))),
  ),
)

/** J_1 tells the block, the later ones more often: of the window, the place z. */
const low = andLong(get(random), long(0xffffffffn))
const squared = shiftRightLong(multiplyLong(low, low), long(32n))
const fromEnd = toNumber(shiftRightLong(multiplyLong(toLong(get(window)), squared), long(32n)))
/** After the first pass the window begins behind the slice that is being filled anew. */
const windowStart = choose(get(pass), multiply(add(get(slice), one), get(segmentBlocks)), number(0))
const choosePlace = set(
  place,
  remainder(add(windowStart, subtract(subtract(get(window), one), fromEnd)), get(laneBlocks)),
)

const fillBlock = [
  ...set(current, addressOf(get(lane), add(multiply(get(slice), get(segmentBlocks)), get(index)))),
  ...set(previous, before),
  ...drawRandom,
  ...chooseLane,
  ...measureWindow,
  ...choosePlace,
  ...call(0, get(previous), addressOf(get(referenceLane), get(place)), get(current), get(pass)),
]

/** `fill(pass, slice, lane, passes, lanes, laneBlocks)`: a quarter of a lane. The compression is function 0. */
export const filling = {
  exportedAs: 'fill',
  parameterCount: 6,
  locals: [...Array(10).fill(i32), i64],
  body: [
    ...begin,
    ...repeatWhile(fillBlock, isLess(tee(index, add(get(index), one)), get(segmentBlocks))),
  ],
}
