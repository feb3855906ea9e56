import path from 'node:path'
import { ensureNodeRunsScripts, findToolsNodeOrThrow } from './node-version.mjs'
import { ensureNpmPackages } from './npm-install.mjs'
import { ensurePageAssets } from './page-assets.mjs'
import { scratchFolder } from './paths.mjs'
import { withLock } from './pid-lock.mjs'
import { ensurePythonEnvironment } from './python-environment.mjs'
import { say } from './say.mjs'

/**
 * Installs what a fresh clone lacks; says nothing when nothing is missing.
 * @param {import('./children.mjs').Children} children @param {'run' | 'test'} purpose
 * @returns {Promise<string>} the path of the Node that runs the tools
 */
export async function ensureInstalled(children, purpose) {
  ensureNodeRunsScripts()
  return withLock(
    path.join(scratchFolder, 'install.lock'),
    (pid) => say(`waiting for process ${pid}, which installs in this folder …`),
    async () => {
      await ensureNpmPackages(children)
      ensurePageAssets()
      await ensurePythonEnvironment(children, purpose)
      return findToolsNodeOrThrow()
    },
  )
}
