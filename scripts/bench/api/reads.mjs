import { say } from '../../lib/say.mjs'
import { formatShare, tellRates } from './rate-row.mjs'
import { readRoutes } from './read-routes.mjs'
import { shareOf, takeTurns } from './take-turns.mjs'

const concurrencies = [1, 16]
const floorShareMin = 0.85

/**
 * Each read route beside a bare one that makes the same calls.
 * @param {import('./stage.mjs').Stage} stage
 * @returns {Promise<import('./report.mjs').Section[]>}
 */
export async function measureReads({ facts, product, floor, other, generator, seconds, rounds }) {
  /** @type {import('./report.mjs').Row[]} */
  const rows = []
  for (const route of readRoutes) {
    const { name, calls, original } = route
    const rival = other && (await findRival(other, route))
    const sides = {
      own: { ...requestOf(route, facts), pid: product.pid },
      floor: {
        url: `${floor.url}/?calls=${encodeURIComponent(calls.join(','))}`,
        pid: floor.pid,
      },
      ...(rival && { other: rival }),
    }
    for (const at of concurrencies) {
      const turns = await takeTurns(generator, sides, { connections: at, seconds, rounds })
      const share = shareOf(turns.own, turns.floor)
      const goals = [{ name: `≥ ${formatShare(floorShareMin)}`, met: share >= floorShareMin }]
      const known = at === 16 ? original : undefined
      if (known) goals.push({ name: `> ${known}/s`, met: turns.own.rate > known })
      const more = { calls: calls.join(', ') || 'none' }
      rows.push(tellRates({ what: name, at, turns, more, original: known, goals }))
    }
  }
  return [
    {
      title: 'Reads',
      rows,
      notes: [
        'The floor is a bare Worker route that makes the same calls, each query for one row by its primary key, and answers ' +
          'what it got. Shares are the median of what each round says. CPU is that of all processes of a server for each ' +
          'answer.',
      ],
    },
  ]
}

/** @param {import('./read-routes.mjs').ReadRoute} route @param {import('./read-routes.mjs').Facts} facts */
export function requestOf({ at, by }, facts) {
  const person = by === 'admin' ? facts.admin : facts.user
  return { url: person.url + at(facts), headers: person.headers }
}

/** The other server's route, where it has it. @param {import('./stage.mjs').Other} other @param {import('./read-routes.mjs').ReadRoute} route */
async function findRival({ facts }, route) {
  if (!facts) return undefined
  const { url, headers } = requestOf(route, facts)
  const answer = await fetch(url, { headers })
  await answer.arrayBuffer()
  if (answer.ok) return { url, headers }
  say(`  ${route.name}: the other server answers ${answer.status}, so that it is left out`)
  return undefined
}
