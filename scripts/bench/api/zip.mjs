import { say } from '../../lib/say.mjs'
import { makePair, writeZip } from './pairs.mjs'
import { unlessRefused } from './scene.mjs'
import { median } from './take-turns.mjs'

const pairCount = 100
const timesTheFloorMax = 1.3
const originalSeconds = 0.57

/**
 * An archive of a hundred pairs, from its POST to its answer, beside bare puts of its files, four pairs at a time.
 * @param {import('./stage.mjs').Stage} stage
 * @returns {Promise<import('./report.mjs').Section[]>}
 */
export async function measureZip({ facts, floor, other, rounds }) {
  const pairs = [1, 2, 3, 4].map(makePair)
  const zip = writeZip(pairs, pairCount)
  const bytes = pairs[0] ?? makePair(1)
  const puts = `${floor.url}/puts?pairs=${pairCount}&image=${bytes.image.length}&mask=${bytes.mask.length}`
  /** @type {{ own: number, floor: number, other: number }[]} */
  const measured = []
  // The first of each warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const one = {
      own: await time(() => upload(facts.user, zip)),
      floor: await time(async () => (await fetch(puts)).text()),
      other: other?.facts ? await timeOther(other.facts.user, zip) : Number.NaN,
    }
    if (round > 0) measured.push(one)
  }
  const times = median(measured.map(({ own, floor: bare }) => own / bare))
  const seconds = median(measured.map(({ own }) => own)) / 1000
  say(`  ZIP: ${seconds.toFixed(2)} s, ${times.toFixed(2)} times the bare puts`)
  const cells = {
    what: `ZIP of ${pairCount} pairs`,
    seconds,
    'floor seconds': median(measured.map(({ floor: bare }) => bare)) / 1000,
    'times the floor': times,
    ...(other && { 'other seconds': median(measured.map((each) => each.other)) / 1000 }),
    original: originalSeconds,
  }
  const goals = [{ name: `≤ ${timesTheFloorMax} times`, met: times <= timesTheFloorMax }]
  const notes = [
    `${zip.length} bytes, its ${pairCount * 2} files deflated; the floor puts as many files of the same sizes, four pairs at a time.`,
  ]
  return [{ title: 'ZIP', rows: [{ cells, goals }], notes }]
}

/** @param {import('./person.mjs').Person} user @param {Buffer} zip */
export async function upload(user, zip) {
  const name = `zip-${crypto.randomUUID()}`
  await user.send('POST', '/api/datasets', { name, tags: [] })
  await user.uploadArchive(name, zip)
  return name
}

/** @param {import('./person.mjs').Person} user @param {Buffer} zip */
const timeOther = async (user, zip) =>
  (await unlessRefused(() => time(() => upload(user, zip)))) ?? Number.NaN

/** @param {() => Promise<unknown>} work */
async function time(work) {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}
