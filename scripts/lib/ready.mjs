import { setTimeout as sleep } from 'node:timers/promises'
import { formatTail, Refusal } from './say.mjs'

const pauseMs = 80
const timeoutMs = 120_000

/**
 * Asks the Worker until it answers. Throws a Refusal with what it said when it never does, and at once when its
 * code cannot be built.
 * @param {string} workerUrl
 * @param {() => string} output what the Worker's process has said so far
 */
export const waitForWorker = (workerUrl, output) =>
  waitForHealth('Worker', `${workerUrl}/health`, output, ({ status }) => {
    if (status === 'OK') return true
    if (output().includes('Build failed')) {
      throw new Refusal(`The Worker cannot be built:\n${formatTail(output(), 40)}`)
    }
    return false
  })

/** Asks the inference service until it is ready. @param {string} inferenceUrl @param {() => string} output */
export const waitForInference = (inferenceUrl, output) =>
  waitForHealth('inference service', `${inferenceUrl}/health`, output, (body) => {
    if (body.status === 'SETUP_FAILED') {
      throw new Refusal(`The inference service could not be set up: ${JSON.stringify(body)}`)
    }
    return body.status === 'READY' || body.status === 'BUSY'
  })

/**
 * @param {string} name
 * @param {string} url
 * @param {() => string} output
 * @param {(body: { status?: unknown }) => boolean} isGood may throw a Refusal to give up at once
 */
async function waitForHealth(name, url, output, isGood) {
  const deadlineMs = Date.now() + timeoutMs
  let last = 'no answer'
  while (Date.now() < deadlineMs) {
    const body = await askForJson(url)
    if (isGood(body)) return
    if (body.status) last = `status ${body.status}`
    await sleep(pauseMs)
  }
  throw new Refusal(
    `The ${name} did not become ready within ${timeoutMs / 1000} s (${url}: ${last}). Its last words:\n` +
      formatTail(output(), 40),
  )
}

/** @param {string} url @returns {Promise<{ status?: unknown }>} without a status where nothing answered in JSON */
async function askForJson(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    return /** @type {{ status?: unknown }} */ (await answer.json())
  } catch {
    return {}
  }
}
