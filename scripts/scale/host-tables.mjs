import { group, money, table } from './markdown.mjs'
import { containerPerSecond, costOfMillionImages, hostsNeeded } from './model.mjs'
import { cloudflare, container, hosts } from './prices.mjs'
import { playWaiting } from './waiting.mjs'

/** Ways to fill a hole, with one worker's milliseconds for an image of 512 × 512. */
const fillings = [
  { name: '`telea` on a core', ms: 24, measured: 'measured: 19.1 + 4.1 ms of processor' },
  { name: '`patchmatch`, a box of 64², on a core', ms: 220, measured: 'measured: 183 to 212 ms' },
  { name: '`patchmatch`, a blob of 5 %, on a core', ms: 750, measured: 'measured: 663 to 782 ms' },
  { name: 'a learned model on a GPU, quick', ms: 20, measured: 'assumed' },
  { name: 'a learned model on a GPU', ms: 50, measured: 'assumed' },
]

const busyShare = 0.5

export function inferenceTable() {
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

export function hostsTable() {
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

export function waitingTable() {
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
