import { createChildren } from '../../lib/children.mjs'
import { ensureInstalled } from '../../lib/install.mjs'
import { say, sayWhile } from '../../lib/say.mjs'
import { checkCallsOrThrow } from './check-calls.mjs'
import { startGenerator } from './generator.mjs'
import { seededAdministrator } from './person.mjs'
import { setOtherScene, setScene } from './scene.mjs'
import { openWorkshop } from './servers.mjs'

/**
 * @typedef {object} Stage
 * @property {import('./read-routes.mjs').Facts} facts
 * @property {import('./generator.mjs').Generator} generator
 * @property {import('./servers.mjs').Workshop} workshop
 * @property {import('./servers.mjs').Server} product
 * @property {import('./servers.mjs').Server} floor
 * @property {{ url: string, pid: number }} inference
 * @property {Other | undefined} other another server of the same API that is asked in turn
 * @property {string[]} copies states like the one of the scene
 * @property {number} seconds of each load
 * @property {number} rounds
 */

/**
 * @typedef {object} Other
 * @property {string} url
 * @property {import('./read-routes.mjs').Facts | undefined} facts
 */

/**
 * Builds the Worker, runs it and all that it needs on a state of its own, holds its calls against the table, and hands it
 * to `work`. Everything is ended and deleted after, also on Ctrl-C.
 * @template Result
 * @param {import('./options.mjs').Options} options
 * @param {(stage: Stage) => Promise<Result>} work
 */
export async function withStage(options, work) {
  const { only, seconds, rounds, inspectorPort, isLoud, against } = options
  const children = createChildren()
  /** @type {(() => void)[]} */
  const cleanups = []
  const end = async () => {
    await children.stopAll()
    for (const cleanup of cleanups.splice(0)) cleanup()
  }
  const onSignal = async () => {
    say('stopping …')
    await end()
    process.exit(130)
  }
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
  for (const signal of signals) process.once(signal, onSignal)
  try {
    const toolsNode = await ensureInstalled(children, 'run')
    const workshop = await openWorkshop({ children, toolsNode, inspectorPort, isLoud })
    cleanups.push(workshop.close)
    await sayWhile('building the Worker', workshop.prepare)
    const [counted, inference, floor] = await Promise.all([
      workshop.startServer('counted'),
      workshop.startInference(),
      workshop.startServer('floor'),
    ])
    const facts = await sayWhile('a user, ten pairs and a job', () =>
      setScene(counted.url, seededAdministrator),
    )
    await checkCallsOrThrow(facts)
    await counted.stop()
    const copies = only.includes('growth')
      ? ['small', 'middle', 'large'].map((name) => workshop.copyState(name))
      : []
    const other = against && (await meetOther(against))
    await (await fetch(`${floor.url}/setup`)).text()
    const product = await workshop.startServer('product')
    const generator = startGenerator({ toolsNode })
    cleanups.push(generator.stop)
    return await work({
      facts,
      generator,
      workshop,
      product,
      floor,
      inference,
      other,
      copies,
      seconds,
      rounds,
    })
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
    await end()
  }
}

/** @param {import('./options.mjs').Against} against @returns {Promise<Other>} */
async function meetOther({ url, administrator }) {
  const facts = await sayWhile(`a user, ten pairs and a job on ${url}`, () =>
    setOtherScene(url, administrator),
  )
  return { url, facts }
}
