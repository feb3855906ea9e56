import { randomUUID } from 'node:crypto'

/** @typedef {import('./client.mjs').Client} Client */
/** @typedef {'pair' | 'archive' | 'film'} MediaKind */

/** A dataset holds one kind of media, whose price its items have. @typedef {{ name: string, kind: MediaKind, told: number, created: Promise<unknown> }} Dataset */

/**
 * @typedef {object} Person
 * @property {string} email
 * @property {string} id
 * @property {string} token
 * @property {number} granted tokens, as told
 * @property {Dataset[]} datasets with how many items the person was told that they have
 * @property {string[]} inferences
 * @property {Set<string>} aborted
 * @property {{ kind: MediaKind, startedMs: number, endedMs: number }[]} uploads that succeeded
 * @property {string[]} failedUploads why
 */

const initialTokens = 100

/** @param {Client} client */
export async function logInAdministrator(client) {
  const json = { email: 'admin@system.com', password: 'AdminPassword123!' }
  const { body } = await client.askOn({ method: 'POST', path: '/api/users/login', json })
  return /** @type {string} */ (body.data.token)
}

/** Somebody new. @param {Client} client @returns {Promise<Person>} */
export async function registerPerson(client) {
  const email = `${randomUUID()}@example.com`
  const password = 'Passw0rd!'
  const json = { name: 'Mario', surname: 'Rossi', email, password }
  await client.wish({ method: 'POST', path: '/api/users/user', json })
  const login = { method: 'POST', path: '/api/users/login', json: { email, password } }
  const { data } = (await client.askOn(login)).body
  return {
    email,
    id: data.user.id,
    token: data.token,
    granted: initialTokens,
    datasets: [],
    inferences: [],
    aborted: new Set(),
    uploads: [],
    failedUploads: [],
  }
}
