/**
 * `npm run deploy -- [--env staging|production] [--dry-run]`: goes through the checklist of one environment and, when all
 * of it holds, migrates and deploys. docs/deploy.md tells each step.
 */
import { existsSync } from 'node:fs'
import { ensurePageAssets } from './lib/page-assets.mjs'
import { fromRoot, root } from './lib/paths.mjs'
import { Refusal, say } from './lib/say.mjs'
import { wranglerProgram } from './lib/worker-process.mjs'

try {
  if (!existsSync(wranglerProgram) || !process.features.typescript) {
    throw new Refusal(
      'The packages are missing, or an older Node runs: npm ci, then npm run deploy.',
    )
  }
  ensurePageAssets()
  const { readOptionsOrThrow } = await import('./deploy/options.mjs')
  const { runDeployment } = await import('./deploy/run-deployment.mjs')
  const isGood = await runDeployment(readOptionsOrThrow(process.argv.slice(2)), {
    root,
    environment: process.env,
    wranglerProgram: [process.execPath, fromRoot('node_modules', 'wrangler', 'bin', 'wrangler.js')],
    fetch,
    say,
    readiness: { waitMsMax: 180_000, pauseMs: 5_000 },
  })
  process.exitCode = isGood ? 0 : 1
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exitCode = 1
}
