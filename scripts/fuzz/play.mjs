import { createRandom } from '../crash/random.mjs'
import { Refusal } from '../lib/say.mjs'
import { messages } from './messages.mjs'
import { exchange } from './wire.mjs'

/** A machine with much else to do is slow; one that waits for what never comes is slower. */
const answerMsMax = 20_000
const connectionsAtOnce = 4
const internalWords =
  /\n\s+at |\b(?:D1_ERROR|SQLITE\w*|drizzle|ZodError|\w*TypeError|RangeError|SyntaxError|node_modules|workerd|miniflare|busboy)\b|\[object /

/**
 * @typedef {object} Told
 * @property {Map<string, Map<string, number>>} outcomes how often each kind of message met with what
 * @property {number} sent
 * @property {string[]} wrongs
 */

/**
 * Sends messages of every kind in turn until the time is over, and each kind once at least; then sees that the API is well
 * and that nobody has paid for anything.
 * @param {{ url: URL, seed: string, seconds: number }} run
 * @returns {Promise<Told>}
 */
export async function playMessages({ url, seed, seconds }) {
  const person = await register(url)
  const target = { host: url.host, token: person.token }
  const kinds = Object.entries(messages)
  /** @type {Told} */
  const told = { outcomes: new Map(), sent: 0, wrongs: [] }
  const endMs = Date.now() + seconds * 1000
  let number = 0
  const sender = async () => {
    while (number < kinds.length || Date.now() < endMs) {
      const at = number
      number += 1
      const [kind, make] = kinds[at % kinds.length] ?? ['', undefined]
      if (!make) return
      const message = { kind, ...make(createRandom(`${seed}/${at}`), target) }
      note(told, `${seed}/${at}`, kind, await exchange(url, message, answerMsMax))
    }
  }
  await Promise.all(Array.from({ length: connectionsAtOnce }, sender))
  told.wrongs.push(...(await findDamage(url, person)))
  return told
}

/** @param {Told} told @param {string} name @param {string} kind @param {Awaited<ReturnType<typeof exchange>>} met */
function note(told, name, kind, { answers, isLate, ms }) {
  told.sent += 1
  const outcomes = told.outcomes.get(kind) ?? new Map()
  told.outcomes.set(kind, outcomes)
  const names = answers.map(({ status, isOurs }) => (isOurs ? `${status}` : `${status} before us`))
  if (names.length === 0) names.push(isLate ? 'silence' : 'closed')
  for (const outcome of names) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  if (isLate) told.wrongs.push(`${name}, ${kind}: nothing after ${Math.round(ms)} ms`)
  for (const { status, isOurs, text } of answers) {
    if (!isOurs) continue
    const body = text.slice(text.indexOf('\r\n\r\n'))
    if (status >= 500) told.wrongs.push(`${name}, ${kind}: ${body}`)
    if (status >= 400 && internalWords.test(body)) told.wrongs.push(`${name}, ${kind}: ${body}`)
  }
}

/** @param {URL} url */
async function register(url) {
  const email = `${crypto.randomUUID()}@example.com`
  const password = 'Passw0rd!'
  const send = async (/** @type {string} */ path, /** @type {object} */ body) => {
    const answer = await fetch(new URL(path, url), { method: 'POST', body: JSON.stringify(body) })
    return /** @type {{ data?: { token?: string } }} */ (await answer.json())
  }
  await send('/api/users/user', { name: 'Mario', surname: 'Rossi', email, password })
  const { data } = await send('/api/users/login', { email, password })
  if (!data?.token) throw new Refusal(`Nobody can log in at ${url.origin}.`)
  return { token: data.token }
}

/** @param {URL} url @param {{ token: string }} person @returns {Promise<string[]>} */
async function findDamage(url, { token }) {
  const headers = { authorization: `Bearer ${token}` }
  const health = await fetch(new URL('/health', url))
  const balance = await fetch(new URL('/api/users/tokens', url), { headers })
  const { data } = /** @type {{ data?: { balance?: number } }} */ (await balance.json())
  return [
    ...(health.status === 200 ? [] : [`the API is not well: ${health.status}`]),
    ...(data?.balance === 100 ? [] : [`the balance is ${data?.balance} and was 100`]),
  ]
}
