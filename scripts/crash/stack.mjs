import { setTimeout as sleep } from 'node:timers/promises'
import { createInferenceCommand } from '../lib/inference-process.mjs'
import { migrate } from '../lib/migrations.mjs'
import { isGroupAlive, signalGroup, stopGroups } from '../lib/process-groups.mjs'
import { waitForInference, waitForWorker } from '../lib/ready.mjs'
import { formatTail } from '../lib/say.mjs'
import { fireSchedule } from '../lib/schedule.mjs'
import { ensureSecrets } from '../lib/secrets.mjs'
import { createWorkerCommand } from '../lib/worker-process.mjs'

/** @typedef {'inference' | 'worker'} PartName */
/** @typedef {Awaited<ReturnType<typeof startStack>>} Stack */

/** As long as `npm start` gives its children. */
const stopGraceMs = 6_000

/**
 * What `npm start` runs, by the same commands on the same state, each part of which can be killed and started by itself.
 * The scheduled handler is fired as there: at each start of the Worker, and every `sweepSeconds`.
 * @param {{
 *   children: import('../lib/children.mjs').Children,
 *   toolsNode: string,
 *   settings: import('../lib/start-settings.mjs').StartSettings,
 *   sweepSeconds: number,
 * }} options
 */
export async function startStack({ children, toolsNode, settings, sweepSeconds }) {
  const secrets = ensureSecrets(settings.stateFolder)
  const commands = {
    inference: createInferenceCommand(settings, secrets.values),
    worker: createWorkerCommand(toolsNode, settings, secrets.file),
  }
  /** @type {Map<PartName, import('../lib/children.mjs').Child>} */
  const running = new Map()
  /** Ends that nobody wanted. @type {string[]} */
  const surprises = []
  let isClosed = false

  /** @param {PartName} name */
  async function start(name) {
    const child = children.start({ name, ...commands[name] })
    running.set(name, child)
    child.exited.then(({ reason }) => {
      if (running.get(name) !== child) return
      surprises.push(`The ${name} ended by itself (${reason}):\n${formatTail(child.output())}`)
    })
    if (name === 'inference') await waitForInference(settings.inferenceUrl, child.output)
    else {
      await waitForWorker(settings.workerUrl, child.output)
      // The first firing makes the administrator.
      while (await fireSchedule(settings.workerUrl)) await sleep(500)
    }
  }

  /** Ends a part with all that it started, as it is or after it could tidy up. @param {PartName} name @param {{ isClean: boolean }} how */
  async function end(name, { isClean }) {
    const child = running.get(name)
    if (!child) return
    running.delete(name)
    if (isClean) await stopGroups([child.pid], stopGraceMs)
    else signalGroup(child.pid, 'SIGKILL')
    await child.exited
    while (isGroupAlive(child.pid)) await sleep(20)
  }

  async function keepSweeping() {
    while (!isClosed) {
      await sleep(sweepSeconds * 1000, undefined, { ref: false })
      if (running.has('worker')) await fireSchedule(settings.workerUrl)
    }
  }

  await migrate(children, toolsNode, settings.stateFolder)
  await Promise.all([start('inference'), start('worker')])
  void keepSweeping()

  return {
    url: settings.workerUrl,
    secrets: secrets.values,
    surprises,
    start,
    end,
    /** What a part has said since its last start. @param {PartName} name */
    outputOf: (name) => running.get(name)?.output() ?? '',
    async close() {
      isClosed = true
      await Promise.all([end('inference', { isClean: true }), end('worker', { isClean: true })])
    },
  }
}
