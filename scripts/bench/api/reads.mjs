import { say } from '../../lib/say.mjs'
import { readRoutes } from './read-routes.mjs'
import { takeTurns } from './take-turns.mjs'

/** @typedef {import('./report.mjs').Row} Row */
/** @typedef {import('./take-turns.mjs').Summary} Summary */

const concurrencies = [1, 16]
const floorShareMin = 0.85

/**
 * Each read route beside a bare one that makes the same calls.
 * @param {import('./stage.mjs').Stage} stage
 * @returns {Promise<import('./report.mjs').Section>}
 */
export async function measureReads({ facts, floorUrl, generator, seconds, rounds }) {
  /** @type {Row[]} */
  const rows = []
  for (const route of readRoutes) {
    const person = route.by === 'admin' ? facts.admin : facts.user
    const sides = {
      own: { url: person.url + route.at(facts), headers: person.headers },
      floor: { url: `${floorUrl}/?calls=${encodeURIComponent(route.calls.join(','))}` },
    }
    for (const connections of concurrencies) {
      const summaries = await takeTurns(generator, sides, { connections, seconds, rounds })
      rows.push(tellRow(route, connections, summaries))
    }
  }
  return {
    title: 'Reads',
    rows,
    notes: [
      'The floor is a bare Worker route that makes the same calls, each query for one row by its primary key, ' +
        'and answers what it got.',
    ],
  }
}

/**
 * @param {import('./read-routes.mjs').ReadRoute} route @param {number} connections
 * @param {{ own: Summary, floor: Summary }} summaries
 * @returns {Row}
 */
function tellRow({ name, calls, original }, connections, { own, floor }) {
  const share = own.rate / floor.rate
  const percent = `${Math.round(share * 100)} %`
  say(
    `  ${name} ×${connections}: ${own.rate.toFixed(0)}/s, ${percent} of ${floor.rate.toFixed(0)}/s`,
  )
  const goals = [{ name: '≥ 85 %', met: share >= floorShareMin }]
  if (original && connections === 16) {
    goals.push({ name: `> ${original}/s`, met: own.rate > original })
  }
  return {
    cells: {
      route: name,
      calls: calls.join(', ') || 'none',
      at: connections,
      'req/s': own.rate,
      'p50 ms': own.p50,
      'p95 ms': own.p95,
      'p99 ms': own.p99,
      'floor req/s': floor.rate,
      'floor p50 ms': floor.p50,
      'of the floor': percent,
      original: connections === 16 ? original : undefined,
    },
    goals,
  }
}
