import os from 'node:os'
import { say, sayWhile } from '../../lib/say.mjs'
import { timeBareObjects } from './bare-objects.mjs'
import { makePair, writeZip } from './pairs.mjs'
import { formatShare } from './rate-row.mjs'
import { ownModel, unlessRefused } from './scene.mjs'
import { runServiceAlone } from './service-alone.mjs'
import { median } from './take-turns.mjs'
import { upload } from './zip.mjs'

const model = ownModel
const archivePairs = 100
const onePairMsMax = 65
const timesAloneMax = 1.3
const originalOneMs = 65
const originalHundredSeconds = 1.15

/** @typedef {import('./stage.mjs').Stage} Stage */
/** @typedef {import('./report.mjs').Row} Row */

/**
 * Jobs from their POST to COMPLETED, beside the inference service alone.
 * @param {Stage} stage
 * @returns {Promise<import('./report.mjs').Section[]>}
 */
export async function measureJobs(stage) {
  const pairs = [1, 2, 3, 4, 5, 6, 7, 8].map(makePair)
  const store = await stage.workshop.startStore(pairs.length)
  const one = await measureOne(stage, { store, pair: pairs[0] ?? makePair(1) })
  const zip = writeZip(pairs, archivePairs)
  const many = []
  for (const { count, rounds } of [
    { count: 100, rounds: Math.max(2, stage.rounds) },
    { count: 1000, rounds: 1 },
  ]) {
    many.push(
      await measureMany(stage, { store, zip, count, rounds, pair: pairs[0] ?? makePair(1) }),
    )
  }
  return [
    { title: 'A job of one pair', rows: [one] },
    {
      title: 'Jobs of many pairs',
      rows: many,
      notes: [
        `Model ${model}, pairs of 384x384. Alone: the inference service over pictures from memory, with requests like the Worker's, ` +
          'four at a time. Objects: two reads and one write by presigned URLs for each pair, four at a time, and nothing else. ' +
          "Outside the kernel: what is left of the job's time on all cores when the kernel's own is taken off.",
      ],
    },
  ]
}

/** @param {Stage} stage @param {{ store: string, pair: import('./pairs.mjs').Pair }} with_ @returns {Promise<Row>} */
async function measureOne(stage, { store, pair }) {
  const { facts, other, inference, workshop, rounds } = stage
  const own = await prepareOne(facts.user, pair)
  const stranger = other?.facts?.model ? other.facts.user : undefined
  const otherModel = other?.facts?.model ?? model
  const rival = stranger && (await prepareOne(stranger, pair))
  const alone = () =>
    runServiceAlone({ ...service(inference, workshop), storeUrl: store, count: 1, model })
  /** @type {{ own: number, work: number, alone: number, other: number }[]} */
  const measured = []
  const times = 5 * rounds
  for (let round = -2; round < times; round += 1) {
    const job = await facts.user.runJob(own, model)
    const served = await alone()
    const otherMs =
      stranger && rival ? (await stranger.runJob(rival, otherModel)).milliseconds : Number.NaN
    if (round < 0) continue
    measured.push({
      own: job.milliseconds,
      work: served.workMs,
      alone: served.milliseconds,
      other: otherMs,
    })
  }
  const tell = (/** @type {'own' | 'work' | 'alone' | 'other'} */ name) =>
    median(measured.map((each) => each[name]))
  const limit = onePairMsMax + tell('work')
  say(`  one pair: ${tell('own').toFixed(0)} ms, limit ${limit.toFixed(0)} ms`)
  return {
    cells: {
      what: 'job of one pair',
      'ms to COMPLETED': tell('own'),
      'kernel and codecs ms': tell('work'),
      'service alone ms': tell('alone'),
      ...(rival && { 'other ms': tell('other') }),
      original: `${originalOneMs} ms`,
    },
    goals: [{ name: `≤ ${onePairMsMax} ms + kernel and codecs`, met: tell('own') <= limit }],
  }
}

/**
 * @param {Stage} stage
 * @param {{ store: string, zip: Buffer, count: number, rounds: number, pair: import('./pairs.mjs').Pair }} with_
 * @returns {Promise<Row>}
 */
async function measureMany(stage, { store, zip, count, rounds, pair }) {
  const { facts, product, other, inference, workshop } = stage
  const dataset = await upload(facts.user, zip)
  for (let done = archivePairs; done < count; done += archivePairs) {
    await facts.user.uploadArchive(dataset, zip)
  }
  const stranger = count === archivePairs && other?.facts?.model ? other.facts : undefined
  const rival = stranger && (await unlessRefused(() => upload(stranger.user, zip)))
  /** @type {{ own: number, alone: number, objects: number, outside: number, other: number }[]} */
  const measured = []
  for (let round = 0; round < rounds; round += 1) {
    await sayWhile(`a job of ${count} pairs`, async () => {
      const job = await facts.user.runJob(dataset, model)
      const alone = await runServiceAlone({
        ...service(inference, workshop),
        storeUrl: store,
        count,
        model,
      })
      const objects = await timeBareObjects({
        url: product.url,
        secrets: workshop.secrets,
        count,
        pair,
      })
      const { data } = await facts.user.send('GET', `/api/inferences/${job.id}/results`)
      const kernelMs = data.items.reduce(
        (/** @type {number} */ sum, /** @type {{ inpaintMs: number }} */ item) =>
          sum + item.inpaintMs,
        0,
      )
      const outside = 1 - kernelMs / (job.milliseconds * os.cpus().length)
      const otherMs =
        stranger && rival
          ? (await stranger.user.runJob(rival, stranger.model ?? model)).milliseconds
          : Number.NaN
      const own = job.milliseconds
      measured.push({ own, alone: alone.milliseconds, objects, outside, other: otherMs })
    })
  }
  const tell = (/** @type {'own' | 'alone' | 'objects' | 'outside' | 'other'} */ name) =>
    median(measured.map((each) => each[name]))
  const times = median(measured.map(({ own, alone, objects }) => own / (alone + objects)))
  say(
    `  ${count} pairs: ${(tell('own') / 1000).toFixed(2)} s, ${times.toFixed(2)} times what it takes at least`,
  )
  return {
    cells: {
      what: `job of ${count} pairs`,
      seconds: tell('own') / 1000,
      'outside the kernel': formatShare(tell('outside')),
      'alone s': tell('alone') / 1000,
      'objects s': tell('objects') / 1000,
      'times both': times,
      ...(rival && { 'other s': tell('other') / 1000 }),
      original: count === 100 ? `${originalHundredSeconds} s, blending only` : undefined,
    },
    goals: count === 100 ? [{ name: `≤ ${timesAloneMax} times`, met: times <= timesAloneMax }] : [],
  }
}

/** @param {import('./person.mjs').Person} user @param {import('./pairs.mjs').Pair} pair */
async function prepareOne(user, pair) {
  const name = `one-${crypto.randomUUID()}`
  await user.send('POST', '/api/datasets', { name, tags: [] })
  await user.upload(name, pair)
  return name
}

/** @param {{ url: string }} inference @param {import('./servers.mjs').Workshop} workshop */
const service = ({ url }, { secrets }) => ({ url, secret: secrets.INFERENCE_SECRET ?? '' })
