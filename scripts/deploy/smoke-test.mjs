import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ok, wrong } from './report.mjs'

/** @typedef {import('./report.mjs').Finding} Finding */

/**
 * @typedef {object} Place
 * @property {string} baseUrl
 * @property {typeof fetch} fetch
 * @property {string} root where the sample pictures are
 */

const answerMsMax = 30_000
const jobMsMax = 120_000
const pauseMs = 500

/** Polls /health/ready until it says so. @param {Pick<Place, 'baseUrl' | 'fetch'> & { waitMsMax: number, pauseMs: number }} options @returns {Promise<Finding>} */
export async function waitUntilReady({ baseUrl, fetch, waitMsMax, pauseMs }) {
  const deadlineMs = Date.now() + waitMsMax
  let last = 'nothing answered'
  for (;;) {
    try {
      const answer = await fetch(`${baseUrl}/health/ready`, {
        signal: AbortSignal.timeout(answerMsMax),
      })
      const body = /** @type {any} */ (await answer.json())
      if (answer.status === 200 && body.status === 'ready')
        return ok('ready', `${baseUrl}/health/ready`)
      const problems = Object.entries(body.dependencies ?? {})
        .filter(([, dependency]) => dependency.status !== 'up')
        .map(([name, dependency]) => `${name}: ${dependency.problem}`)
      last = `${answer.status} ${body.status}; ${problems.join(' ')}`
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    if (Date.now() >= deadlineMs) {
      return wrong('ready', `Not within ${waitMsMax / 1000} s: ${last}`)
    }
    await sleep(pauseMs)
  }
}

/** What must be so of every deployment, and changes nothing. @param {Place} place @returns {Promise<Finding[]>} */
export async function tryDoors(place) {
  const stranger = { email: `${randomUUID()}@smoke.invalid`, password: randomUUID() }
  return [
    await expectAnswer(place, 'alive', 200, { path: '/health' }),
    await expectAnswer(place, 'closed to strangers', 401, { path: '/api/datasets' }),
    await expectAnswer(place, 'logs nobody unknown in', 401, {
      path: '/api/users/login',
      json: stranger,
    }),
  ]
}

/** Somebody registers, has a scratch removed, gets the result, and is deleted. @param {Place} place @returns {Promise<Finding[]>} */
export async function playStory(place) {
  const email = `smoke-${randomUUID()}@smoke.invalid`
  const password = `${randomUUID()}aA1!`
  const startedMs = Date.now()
  try {
    const user = await send(place, {
      path: '/api/users/user',
      json: { name: 'Smoke', surname: 'Test', email, password },
    })
    const login = await send(place, { path: '/api/users/login', json: { email, password } })
    const token = login.data.token
    try {
      await repair(place, token)
    } finally {
      await send(place, {
        method: 'DELETE',
        path: `/api/users/${user.data?.user?.id ?? user.data?.id ?? readSubject(token)}`,
        token,
      })
    }
    return [
      ok(
        'a picture is repaired',
        `in ${((Date.now() - startedMs) / 1000).toFixed(1)} s, from registration to result`,
      ),
    ]
  } catch (error) {
    return [wrong('a picture is repaired', error instanceof Error ? error.message : String(error))]
  }
}

/** @param {Place} place @param {string} token */
async function repair(place, token) {
  const sample = (/** @type {string} */ name) =>
    new Blob([readFileSync(path.join(place.root, 'docs', 'samples', name))])
  const form = new FormData()
  form.append('datasetName', 'smoke')
  form.append('image', sample('chelsea-scratch.png'), 'photo.png')
  form.append('mask', sample('chelsea-scratch-mask.png'), 'mask.png')
  await send(place, { path: '/api/datasets', json: { name: 'smoke' }, token })
  await send(place, { path: '/api/datasets/data', form, token })
  const started = await send(place, {
    path: '/api/inferences',
    json: { datasetName: 'smoke' },
    token,
  })
  const deadlineMs = Date.now() + jobMsMax
  for (;;) {
    const { data } = await send(place, {
      path: `/api/inferences/job/${started.jobId}/status`,
      token,
    })
    if (data.status === 'completed') break
    if (data.status === 'failed' || Date.now() > deadlineMs) {
      throw new Error(
        `The job is ${data.status} after ${jobMsMax / 1000} s at most: ${JSON.stringify(data).slice(0, 200)}`,
      )
    }
    await sleep(pauseMs)
  }
  const results = await send(place, {
    path: `/api/inferences/${started.inference.id}/results`,
    token,
  })
  const download = await place.fetch(results.data.images[0].downloadUrl, {
    signal: AbortSignal.timeout(answerMsMax),
  })
  const head = new Uint8Array(await download.arrayBuffer()).subarray(0, 4)
  if (!download.ok || String(head) !== '137,80,78,71')
    throw new Error(`The result is no PNG (${download.status}).`)
}

/**
 * @typedef {object} Request
 * @property {string} path
 * @property {string} [method]
 * @property {unknown} [json]
 * @property {FormData} [form]
 * @property {string} [token]
 */

/** @param {Place} place @param {string} name @param {number} status @param {Request} request @returns {Promise<Finding>} */
async function expectAnswer(place, name, status, request) {
  try {
    const answer = await ask(place, request)
    const what = `${request.path} answers ${answer.status}`
    return answer.status === status
      ? ok(name, what)
      : wrong(name, `${what}, and ${status} is right.`)
  } catch (error) {
    return wrong(name, `${request.path}: ${error instanceof Error ? error.message : error}`)
  }
}

/** The answer's JSON; throws for one that is not good. @param {Place} place @param {Request} request */
async function send(place, request) {
  const answer = await ask(place, request)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${request.path} answers ${answer.status}: ${text.slice(0, 200)}`)
  return text === '' ? {} : JSON.parse(text)
}

/** @param {Place} place @param {Request} request */
function ask({ baseUrl, fetch }, { path: route, method, json, form, token }) {
  const body = form ?? (json === undefined ? null : JSON.stringify(json))
  const headers = new Headers(token ? { authorization: `Bearer ${token}` } : {})
  if (json !== undefined) headers.set('content-type', 'application/json')
  const signal = AbortSignal.timeout(answerMsMax)
  return fetch(baseUrl + route, {
    method: method ?? (body ? 'POST' : 'GET'),
    body,
    headers,
    signal,
  })
}

/** The user that an access token names. @param {string} token */
const readSubject = (token) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sub
