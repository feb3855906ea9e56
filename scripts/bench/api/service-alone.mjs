import { createHmac, randomUUID } from 'node:crypto'
import { Refusal } from '../../lib/say.mjs'

/** As the Worker cuts a job into tasks, and so many of them at a time. */
const itemsInRequest = 16
const requestsAtOnce = 4

/**
 * @typedef {object} Alone
 * @property {number} milliseconds from the first request to the last line
 * @property {number} workMs kernel and codecs, of all items
 * @property {number} kernelMs
 */

/**
 * The inference service without the Worker, over pictures from memory.
 * @param {{ url: string, secret: string, storeUrl: string, count: number, model: string }} options
 * @returns {Promise<Alone>}
 */
export async function runServiceAlone({ url, secret, storeUrl, count, model }) {
  const items = Array.from({ length: count }, (_, index) => ({
    id: String(index),
    imageUrl: `${storeUrl}/image/${index}`,
    maskUrl: `${storeUrl}/mask/${index}`,
    resultUrl: `${storeUrl}/result/${index}`,
  }))
  const alone = { milliseconds: 0, workMs: 0, kernelMs: 0 }
  const startedMs = performance.now()
  const lane = async () => {
    for (;;) {
      const some = items.splice(0, itemsInRequest)
      if (some.length === 0) return
      for (const { timings } of await inpaint({ url, secret, model, items: some })) {
        alone.workMs += timings.decodeMs + timings.inpaintMs + timings.encodeMs
        alone.kernelMs += timings.inpaintMs
      }
    }
  }
  await Promise.all(Array.from({ length: requestsAtOnce }, lane))
  return { ...alone, milliseconds: performance.now() - startedMs }
}

/**
 * @param {{ url: string, secret: string, model: string, items: object[] }} request
 * @returns {Promise<{ timings: { decodeMs: number, inpaintMs: number, encodeMs: number } }[]>}
 */
async function inpaint({ url, secret, model, items }) {
  const answer = await fetch(`${url}/v1/inpaint`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${signToken(secret)}` },
    body: JSON.stringify({ taskId: randomUUID(), model, items, output: { format: 'png' } }),
  })
  const text = await answer.text()
  const lines = answer.ok
    ? text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : []
  const made = lines.filter(({ type, status }) => type === 'item' && status === 'succeeded')
  if (made.length === items.length) return made
  throw new Refusal(`The inference service alone answered ${answer.status}: ${text.slice(0, 500)}`)
}

/** @param {string} secret */
function signToken(secret) {
  const encode = (/** @type {object} */ value) =>
    Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(Date.now() / 1000) + 600
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ aud: 'inference', exp })}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
