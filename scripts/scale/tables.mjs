import { hostsTable, inferenceTable, waitingTable } from './host-tables.mjs'
import { findBottlenecks, listLimits } from './limits.mjs'
import { archivesLoad, largeLoad } from './loads.mjs'
import { amount, group, money, share, table } from './markdown.mjs'
import { costOfItems, countsPerItem, secondsPerDay, storageCostOfItems } from './model.mjs'
import { cloudflare } from './prices.mjs'

/** @typedef {import('./model.mjs').Measured} Measured */

/** Every table of docs/costs.md and docs/scale.md by its name. @param {Measured} measured @returns {Record<string, string>} */
export function createTables(measured) {
  return {
    counts: countsTable(measured),
    costs: costsTable(measured),
    inference: inferenceTable(),
    hosts: hostsTable(),
    load: loadTable(measured),
    limits: limitsTable(measured),
    bottlenecks: bottlenecksTable(measured),
    waiting: waitingTable(),
  }
}

/** @param {Measured} measured */
function countsTable({ counts }) {
  const columns = [
    'd1Calls',
    'd1RowsRead',
    'd1RowsWritten',
    'objectRequests',
    'objectRowsRead',
    'objectRowsWritten',
    'queueMessages',
    'r2ClassA',
    'r2ClassB',
  ]
  const rows = Object.entries({
    login: 'a login',
    upload: 'a pair is uploaded',
    archiveOf100: 'an archive of 100 pairs is uploaded',
    inferenceOf1: 'an inference of 1 pair, start to end',
    inferenceOf16: '… of 16 pairs',
    inferenceOf160: '… of 160 pairs',
    pollRunningOf160: 'a poll while it runs',
    resultsOf16: 'its results, 16 on a page',
    download: 'a result is fetched',
    itemsPage: 'a page of twenty items',
    sweep: 'a minute in which nothing is to be done',
  }).map(([name, title]) => [
    title,
    ...columns.map((column) => String(counts[name]?.[column] ?? 0)),
  ])
  return table(
    [
      '',
      'D1 calls',
      'rows read',
      'rows written',
      'object requests',
      'rows read',
      'rows written',
      'messages',
      'R2 A',
      'R2 B',
    ],
    rows,
  )
}

/** @param {Measured} measured */
function costsTable(measured) {
  const loads = [largeLoad, archivesLoad]
  const running = loads.map((load) => costOfItems(countsPerItem(measured, load), 1e6, cloudflare))
  const stored = storageCostOfItems(measured.bytes, largeLoad, 1e6, cloudflare)
  const total = (/** @type {Record<string, number>} */ costs) =>
    money(Object.values(costs).reduce((sum, dollars) => sum + dollars, 0))
  const [single = {}, archived = {}] = /** @type {Record<string, number>[]} */ (running)
  return table(
    ['dollars of a million pictures', 'one a request', 'a hundred an archive'],
    [
      ...Object.keys(single).map((name) => [
        name,
        money(single[name] ?? 0),
        money(archived[name] ?? 0),
      ]),
      ['**once, in all**', `**${total(single)}**`, `**${total(archived)}**`],
      ...Object.entries(stored).map(([name, dollars]) => [
        `${name}, each month that they are kept`,
        money(dollars),
        name === 'token accounts' ? '–' : money(dollars),
      ]),
      ['**each month, in all**', `**${total(stored)}**`, ''],
    ],
  )
}

/** @param {Measured} measured */
function loadTable(measured) {
  const single = countsPerItem(measured, largeLoad)
  const archived = countsPerItem(measured, archivesLoad)
  const average = largeLoad.itemsPerDay / secondsPerDay
  const row = (/** @type {string} */ title, /** @type {string} */ name) => [
    title,
    amount(average * (single[name] ?? 0)),
    amount(average * largeLoad.peakFactor * (single[name] ?? 0)),
    amount(average * largeLoad.peakFactor * (archived[name] ?? 0)),
  ]
  return table(
    ['a second', 'on average', 'in the busiest minutes', 'the same in archives of 100'],
    [
      row('Worker requests', 'workerRequests'),
      row('milliseconds of processor of all isolates', 'workerCpuMs'),
      row('D1 calls', 'd1Calls'),
      row('D1 rows read', 'd1RowsRead'),
      row('D1 rows written', 'd1RowsWritten'),
      row('object requests, of all objects', 'objectRequests'),
      row('object rows written', 'objectRowsWritten'),
      row('tasks, and their messages', 'queueMessages'),
      row('R2 writes', 'r2ClassA'),
      row('R2 reads', 'r2ClassB'),
    ],
  )
}

/** @param {Measured} measured */
function limitsTable(measured) {
  const rows = listLimits(measured, largeLoad).map(({ name, used, limit, unit, source }) => [
    name,
    amount(used),
    `${amount(limit)} ${unit}`,
    share(used / limit),
    source,
  ])
  return table(['what', 'used', 'of', 'share', 'where the limit is from'], rows)
}

/** @param {Measured} measured */
function bottlenecksTable(measured) {
  const archived = findBottlenecks(measured, archivesLoad)
  const round = (/** @type {number | undefined} */ items) =>
    items === undefined ? '–' : group(Number(items.toPrecision(2)))
  const rows = findBottlenecks(measured, largeLoad).map(({ name, itemsPerDay, remedy }, index) => [
    `${index + 1}. ${name}`,
    round(itemsPerDay),
    round(archived.find((other) => other.name === name)?.itemsPerDay),
    remedy,
  ])
  return table(
    ['what', 'reached at items a day, one a request', 'a hundred an archive', 'what then'],
    rows,
  )
}
