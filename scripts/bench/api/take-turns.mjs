/**
 * @typedef {object} Summary
 * @property {number} rate successes a second, the median of the rounds
 * @property {number} p50 milliseconds, of all answers of all rounds
 * @property {number} p95
 * @property {number} p99
 *
 * @typedef {import('./generator.mjs').Measured} Measured
 */

/** @param {readonly number[]} values */
export const median = (values) => percentile(values, 0.5)

/** @param {readonly number[]} values @param {number} share such as 0.95 */
export function percentile(values, share) {
  const sorted = [...values].sort((one, other) => one - other)
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))
  return sorted[at] ?? Number.NaN
}

/**
 * Loads each side in turn, round after round and in changing order, so that what else the machine does happens to all.
 * @template {string} Side
 * @param {import('./generator.mjs').Generator} generator
 * @param {Record<Side, Omit<import('./generator.mjs').Load, 'connections' | 'seconds'>>} sides
 * @param {{ connections: number, seconds: number, rounds: number }} how
 * @returns {Promise<Record<Side, Summary>>}
 */
export async function takeTurns(generator, sides, { connections, seconds, rounds }) {
  const names = /** @type {Side[]} */ (Object.keys(sides))
  /** @type {Map<Side, Measured[]>} */
  const measured = new Map(names.map((name) => [name, []]))
  for (const name of names) {
    await generator.measure({ ...sides[name], connections, seconds: seconds / 4 })
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      measured.get(name)?.push(await generator.measure({ ...sides[name], connections, seconds }))
    }
  }
  return /** @type {Record<Side, Summary>} */ (
    Object.fromEntries(names.map((name) => [name, summarize(measured.get(name) ?? [])]))
  )
}

/** @param {readonly Measured[]} rounds @returns {Summary} */
function summarize(rounds) {
  const all = rounds.flatMap(({ milliseconds }) => milliseconds)
  return {
    rate: median(rounds.map(({ milliseconds, seconds }) => milliseconds.length / seconds)),
    p50: percentile(all, 0.5),
    p95: percentile(all, 0.95),
    p99: percentile(all, 0.99),
  }
}
