/**
 * Chance that one seed decides.
 * @typedef {object} Random
 * @property {() => number} next at least 0 and below 1
 * @property {(end: number) => number} below a whole number from 0 to below `end`
 * @property {<Value>(values: readonly Value[]) => Value} pick one of some
 * @property {(label: string) => Random} fork chance of its own, which draws from nothing of this one's
 */

/** Mulberry32 (Tommy Ettinger, public domain), seeded by a text. @param {string} seed @returns {Random} */
export function createRandom(seed) {
  let state = hash(seed)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  /** @param {number} end */
  const below = (end) => Math.floor(next() * end)
  return {
    next,
    below,
    pick(values) {
      const picked = values[below(values.length)]
      if (picked === undefined) throw new RangeError('Nothing can be picked from nothing.')
      return picked
    },
    fork: (label) => createRandom(`${seed}/${label}`),
  }
}

/** FNV-1a, 32 bits. @param {string} text */
function hash(text) {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value >>> 0
}
