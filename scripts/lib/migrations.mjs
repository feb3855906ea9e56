import { existsSync } from 'node:fs'
import path from 'node:path'
import { createToolsEnvironment } from './node-version.mjs'
import { fromRoot } from './paths.mjs'
import { formatTail, Refusal, sayWhile } from './say.mjs'
import { fingerprint, isStamped, writeStamp } from './stamps.mjs'
import { wranglerProgram } from './worker-process.mjs'

/**
 * Brings the local database of a state folder up to date; quick when it is.
 * @param {import('./children.mjs').Children} children
 * @param {string} toolsNode
 * @param {string} stateFolder
 */
export async function migrate(children, toolsNode, stateFolder) {
  const stamp = path.join(stateFolder, 'migrated')
  const wanted = fingerprint(fromRoot('migrations'), fromRoot('wrangler.toml'))
  if (isStamped(stamp, wanted) && existsSync(path.join(stateFolder, 'v3', 'd1'))) return
  const { code, reason, output } = await sayWhile('migrating the database', () =>
    children.run({
      name: 'wrangler',
      file: toolsNode,
      args: [
        ...[wranglerProgram, 'd1', 'migrations', 'apply', 'DB'],
        ...['--local', '--persist-to', stateFolder],
      ],
      cwd: fromRoot(),
      env: {
        ...createToolsEnvironment(toolsNode),
        CI: 'true',
        WRANGLER_LOG_PATH: path.join(stateFolder, 'logs'),
      },
    }),
  )
  if (code !== 0)
    throw new Refusal(
      `The migration of ${stateFolder} failed (${reason}):\n${formatTail(output, 40)}`,
    )
  writeStamp(stamp, wanted)
}
