import { countsPerItem, secondsPerDay } from './model.mjs'

/** @typedef {import('./model.mjs').Load} Load */
/** @typedef {import('./model.mjs').Measured} Measured */

/**
 * Something that has an end.
 * @typedef {object} Limit
 * @property {string} name
 * @property {number} used at that load
 * @property {number} limit
 * @property {string} unit
 * @property {string} source where the limit is from
 * @property {string} remedy what is done when it is reached
 */

/** How long D1 works on a call: between a query that finds a row by its key and a batch that writes some dozens. */
const d1CallMs = 1
const d1BytesMax = 10e9
const d1RowsPerSecond = 33_000
/** Steps of the daily reconciliation: statements a minute, statements a page of the bucket, objects a page. */
const reconciled = { statementsPerMinute: 600, statementsPerPage: 20, objectsPerPage: 1000 }
const objectsPerItem = 3

/**
 * Everything that has an end, with what a load takes of it.
 * @param {Measured} measured
 * @param {Load} load
 * @returns {Limit[]}
 */
export function listLimits(measured, load) {
  const item = countsPerItem(measured, load)
  const of = (/** @type {string} */ name) => item[name] ?? 0
  const peakItems = (load.itemsPerDay * load.peakFactor) / secondsPerDay
  const rowBytes = (measured.bytes.d1OfUpload ?? 0) + (measured.bytes.d1OfResult ?? 0)
  const peakTasks = peakItems * of('tasks')
  const itemsOfUser = load.itemsPerDay / load.users
  const busiestUser = 20
  const { statementsPerMinute, statementsPerPage, objectsPerPage } = reconciled
  const reconciledPerDay = (statementsPerMinute / statementsPerPage) * objectsPerPage * 24 * 60
  return [
    {
      name: 'size of the database, rows kept for the retention time',
      used: (rowBytes * load.itemsPerDay * load.retentionDays) / 1e9,
      limit: d1BytesMax / 1e9,
      unit: 'GB',
      source: 'D1 limits',
      remedy: 'a database for each share of the users',
    },
    {
      name: 'calls of the database in the busiest minutes',
      used: peakItems * of('d1Calls'),
      limit: 1000 / d1CallMs,
      unit: 'calls/s',
      source: 'one thread, at 1 ms a call (assumed)',
      remedy: 'archives instead of single uploads, then the same',
    },
    {
      name: 'rows that the database writes in the busiest minutes',
      used: peakItems * of('d1RowsWritten'),
      limit: d1RowsPerSecond,
      unit: 'rows/s',
      source: 'measured locally: 100 inserts in a batch take 3 ms',
      remedy: 'the same',
    },
    {
      name: 'size of all databases of the account',
      used: (rowBytes * load.itemsPerDay * load.retentionDays) / 1e9,
      limit: 1000,
      unit: 'GB',
      source: 'D1 limits (an older copy says 250)',
      remedy: 'Cloudflare raises it on request; results of old inferences are moved to R2',
    },
    {
      name: 'objects that the daily reconciliation compares',
      used: load.itemsPerDay * load.retentionDays * objectsPerItem,
      limit: reconciledPerDay,
      unit: 'objects/day',
      source: 'its own budget of statements a minute',
      remedy: 'a reconciliation for each share of the users, or a week for each',
    },
    {
      name: 'requests of one account object, of a user who is twenty times as busy as the average',
      used: (busiestUser * itemsOfUser * load.peakFactor * of('objectRequests')) / secondsPerDay,
      limit: 200,
      unit: 'requests/s',
      source: 'Durable Objects, with storage writes',
      remedy: 'one entry for a whole archive, as there is already',
    },
    {
      name: 'size of the account object of such a user after a year',
      used:
        ((measured.bytes.accountOfUpload ?? 0) * itemsOfUser * busiestUser * 365) /
        load.pairsPerArchive /
        1e9,
      limit: 10,
      unit: 'GB',
      source: 'Durable Objects limits',
      remedy: 'old entries are kept in R2, with the balance that they led to',
    },
    {
      name: 'messages of the tasks queue',
      used: peakItems * of('queueMessages'),
      limit: 5000,
      unit: 'messages/s',
      source: 'Queues limits',
      remedy: 'a queue for each pool of hosts',
    },
    {
      name: 'consumers of the tasks queue at once, four tasks each',
      used: (peakTasks * load.secondsPerTask) / 4,
      limit: 250,
      unit: 'invocations',
      source: 'Queues limits',
      remedy: 'larger batches, or a queue for each pool of hosts',
    },
    {
      name: 'time of a consumer',
      used: load.secondsPerTask,
      limit: 15 * 60,
      unit: 's',
      source: 'wall time of consumers',
      remedy: 'smaller tasks',
    },
    {
      name: 'processor time of a request',
      used: (measured.cpuMs.upload ?? 0) / 1000,
      limit: 300,
      unit: 's',
      source: '`limits.cpu_ms` of wrangler.toml',
      remedy: '–',
    },
    {
      name: 'subrequests of a task with sixteen pictures',
      used: 16,
      limit: 10_000,
      unit: 'subrequests',
      source: 'Workers limits',
      remedy: '–',
    },
    {
      name: 'writes of one key of R2',
      used: 1,
      limit: 1,
      unit: 'write, ever',
      source: 'keys are written once; R2 takes one a second',
      remedy: '–',
    },
  ]
}

/**
 * The loads at which limits are reached, the lowest first; of what grows with the load.
 * @param {Measured} measured
 * @param {Load} load
 */
export function findBottlenecks(measured, load) {
  return listLimits(measured, load)
    .filter(({ name }) => !/^(time|processor|subrequests|writes)/.test(name))
    .map((limit) => ({ ...limit, itemsPerDay: (load.itemsPerDay * limit.limit) / limit.used }))
    .sort((a, b) => a.itemsPerDay - b.itemsPerDay)
}
