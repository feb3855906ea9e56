import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '../../lib/say.mjs'
import { writeForm } from './pairs.mjs'

/**
 * @typedef {ReturnType<typeof createPerson>} Person
 * @typedef {{ email: string, password: string }} Credentials
 */

const pollMs = 4
const jobSecondsMax = 240
export const seededAdministrator = { email: 'admin@system.com', password: 'AdminPassword123!' }

/** Somebody with an access token. @param {string} url @param {string} token @param {Credentials} credentials */
function createPerson(url, token, credentials) {
  const headers = { authorization: `Bearer ${token}` }

  /**
   * Throws a Refusal unless the answer is a success.
   * @param {string} method @param {string} at @param {object} [json] @returns {Promise<any>}
   */
  const send = (method, at, json) => sendTo(url, { method, at, json, headers })

  return {
    url,
    headers,
    credentials,
    send,

    /** @param {string} datasetName @param {import('./pairs.mjs').Pair} pair */
    async upload(datasetName, pair) {
      const form = writeForm(datasetName, pair)
      await sendTo(url, { method: 'POST', at: '/api/datasets/data', form, headers })
    },

    /** @param {string} datasetName @param {Buffer} zip */
    async uploadArchive(datasetName, zip) {
      const form = new FormData()
      form.append('datasetName', datasetName)
      form.append(
        'image',
        new File([new Uint8Array(zip)], 'pairs.zip', { type: 'application/zip' }),
      )
      const answer = await fetch(`${url}/api/datasets/data`, {
        method: 'POST',
        body: form,
        headers,
      })
      const text = await answer.text()
      if (answer.status !== 200) {
        throw new Refusal(
          `The upload of an archive was answered ${answer.status}: ${text.slice(0, 300)}`,
        )
      }
    },

    /**
     * Starts a job and waits for its end; answers its inference's id and the milliseconds from its POST to COMPLETED.
     * @param {string} datasetName @param {string} modelId
     */
    async runJob(datasetName, modelId) {
      const startedMs = performance.now()
      const parameters = { quality: 'high' }
      const started = await send('POST', '/api/inferences', { datasetName, modelId, parameters })
      const at = `/api/inferences/job/${started.jobId}/status`
      for (;;) {
        const { data } = await send('GET', at)
        if (data.status === 'completed') break
        if (data.status === 'failed' || performance.now() - startedMs > jobSecondsMax * 1000) {
          throw new Refusal(
            `The job of '${datasetName}' is ${data.status}: ${JSON.stringify(data)}`,
          )
        }
        await sleep(pollMs)
      }
      return {
        jobId: started.jobId,
        id: started.inference.id,
        milliseconds: performance.now() - startedMs,
      }
    },
  }
}

/** @param {string} url @param {Credentials} credentials */
export async function logIn(url, credentials) {
  const at = '/api/users/login'
  const { data } = await sendTo(url, { method: 'POST', at, json: credentials })
  return createPerson(url, data.token, credentials)
}

/** A new user whom the administrator has given tokens. @param {string} url @param {Credentials} administrator */
export async function register(url, administrator) {
  const credentials = { email: `bench-${crypto.randomUUID()}@example.com`, password: 'Passw0rd!' }
  const json = { name: 'Mario', surname: 'Rossi', ...credentials }
  await sendTo(url, { method: 'POST', at: '/api/users/user', json })
  const admin = await logIn(url, administrator)
  const recharge = { email: credentials.email, amount: 100_000 }
  await admin.send('POST', '/api/admin/user-tokens', recharge)
  return { admin, user: await logIn(url, credentials) }
}

/**
 * @typedef {object} Request
 * @property {string} method
 * @property {string} at
 * @property {object | undefined} [json]
 * @property {{ body: Buffer, headers: Record<string, string> }} [form]
 * @property {Record<string, string>} [headers]
 */

/** @param {string} url @param {Request} request @returns {Promise<any>} */
async function sendTo(url, { method, at, json, form, headers = {} }) {
  const answer = await fetch(url + at, {
    method,
    headers: { ...headers, ...(json && { 'content-type': 'application/json' }), ...form?.headers },
    ...(json && { body: JSON.stringify(json) }),
    ...(form && { body: new Uint8Array(form.body) }),
  })
  const text = await answer.text()
  if (!answer.ok) {
    throw new Refusal(`${method} ${url}${at} was answered ${answer.status}: ${text.slice(0, 300)}`)
  }
  return JSON.parse(text)
}
