/**
 * `npm run restore -- FOLDER`: puts a backup where the local copy of STATE_DIR keeps its state, while it is stopped.
 * What was there is moved aside.
 */
import path from 'node:path'
import { Refusal, say } from './lib/say.mjs'
import { readStartSettingsOrThrow } from './lib/start-settings.mjs'
import { restoreState } from './lib/state-backup.mjs'

try {
  const [folder, ...more] = process.argv.slice(2)
  if (!folder || more.length > 0) throw new Refusal('Usage: npm run restore -- FOLDER')
  const { stateFolder } = readStartSettingsOrThrow(process.env)
  const restored = await restoreState(path.resolve(folder), stateFolder)
  say(
    `${stateFolder} is as it was at ${restored.createdAt}: ${restored.fileCount} files, ${restored.bytes} bytes.`,
  )
  if (restored.aside) say(`What was there is in ${restored.aside}.`)
  say('Start it, and start a reconciliation: POST /api/admin/reconciliations.')
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exitCode = 1
}
