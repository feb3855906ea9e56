/**
 * `npm run crash -- --minutes 5 --seed 1`: loads the real system with people whose clients ask again, kills its processes at
 * random moments and starts them again, then waits until everything has ended and checks that nothing was lost. The seed
 * decides what people do and what is killed when; how the machine runs beside that, nobody decides.
 * `--plan kill-inference,kill-both` does just that, `--people 4`, `--sweep-seconds 60` (every minute as `npm start`; less
 * saves waiting), `--calm-seconds 20` (the longest between two), `--port 8795`,
 * `--inference-port 8796`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { findDisturbance } from './crash/disturbances.mjs'
import { playCrashes } from './crash/play.mjs'
import { createChildren } from './lib/children.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { Refusal, say } from './lib/say.mjs'
import { readStartSettingsOrThrow } from './lib/start-settings.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    plan: { type: 'string' },
    people: { type: 'string', default: '4' },
    'sweep-seconds': { type: 'string', default: '60' },
    'calm-seconds': { type: 'string', default: '20' },
    port: { type: 'string', default: '8795' },
    'inference-port': { type: 'string', default: '8796' },
  },
})

const stateFolder = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-crash-'))
const children = createChildren()
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => end(130))
}

try {
  const plan = values.plan?.split(',') ?? null
  for (const name of plan ?? []) findDisturbance(name)
  const broken = await playCrashes({
    children,
    toolsNode: await ensureInstalled(children, 'run'),
    settings: readStartSettingsOrThrow({
      PORT: values.port,
      INFERENCE_PORT: values['inference-port'],
      STATE_DIR: stateFolder,
    }),
    seed: values.seed,
    minutes: Number(values.minutes),
    plan,
    peopleCount: Number(values.people),
    sweepSeconds: Number(values['sweep-seconds']),
    calmSeconds: Number(values['calm-seconds']),
  })
  await end(broken.length > 0 ? 1 : 0)
} catch (error) {
  say(
    error instanceof Refusal ? error.message : String(error instanceof Error ? error.stack : error),
  )
  await end(1)
}

/** @param {number} code */
async function end(code) {
  await children.stopAll()
  rmSync(stateFolder, { recursive: true, force: true, maxRetries: 3 })
  process.exit(code)
}
