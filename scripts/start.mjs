/**
 * `npm start`: everything on one machine. Installs what is missing, migrates, starts the inference service and the
 * Worker, seeds, and says where the API is. Ctrl-C stops it all. docs/decisions/house-one-command.md says why so.
 */
import path from 'node:path'
import { createChildren } from './lib/children.mjs'
import { createInferenceCommand } from './lib/inference-process.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { createLog } from './lib/logs.mjs'
import { migrate } from './lib/migrations.mjs'
import { whenParentIsGone } from './lib/parent.mjs'
import { takeLock } from './lib/pid-lock.mjs'
import { ensurePortIsFree } from './lib/ports.mjs'
import { waitForInference, waitForWorker } from './lib/ready.mjs'
import { formatTail, Refusal, say } from './lib/say.mjs'
import { startSchedule } from './lib/schedule.mjs'
import { ensureSecrets } from './lib/secrets.mjs'
import { readStartSettingsOrThrow } from './lib/start-settings.mjs'
import { createWorkerCommand } from './lib/worker-process.mjs'

/** @type {(() => Promise<void> | void)[]} */
const cleanups = []
let isStopping = false

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => stop(0, 'stopping …'))
}
if (process.env.npm_lifecycle_event === 'start') {
  whenParentIsGone(() => stop(0, 'npm is gone; stopping …'))
}

start().catch((error) => {
  const message = error instanceof Refusal ? error.message : (error?.stack ?? String(error))
  return stop(1, message)
})

async function start() {
  const settings = readStartSettingsOrThrow(process.env)
  const { port, inferencePort, stateFolder, workerUrl, inferenceUrl } = settings
  lockState(settings)
  await ensurePortIsFree(port, 'PORT')
  await ensurePortIsFree(inferencePort, 'INFERENCE_PORT')

  const children = createChildren()
  cleanups.unshift(() => children.stopAll())
  const toolsNode = await ensureInstalled(children, 'run')
  const secrets = ensureSecrets(stateFolder)

  say('starting the inference service and the Worker …')
  const inference = run('inference', createInferenceCommand(settings, secrets.values))
  await migrate(children, toolsNode, stateFolder)
  const worker = run('worker', createWorkerCommand(toolsNode, settings, secrets.file))

  await Promise.all([
    waitForInference(inferenceUrl, inference.output),
    waitForWorker(workerUrl, worker.output).then(() =>
      startSchedule(workerUrl, (line) => console.error(`schedule | ${line}`)),
    ),
  ])
  inference.open()
  worker.open()
  say(`ready on ${workerUrl}`)

  /** @param {string} name @param {Omit<import('./lib/children.mjs').Command, 'name'>} command */
  function run(name, command) {
    const log = createLog(name)
    cleanups.unshift(log.close)
    const child = children.start({ name, ...command, onLine: log.write })
    child.exited.then(({ reason }) =>
      stop(
        1,
        `The ${name} process ended by itself (${reason}). Its last words:\n${formatTail(child.output())}`,
      ),
    )
    return { open: log.open, output: child.output }
  }
}

/** @param {import('./lib/start-settings.mjs').StartSettings} settings */
function lockState({ stateFolder, workerUrl }) {
  const lock = takeLock(path.join(stateFolder, 'running.lock'), { url: workerUrl })
  if (lock.holder) {
    throw new Refusal(
      `${stateFolder} is in use by a copy that runs on ${lock.holder.url} (process ${lock.holder.pid}): ` +
        'stop it, or set STATE_DIR to another folder.',
    )
  }
  cleanups.push(lock.release)
}

/** Ends everything once, whoever asks first. @param {number} code @param {string} message */
async function stop(code, message) {
  if (isStopping) return
  isStopping = true
  if (code === 0) say(message)
  else console.error(message)
  for (const cleanup of cleanups) await cleanup()
  process.exit(code)
}
