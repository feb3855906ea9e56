import { Refusal } from '../../lib/say.mjs'
import { listFamily, readProcessorMs } from './processor-time.mjs'

/**
 * @typedef {object} Summary
 * @property {number} rate successes a second, the median of the rounds
 * @property {number[]} rates of each round
 * @property {number} p50 milliseconds, of all answers of all rounds
 * @property {number} p95
 * @property {number} p99
 * @property {number} cpu milliseconds of the server's processes for each answer
 * @property {Record<string, number>} refused how many answers were no success, by their status
 *
 * @typedef {import('./generator.mjs').Measured & { cpuMs: number }} Round
 *
 * @typedef {object} How
 * @property {number} connections
 * @property {number} seconds
 * @property {number} rounds
 * @property {boolean} [isWhole] whether each request is waited for, so that none works on into another side's turn
 * @property {boolean} [mayRefuse]
 *
 * @typedef {Omit<import('./generator.mjs').Load, 'connections' | 'seconds'> & { pid?: number }} Side `pid` is the server's
 */

/** @param {readonly number[]} values */
export const median = (values) => percentile(values, 0.5)

/** @param {readonly number[]} values @param {number} share such as 0.95 */
export function percentile(values, share) {
  const sorted = [...values].sort((one, other) => one - other)
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))
  return sorted[at] ?? Number.NaN
}

/** One side's rate as a part of another's: the median of what each round says. @param {Summary} one @param {Summary} other */
export const shareOf = (one, other) =>
  median(one.rates.map((rate, round) => rate / (other.rates[round] ?? Number.NaN)))

/**
 * Loads each side in turn, round after round and in changing order, so that what else the machine does happens to all.
 * Throws a Refusal where an answer is no success, unless it may be.
 * @template {Record<string, Side>} Sides
 * @param {import('./generator.mjs').Generator} generator
 * @param {Sides} sides
 * @param {How} how
 * @returns {Promise<{ [Name in keyof Sides]: Summary }>}
 */
export async function takeTurns(generator, sides, { connections, seconds, rounds, ...how }) {
  const lanes = Object.entries(sides).map(([name, { pid, ...load }]) => ({
    name,
    load,
    family: pid === undefined ? [] : listFamily(pid),
    /** @type {Round[]} */
    measured: [],
  }))
  for (const { load } of lanes) {
    if (how.isWhole) {
      const first = await generator.measure({
        ...load,
        connections,
        seconds,
        amount: connections * 2,
      })
      load.amount = Math.max(connections * 2, Math.round(rateOf(first) * seconds))
    } else await generator.measure({ ...load, connections, seconds: Math.min(0.3, seconds / 4) })
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const lane of round % 2 === 0 ? lanes : lanes.toReversed()) {
      const beforeMs = readProcessorMs(lane.family)
      const one = await generator.measure({ ...lane.load, connections, seconds })
      if (!how.mayRefuse) throwWhereRefused(lane.load, one.refused)
      lane.measured.push({ ...one, cpuMs: readProcessorMs(lane.family) - beforeMs })
    }
  }
  return /** @type {{ [Name in keyof Sides]: Summary }} */ (
    Object.fromEntries(lanes.map(({ name, measured }) => [name, summarize(measured)]))
  )
}

/** @param {Pick<import('./generator.mjs').Load, 'method' | 'url'>} load @param {Record<string, number>} refused */
function throwWhereRefused({ method = 'GET', url }, refused) {
  const told = Object.entries(refused).map(([status, count]) => `${count} times ${status}`)
  if (told.length > 0) throw new Refusal(`${method} ${url} was answered ${told.join(', ')}.`)
}

/** @param {import('./generator.mjs').Measured} round */
const rateOf = ({ milliseconds, seconds }) => milliseconds.length / seconds

/** @param {readonly Round[]} rounds @returns {Summary} */
function summarize(rounds) {
  const all = rounds.flatMap(({ milliseconds }) => milliseconds)
  const rates = rounds.map(rateOf)
  const cpuMs = rounds.reduce((sum, each) => sum + each.cpuMs, 0) / all.length
  /** @type {Record<string, number>} */
  const refused = {}
  for (const each of rounds) {
    for (const [status, count] of Object.entries(each.refused)) {
      refused[status] = (refused[status] ?? 0) + count
    }
  }
  return {
    rate: median(rates),
    rates,
    p50: percentile(all, 0.5),
    p95: percentile(all, 0.95),
    p99: percentile(all, 0.99),
    cpu: cpuMs > 0 ? cpuMs : Number.NaN,
    refused,
  }
}
