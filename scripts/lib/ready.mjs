import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from './say.mjs'

const pauseMs = 80
const timeoutMs = 120_000

/**
 * Asks until the answer is good. Throws a Refusal when it never is.
 * @param {string} name
 * @param {string} url
 * @param {(status: string | undefined, body: unknown) => boolean} isGood may throw a Refusal to give up at once
 */
export async function waitForHealth(name, url, isGood) {
  const deadlineMs = Date.now() + timeoutMs
  let last = 'no answer'
  while (Date.now() < deadlineMs) {
    const body = await askForJson(url)
    const status = typeof body?.status === 'string' ? body.status : undefined
    if (isGood(status, body)) return
    if (status) last = `status ${status}`
    await sleep(pauseMs)
  }
  throw new Refusal(
    `The ${name} did not become ready within ${timeoutMs / 1000} s (${url}: ${last}).`,
  )
}

/** @param {string} workerUrl */
export const waitForWorker = (workerUrl) =>
  waitForHealth('Worker', `${workerUrl}/health`, (status) => status === 'OK')

/** @param {string} inferenceUrl */
export const waitForInference = (inferenceUrl) =>
  waitForHealth('inference service', `${inferenceUrl}/health`, (status, body) => {
    if (status === 'SETUP_FAILED') {
      throw new Refusal(`The inference service could not be set up: ${JSON.stringify(body)}`)
    }
    return status === 'READY' || status === 'BUSY'
  })

/** @param {string} url @returns {Promise<{ status?: unknown } | undefined>} */
async function askForJson(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    return /** @type {{ status?: unknown }} */ (await answer.json())
  } catch {
    return undefined
  }
}
