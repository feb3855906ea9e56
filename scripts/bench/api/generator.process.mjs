/**
 * Asks a server as fast as it answers, in a process of its own. Over IPC it gets a `Load` (generator.mjs) and answers a
 * `Measured`, one after another.
 */
import autocannon from 'autocannon'

process.on('disconnect', () => process.exit(0))
process.on('message', async (load) => {
  try {
    process.send?.({ measured: await measure(/** @type {any} */ (load)) })
  } catch (error) {
    process.send?.({ error: String(error instanceof Error ? error.stack : error) })
  }
})

/** @param {import('./generator.mjs').Load} load @returns {Promise<import('./generator.mjs').Measured>} */
function measure({ url, method = 'GET', headers = {}, body, ...how }) {
  return new Promise((resolve, reject) => {
    /** @type {number[]} */
    const milliseconds = []
    /** @type {Record<string, number>} */
    const refused = {}
    let first = 0
    let last = 0
    const content = typeof body === 'string' || !body ? body : Buffer.from(body)
    const run = autocannon(
      {
        ...{ url, method, headers, body: content, connections: how.connections },
        ...{ duration: how.seconds, amount: how.amount, sampleInt: 20, timeout: 60 },
      },
      (error, result) => {
        if (error) return reject(error)
        if (result.errors > 0) refused.broken = result.errors
        resolve({ milliseconds, refused, seconds: (last - first) / 1000 })
      },
    )
    run.on('start', () => {
      first = performance.now()
    })
    run.on('response', (_client, status, _bytes, took) => {
      last = performance.now()
      if (status >= 200 && status < 300) milliseconds.push(took)
      else refused[status] = (refused[status] ?? 0) + 1
    })
  })
}
