import { setTimeout as sleep } from 'node:timers/promises'

const everyMs = 60_000
const timeoutMs = 55_000
const firstTriesMax = 3

/**
 * Does what Cloudflare's cron does and `wrangler dev` does not: fires the scheduled handler once a minute.
 * The first firing is awaited, since it seeds.
 * @param {string} workerUrl
 * @param {(line: string) => void} warn
 * @returns {Promise<void>} when the first has been fired
 */
export async function startSchedule(workerUrl, warn) {
  for (let tries = 1; ; tries += 1) {
    const problem = await fireSchedule(workerUrl)
    if (!problem) break
    if (tries === firstTriesMax) {
      warn(
        `the scheduled handler failed (${problem}); the seed may be missing, and the next try is in a minute`,
      )
      break
    }
    await sleep(1_000)
  }
  setInterval(async () => {
    const problem = await fireSchedule(workerUrl)
    if (problem) warn(`the scheduled handler failed (${problem})`)
  }, everyMs)
}

/** Fires the scheduled handler once. @param {string} workerUrl @returns {Promise<string | undefined>} what went wrong */
export async function fireSchedule(workerUrl) {
  try {
    const answer = await fetch(`${workerUrl}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`, {
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await answer.text()
    return answer.ok ? undefined : `status ${answer.status}, ${text.slice(0, 200)}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
