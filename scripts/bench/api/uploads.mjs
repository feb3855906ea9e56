import { readFileSync } from 'node:fs'
import { fromRoot } from '../../lib/paths.mjs'
import { makePair, writeForm } from './pairs.mjs'
import { formatShare, tellRates } from './rate-row.mjs'
import { shareOf, takeTurns } from './take-turns.mjs'

/** With what the original did on two cores, where it is known. */
const concurrencies = [
  { at: 1, original: 52 },
  { at: 4, original: 100 },
  { at: 16, original: 'none succeeded' },
  { at: 64, original: undefined },
]
const judgedAt = 16
const floorShareMin = 0.7
const rateMin = 130

/**
 * Uploads of one pair into one dataset, beside two bare puts of the same bytes: a PNG, which is looked at pixel by pixel,
 * and a photograph as cameras make them.
 * @param {import('./stage.mjs').Stage} stage
 * @returns {Promise<import('./report.mjs').Section[]>}
 */
export async function measureUploads(stage) {
  const png = makePair(1)
  const jpeg = { image: readSample('rocket.jpg'), mask: readSample('rocket-object-mask.png') }
  const rows = []
  for (const how of concurrencies) {
    rows.push(await measureUpload(stage, { what: 'a PNG and its mask', pair: png, ...how }))
  }
  const how = { at: judgedAt, original: undefined }
  rows.push(await measureUpload(stage, { what: 'a JPEG and its mask', pair: jpeg, ...how }))
  const notes = [
    `The PNG is of 384x384 (${png.image.length} bytes, its mask ${png.mask.length}), the JPEG ` +
      `\`docs/samples/rocket.jpg\` (${jpeg.image.length} bytes, its mask ${jpeg.mask.length}); all go into one dataset. The ` +
      'floor takes the picture as its body and puts it and as many bytes of it as the mask has.',
  ]
  return [{ title: 'Uploads', rows, notes }]
}

/**
 * @param {import('./stage.mjs').Stage} stage
 * @param {{ what: string, pair: import('./pairs.mjs').Pair, at: number, original: number | string | undefined }} upload
 * @returns {Promise<import('./report.mjs').Row>}
 */
async function measureUpload(stage, { what, pair, at, original }) {
  const { facts, product, floor, other, generator, seconds, rounds } = stage
  const own = await prepare(facts.user, pair)
  const rival = other?.facts && (await prepare(other.facts.user, pair))
  const sides = {
    own: { ...own, pid: product.pid },
    floor: {
      url: `${floor.url}/pair?mask=${pair.mask.length}`,
      method: /** @type {const} */ ('PUT'),
      body: pair.image,
      pid: floor.pid,
    },
    ...(rival && { other: rival }),
  }
  const how = { connections: at, seconds: seconds * 2, rounds, mayRefuse: true, isWhole: true }
  const turns = await takeTurns(generator, sides, how)
  const refused = Object.entries(turns.own.refused).map(([status, count]) => `${count} × ${status}`)
  const share = shareOf(turns.own, turns.floor)
  const goals = [{ name: 'all succeed', met: refused.length === 0 }]
  if (at === judgedAt) {
    goals.push(
      { name: `≥ ${formatShare(floorShareMin)}`, met: share >= floorShareMin },
      { name: `≥ ${rateMin}/s`, met: turns.own.rate >= rateMin },
    )
  }
  const more = { refused: refused.join(', ') || 'none' }
  return tellRates({ what, at, turns, more, original, goals })
}

/** @param {string} name */
const readSample = (name) => readFileSync(fromRoot('docs', 'samples', name))

/** @param {import('./person.mjs').Person} user @param {import('./pairs.mjs').Pair} pair */
async function prepare(user, pair) {
  const name = `uploads-${crypto.randomUUID()}`
  await user.send('POST', '/api/datasets', { name, tags: [] })
  const { body, headers } = writeForm(name, pair)
  return {
    url: `${user.url}/api/datasets/data`,
    method: /** @type {const} */ ('POST'),
    headers: { ...headers, ...user.headers },
    body,
  }
}
