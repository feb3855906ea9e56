import path from 'node:path'
import { createToolsEnvironment } from './node-version.mjs'
import { fromRoot } from './paths.mjs'
import { derivedSettingNames, workerSettingNames } from './start-settings.mjs'

/**
 * An isolate has 128 MB at Cloudflare, and so it has here: without a limit V8 collects so rarely that the process grows
 * by hundreds of megabytes that nobody holds (docs/decisions/media-worker-memory.md).
 */
export const isolateHeapFlag = '--max-heap-size=128'

export const wranglerProgram = fromRoot('node_modules', 'wrangler', 'bin', 'wrangler.js')

/**
 * The command that runs the Worker. Its settings come by `--var` and its secrets by file, so that neither
 * `.dev.vars` nor the caller's environment has a say.
 * @param {string} toolsNode
 * @param {import('./start-settings.mjs').StartSettings} settings
 * @param {string} secretsFile
 */
export function createWorkerCommand(toolsNode, settings, secretsFile) {
  const variables = {
    ...settings.workerSettings,
    PUBLIC_BASE_URL: settings.workerUrl,
    S3_ENDPOINT: `${settings.workerUrl}/cdn-cgi/local/r2/s3`,
    INFERENCE_BASE_URL: settings.inferenceUrl,
  }
  return {
    file: toolsNode,
    args: [
      ...[wranglerProgram, 'dev', '--local', '--ip', '127.0.0.1', '--port', String(settings.port)],
      ...['--persist-to', settings.stateFolder, '--env-file', secretsFile],
      ...['--inspector-port', '0', '--show-interactive-dev-session=false'],
      ...['--log-level', settings.logLevel],
      ...Object.entries(variables).flatMap(([name, value]) => ['--var', `${name}:${value}`]),
    ],
    cwd: fromRoot(),
    env: {
      ...createToolsEnvironment(toolsNode, [...workerSettingNames, ...derivedSettingNames]),
      WRANGLER_LOG_PATH: path.join(settings.stateFolder, 'logs'),
      MINIFLARE_WORKERD_V8_FLAGS: process.env.MINIFLARE_WORKERD_V8_FLAGS ?? isolateHeapFlag,
      X_LOCAL_EXPLORER: 'false',
      X_LOCAL_OBSERVABILITY: 'false',
      // Copies that share a registry would hand each other queue messages.
      WRANGLER_REGISTRY_PATH: path.join(settings.stateFolder, 'registry'),
    },
  }
}
