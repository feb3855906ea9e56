import { createHmac } from 'node:crypto'
import { ok, unchecked, wrong } from './report.mjs'

/** @typedef {import('./report.mjs').Finding} Finding */
/** @typedef {typeof globalThis.fetch} Fetch */

const name = 'inference service'
const answerMsMax = 10_000

/**
 * Asks the inference service itself: whether it is there, takes the secret, and has a model.
 * @param {{ vars: Readonly<Record<string, string>>, given: ReadonlyMap<string, string>, fetch: Fetch, nowMs: number }} options
 * @returns {Promise<Finding[]>}
 */
export async function checkInference({ vars, given, fetch, nowMs }) {
  const worker = given.get('INFERENCE_WORKER')
  if (worker) {
    const what = `${worker} is reached by its binding alone: the deployed Worker's /health/ready will tell`
    return [unchecked(name, what)]
  }
  const url = vars.INFERENCE_BASE_URL
  try {
    const { status, body } = await ask(fetch, `${url}/health`, {})
    if (!['READY', 'BUSY'].includes(body.status)) {
      const said = body.status
        ? `says ${body.status}: ${JSON.stringify(body.reasons ?? [])}`
        : `answers ${status}`
      return [wrong(name, `${url} ${said}.`, 'docs/deploy.md, "The inference service"')]
    }
    const secret = given.get('INFERENCE_SECRET')
    if (!secret) {
      return [
        ok(name, `${url} is ${body.status}`),
        unchecked('secret of the service', 'not checked: INFERENCE_SECRET is not given here'),
      ]
    }
    const models = await ask(fetch, `${url}/v1/models`, {
      authorization: `Bearer ${createToken(secret, nowMs)}`,
    })
    if (models.status === 401) {
      return [
        wrong(
          name,
          `${url} refuses the INFERENCE_SECRET that is given here.`,
          'Give both the same one.',
        ),
      ]
    }
    const list = /** @type {{ id: string, ready: boolean }[]} */ (models.body.models ?? [])
    const chosen = list.find(({ id }) => id === models.body.default)
    if (!chosen?.ready) {
      return [
        wrong(
          name,
          `${url} has no model that is ready as its default (${models.body.default}).`,
          'INFERENCE_DEFAULT_MODEL, or its weights',
        ),
      ]
    }
    const ready = list.filter((model) => model.ready).map(({ id }) => id)
    return [ok(name, `${url} is ${body.status}, takes the secret, and has ${ready.join(', ')}`)]
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [wrong(name, `${url} cannot be reached: ${reason}.`)]
  }
}

/** @param {Fetch} fetch @param {string} url @param {Record<string, string>} headers */
async function ask(fetch, url, headers) {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(answerMsMax) })
  const body = /** @type {any} */ (await answer.json().catch(() => ({})))
  return { status: answer.status, body }
}

/** The token that the Worker's calls carry. @param {string} secret @param {number} nowMs */
function createToken(secret, nowMs) {
  const issuedAt = Math.floor(nowMs / 1000)
  const encode = (/** @type {unknown} */ value) =>
    Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { iss: 'pa-inpainting', aud: 'inference', iat: issuedAt, exp: issuedAt + 60 }
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
