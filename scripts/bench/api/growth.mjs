import { say, sayWhile } from '../../lib/say.mjs'
import { fillTables } from './growth-fill.mjs'
import { formatShare } from './rate-row.mjs'
import { readRoutes } from './read-routes.mjs'
import { requestOf } from './reads.mjs'
import { shareOf, takeTurns } from './take-turns.mjs'

const sizes = /** @type {const} */ ([10, 1_000, 100_000])
const concurrency = 16
/** Less than this is within what two rounds of the same thing differ by. */
const flatShareMin = 0.8

/**
 * @typedef {object} GrowingRoute
 * @property {string} name
 * @property {(facts: Facts, size: number) => string} at
 * @property {'admin'} [by]
 *
 * @typedef {import('./read-routes.mjs').Facts} Facts
 */

/** @type {GrowingRoute[]} */
const routes = [
  ...readRoutes.filter(({ calls }) => calls.length > 0),
  {
    name: 'items, last page',
    at: ({ dataset }, size) => `/api/datasets/${dataset}/data?limit=10&page=${size / 10}`,
  },
  {
    name: 'transactions of a user (admin)',
    at: ({ userId }) => `/api/admin/transactions?userId=${userId}`,
    by: 'admin',
  },
]

/**
 * Each read route with so many items in its dataset, and users and transactions in the tables: three copies of the Worker
 * and its state, asked in turn.
 * @param {import('./stage.mjs').Stage} stage
 * @returns {Promise<import('./report.mjs').Section[]>}
 */
export async function measureGrowth({ facts, workshop, copies, generator, seconds, rounds }) {
  const servers = await sayWhile('three copies with rows in their tables', () =>
    Promise.all(
      sizes.map(async (size, at) => {
        const server = await workshop.startServer('product', copies[at])
        await server.runSql(fillTables(facts, size))
        return server
      }),
    ),
  )
  /** @type {import('./report.mjs').Row[]} */
  const rows = []
  for (const route of routes) {
    const requests = servers.map(({ url, pid }, index) => {
      const here = { ...facts, user: { ...facts.user, url }, admin: { ...facts.admin, url } }
      const at = () => route.at(here, sizes[index] ?? 0)
      return { ...requestOf({ ...route, at, calls: [] }, here), pid }
    })
    const [small, middle, large] = requests
    if (!small || !middle || !large) throw new Error('There is a copy for each size.')
    const how = {
      connections: concurrency,
      seconds: seconds * 0.6,
      rounds: Math.max(2, rounds - 1),
    }
    const turns = await takeTurns(generator, { small, middle, large }, how)
    const share = shareOf(turns.large, turns.small)
    say(`  ${route.name}: ${formatShare(share)} of the rate with ${sizes[0]} at ${sizes[2]}`)
    rows.push({
      cells: {
        route: route.name,
        ...Object.fromEntries(
          [turns.small, turns.middle, turns.large].flatMap(({ rate, cpu }, at) => [
            [`req/s at ${sizes[at]}`, rate],
            [`CPU ms at ${sizes[at]}`, cpu],
          ]),
        ),
        'largest of smallest': formatShare(share),
      },
      goals: [{ name: `flat (≥ ${formatShare(flatShareMin)})`, met: share >= flatShareMin }],
    })
  }
  for (const server of servers) await server.stop()
  return [
    {
      title: 'Growth',
      rows,
      notes: [
        `${concurrency} at a time. So many items in the dataset that is asked for, users, accounts and transactions in the tables; ` +
          "half of the transactions are the asking user's.",
      ],
    },
  ]
}
