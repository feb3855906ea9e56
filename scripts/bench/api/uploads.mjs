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
const floorShareMin = 0.7
const rateMin = 130

/**
 * Uploads of one pair into one dataset, beside two bare puts of the same bytes.
 * @param {import('./stage.mjs').Stage} stage
 * @returns {Promise<import('./report.mjs').Section[]>}
 */
export async function measureUploads({ facts, product, floor, other, generator, seconds, rounds }) {
  const pair = makePair(1)
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
  /** @type {import('./report.mjs').Row[]} */
  const rows = []
  for (const { at, original } of concurrencies) {
    const how = { connections: at, seconds: seconds * 2, rounds, mayRefuse: true, isWhole: true }
    const turns = await takeTurns(generator, sides, how)
    const refused = Object.entries(turns.own.refused).map(
      ([status, count]) => `${count} × ${status}`,
    )
    const share = shareOf(turns.own, turns.floor)
    const goals = [{ name: 'all succeed', met: refused.length === 0 }]
    if (at === 16) {
      goals.push(
        { name: `≥ ${formatShare(floorShareMin)}`, met: share >= floorShareMin },
        { name: `≥ ${rateMin}/s`, met: turns.own.rate >= rateMin },
      )
    }
    const more = { refused: refused.join(', ') || 'none' }
    rows.push(tellRates({ what: 'upload of a pair', at, turns, more, original, goals }))
  }
  const notes = [
    `A PNG of 384x384 (${pair.image.length} bytes) and its mask (${pair.mask.length} bytes), into one dataset. The floor ` +
      'takes the picture as its body and puts it and as many bytes of it as the mask has.',
  ]
  return [{ title: 'Uploads', rows, notes }]
}

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
