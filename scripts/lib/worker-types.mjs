import { existsSync } from 'node:fs'
import { createToolsEnvironment } from './node-version.mjs'
import { fromRoot } from './paths.mjs'
import { formatTail, Refusal, sayWhile } from './say.mjs'
import { fingerprint, isStamped, writeStamp } from './stamps.mjs'
import { derivedSettingNames, workerSettingNames } from './start-settings.mjs'
import { wranglerProgram } from './worker-process.mjs'

const types = fromRoot('worker-configuration.d.ts')
const stamp = fromRoot('node_modules', '.cache', 'pa-inpainting', 'worker-types')

/**
 * Writes the types of the Worker's environment anew when wrangler.toml or wrangler has changed.
 * @param {import('./children.mjs').Children} children
 * @param {string} toolsNode
 */
export async function ensureWorkerTypes(children, toolsNode) {
  const wanted = fingerprint(
    fromRoot('wrangler.toml'),
    fromRoot('node_modules', 'wrangler', 'package.json'),
  )
  if (existsSync(types) && isStamped(stamp, wanted)) return
  const { code, reason, output } = await sayWhile('writing the types of wrangler.toml', () =>
    children.run({
      name: 'wrangler types',
      file: toolsNode,
      args: [wranglerProgram, 'types', types],
      cwd: fromRoot(),
      env: createToolsEnvironment(toolsNode, [...workerSettingNames, ...derivedSettingNames]),
    }),
  )
  if (code !== 0) throw new Refusal(`wrangler types failed (${reason}):\n${formatTail(output, 40)}`)
  writeStamp(stamp, wanted)
}
