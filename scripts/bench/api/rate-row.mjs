import { say } from '../../lib/say.mjs'
import { shareOf } from './take-turns.mjs'

/** @typedef {import('./take-turns.mjs').Summary} Summary */

/**
 * One route at one concurrency: what it does, the floor of the same run, the original and, where one is asked in turn,
 * another server of the API.
 * @param {object} told
 * @param {string} told.what
 * @param {number} told.at
 * @param {{ own: Summary, floor?: Summary, other?: Summary }} told.turns
 * @param {Record<string, string>} [told.more] cells that come first
 * @param {number | string | undefined} [told.original]
 * @param {import('./report.mjs').Goal[]} [told.goals]
 * @returns {import('./report.mjs').Row}
 */
export function tellRates({ what, at, turns, more = {}, original, goals = [] }) {
  const { own, floor, other } = turns
  const share = floor && formatShare(shareOf(own, floor))
  const rival = other && `${shareOf(own, other).toPrecision(3)} times the other's`
  const missed = goals.filter(({ met }) => !met).map(({ name }) => `NOT MET: ${name}`)
  const beside = [share && `${share} of ${floor.rate.toFixed(0)}/s`, rival, ...missed]
  const line = [`${own.rate.toFixed(0)}/s`, ...beside].filter(Boolean).join(', ')
  say(`  ${what} ×${at}: ${line}`)
  return {
    cells: {
      route: what,
      at,
      ...more,
      'req/s': own.rate,
      'p50 ms': own.p50,
      'p95 ms': own.p95,
      'p99 ms': own.p99,
      'CPU ms': own.cpu,
      ...(floor && {
        'floor req/s': floor.rate,
        'floor p50 ms': floor.p50,
        'floor CPU ms': floor.cpu,
        'of the floor': share,
      }),
      ...(other && {
        'other req/s': other.rate,
        'other p50 ms': other.p50,
        'times the other': shareOf(own, other),
      }),
      original,
    },
    goals,
  }
}

/** @param {number} share */
export const formatShare = (share) => `${Math.round(share * 100)} %`
