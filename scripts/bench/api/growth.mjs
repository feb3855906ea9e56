import { say, sayWhile } from '../../lib/say.mjs'
import { fillTables } from './growth-fill.mjs'
import { formatShare } from './rate-row.mjs'
import { readRoutes } from './read-routes.mjs'
import { requestOf } from './reads.mjs'
import { shareOf, takeTurns } from './take-turns.mjs'

const sizes = /** @type {const} */ ([10, 1_000, 100_000])
const concurrency = 16
/** What two rounds of the same thing differ by is less. Judged by processor time, which other work on the machine leaves alone. */
const flatTimesMax = 1.25

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
    const how = { connections: concurrency, seconds, rounds, isWhole: true }
    const turns = await takeTurns(generator, { small, middle, large }, how)
    const share = formatShare(shareOf(turns.large, turns.small))
    const times = turns.large.cpu / turns.small.cpu
    say(
      `  ${route.name}: from ${sizes[0]} to ${sizes[2]} ${share} of the rate, ${times.toFixed(2)} times the CPU`,
    )
    rows.push({
      cells: {
        route: route.name,
        ...Object.fromEntries(
          [turns.small, turns.middle, turns.large].flatMap(({ rate, cpu }, at) => [
            [`req/s at ${sizes[at]}`, rate],
            [`CPU ms at ${sizes[at]}`, cpu],
          ]),
        ),
        'rate of the first': share,
        'times the CPU': times,
      },
      goals: [{ name: `flat (CPU ≤ ${flatTimesMax} times)`, met: times <= flatTimesMax }],
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
