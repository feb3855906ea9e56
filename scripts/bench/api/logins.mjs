import { tellRates } from './rate-row.mjs'
import { takeTurns } from './take-turns.mjs'

const concurrencies = [1, 16]
const original = 38

/**
 * Somebody logs in again and again.
 * @param {import('./stage.mjs').Stage} stage
 * @returns {Promise<import('./report.mjs').Section[]>}
 */
export async function measureLogins({ facts, product, other, generator, seconds, rounds }) {
  const sides = {
    own: { ...requestOf(facts.user), pid: product.pid },
    ...(other?.facts && { other: requestOf(other.facts.user) }),
  }
  /** @type {import('./report.mjs').Row[]} */
  const rows = []
  for (const at of concurrencies) {
    const how = { connections: at, seconds, rounds, isWhole: true }
    const turns = await takeTurns(generator, sides, how)
    const known = at === 16 ? original : undefined
    const goals = known ? [{ name: `> ${known}/s`, met: turns.own.rate > known }] : []
    rows.push(tellRates({ what: 'login', at, turns, original: known, goals }))
  }
  return [{ title: 'Logins', rows }]
}

/** @param {import('./person.mjs').Person} person */
function requestOf({ url, credentials }) {
  return {
    url: `${url}/api/users/login`,
    method: /** @type {const} */ ('POST'),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  }
}
