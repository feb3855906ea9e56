/**
 * `npm run backup -- FOLDER`: copies everything that the local copy of STATE_DIR has stored into a new folder, while
 * it is stopped. `npm run restore -- FOLDER` puts it back. docs/operations.md tells more.
 */
import path from 'node:path'
import { Refusal, say } from './lib/say.mjs'
import { readStartSettingsOrThrow } from './lib/start-settings.mjs'
import { backUpState } from './lib/state-backup.mjs'

try {
  const [folder, ...more] = process.argv.slice(2)
  if (!folder || more.length > 0) throw new Refusal('Usage: npm run backup -- FOLDER')
  const { stateFolder } = readStartSettingsOrThrow(process.env)
  const { fileCount, bytes } = await backUpState(stateFolder, path.resolve(folder))
  say(`${stateFolder} is backed up in ${folder}: ${fileCount} files, ${bytes} bytes.`)
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exitCode = 1
}
