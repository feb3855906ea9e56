import { createServer } from 'node:net'
import { Refusal } from './say.mjs'

/** Throws a Refusal where something else listens on the port. @param {number} port @param {string} variable */
export async function ensurePortIsFree(port, variable) {
  const problem = await tryToListen(port)
  if (!problem) return
  if (problem === 'EADDRINUSE') {
    throw new Refusal(
      `Port ${port} on 127.0.0.1 is in use by ${await describeListener(port)}: stop it, or set ${variable} to a free port ` +
        `(${variable}=${port === 65_535 ? port - 10 : port + 10} npm start).`,
    )
  }
  throw new Refusal(
    `Port ${port} on 127.0.0.1 cannot be used (${problem}): set ${variable} to another port.`,
  )
}

/** @param {number} port @returns {Promise<string | undefined>} the error's code */
function tryToListen(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) =>
      resolve(/** @type {NodeJS.ErrnoException} */ (error).code ?? error.message),
    )
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
      server.close(() => resolve(undefined)),
    )
  })
}

/** @param {number} port */
async function describeListener(port) {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1_000) })
    const text = await answer.text()
    if (text.includes('Inpainting API')) return 'another copy of this API'
  } catch {
    // Whatever listens there need not speak HTTP.
  }
  return 'another program'
}
