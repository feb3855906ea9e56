import { findBottlenecks, listLimits } from './limits.mjs'
import {
  containerPerSecond,
  costOfItems,
  costOfMillionImages,
  countsPerItem,
  hostsNeeded,
  storageCostOfItems,
} from './model.mjs'
import { cloudflare, container, hosts } from './prices.mjs'
import { playWaiting } from './waiting.mjs'

/** @typedef {import('./model.mjs').Load} Load */
/** @typedef {import('./model.mjs').Measured} Measured */

/** Ten thousand users and ten million items a day. @type {Load} */
export const largeLoad = {
  users: 10_000,
  itemsPerDay: 10_000_000,
  peakFactor: 3,
  pairsPerInference: 160,
  pollsPerInference: 30,
  downloadsPerItem: 1,
  loginsPerUserDay: 2,
  retentionDays: 30,
  bytesPerPair: 450_000,
  secondsPerTask: 20,
}

/** Ways to fill a hole, with one worker's milliseconds for an image of 512 × 512. */
const fillings = [
  { name: '`telea` on a core', ms: 24, measured: 'measured: 19.1 + 4.1 ms of processor' },
  { name: '`patchmatch`, a box of 64², on a core', ms: 220, measured: 'measured: 183 to 212 ms' },
  { name: '`patchmatch`, a blob of 5 %, on a core', ms: 750, measured: 'measured: 663 to 782 ms' },
  { name: 'a learned model on a GPU, quick', ms: 20, measured: 'assumed' },
  { name: 'a learned model on a GPU', ms: 50, measured: 'assumed' },
]

/** Every table of docs/costs.md and docs/scale.md by its name. @param {Measured} measured @returns {Record<string, string>} */
export function createTables(measured) {
  return {
    counts: countsTable(measured),
    costs: costsTable(measured),
    inference: inferenceTable(),
    hosts: hostsTable(),
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
  const item = countsPerItem(measured, largeLoad)
  const running = Object.entries(costOfItems(item, 1e6, cloudflare))
  const stored = Object.entries(storageCostOfItems(measured.bytes, largeLoad, 1e6, cloudflare))
  const total = (/** @type {[string, number][]} */ all) =>
    all.reduce((sum, [, dollars]) => sum + dollars, 0)
  return table(
    ['of a million pictures', 'dollars'],
    [
      ...running.map(([name, dollars]) => [name, money(dollars)]),
      ['**once, in all**', `**${money(total(running))}**`],
      ...stored.map(([name, dollars]) => [
        `${name}, each month that they are kept`,
        money(dollars),
      ]),
      ['**each month, in all**', `**${money(total(stored))}**`],
    ],
  )
}

const busyShare = 0.5

function inferenceTable() {
  const second = containerPerSecond(container, cloudflare)
  const onCores = fillings.filter(({ name }) => name.includes('core'))
  const onGpu = fillings.filter(({ name }) => name.includes('GPU'))
  const row = (
    /** @type {{ name: string, ms: number }} */ filling,
    /** @type {string} */ where,
    /** @type {number} */ perHour,
    /** @type {number} */ atOnce,
  ) => [
    filling.name,
    where,
    String(filling.ms),
    money(costOfMillionImages({ perHour, msPerImage: filling.ms, busyShare, atOnce })),
  ]
  return table(
    ['filling', 'on', 'ms an image', 'dollars of a million'],
    [
      ...onCores.map((filling) =>
        row(filling, 'Cloudflare Container standard-4, 4 cores', second * 3600, 4),
      ),
      ...onGpu.flatMap((filling) =>
        hosts.map(({ name, perHour }) => row(filling, name, perHour, 1)),
      ),
    ],
  )
}

function hostsTable() {
  const days = [100_000, 1_000_000, 10_000_000]
  const need = (/** @type {number} */ ms, /** @type {number} */ atOnce) =>
    days.map((imagesPerDay) =>
      String(
        hostsNeeded({ imagesPerDay, msPerImage: ms, peakFactor: 3, utilisation: 0.7, atOnce }),
      ),
    )
  return table(
    [
      'one worker takes',
      'so that a host does, a second',
      ...days.map((count) => `${group(count)} images a day`),
    ],
    [
      ...fillings.map(({ name, ms, measured }) => {
        const atOnce = name.includes('core') ? 4 : 1
        const per = `${Math.round((10 * 1000 * atOnce) / ms) / 10} (${atOnce === 1 ? 'one GPU' : '4 cores'})`
        return [`${name}: ${ms} ms (${measured})`, per, ...need(ms, atOnce)]
      }),
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
  const rows = findBottlenecks(measured, largeLoad).map(({ name, itemsPerDay, remedy }, index) => [
    `${index + 1}. ${name}`,
    group(Number(itemsPerDay.toPrecision(2))),
    remedy,
  ])
  return table(['what', 'reached at items a day', 'what then'], rows)
}

function waitingTable() {
  const rows = [0.5, 0.7, 0.85, 0.95].map((utilisation) => [
    `${Math.round(utilisation * 100)} %`,
    ...[1, 4, 16].map((count) => {
      const { meanSeconds, p95Seconds, callsPerTask } = playWaiting({
        hosts: count,
        taskSeconds: 4,
        utilisation,
        retrySeconds: 2,
      })
      return `${meanSeconds.toFixed(1)} s, ${p95Seconds.toFixed(1)} s, ${callsPerTask.toFixed(1)}`
    }),
  ])
  return table(['busy', '1 host', '4 hosts', '16 hosts'], rows)
}

/** A table of Markdown, its columns as wide as the formatter makes them. @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const money = (/** @type {number} */ dollars) =>
  dollars >= 100 ? group(Math.round(dollars)) : dollars.toFixed(2)
const group = (/** @type {number} */ count) => String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ' ')

/** @param {number} value */
function amount(value) {
  if (value >= 100) return group(Number(Math.round(value).toPrecision(3)))
  return value >= 1 ? String(Number(value.toPrecision(2))) : String(Number(value.toPrecision(1)))
}

/** @param {number} part */
const share = (part) => (part > 1 ? `**${amount(part)} times**` : `${amount(part * 100)} %`)

/**
 * Puts each table in the place that a page keeps for it, between `<!-- scale: NAME -->` and `<!-- end -->`.
 * @param {string} page @param {Record<string, string>} tables
 */
export function fillPage(page, tables) {
  return page.replace(/(<!-- scale: (\w+) -->)[\s\S]*?(<!-- end -->)/g, (_, start, name, end) => {
    const found = tables[name]
    if (found === undefined) throw new Error(`No table is called ${name}.`)
    return `${start}\n\n${found}\n\n${end}`
  })
}
