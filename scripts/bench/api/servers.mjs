import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createInferenceCommand } from '../../lib/inference-process.mjs'
import { migrate } from '../../lib/migrations.mjs'
import { createToolsEnvironment } from '../../lib/node-version.mjs'
import { fromRoot } from '../../lib/paths.mjs'
import { waitForInference } from '../../lib/ready.mjs'
import { formatTail, Refusal } from '../../lib/say.mjs'
import { ensureSecrets } from '../../lib/secrets.mjs'
import { derivedSettingNames, workerSettingNames } from '../../lib/start-settings.mjs'
import { isolateHeapFlag, wranglerProgram } from '../../lib/worker-process.mjs'
import { findFreePorts } from './free-ports.mjs'

/**
 * @typedef {object} ServerSettings
 * @property {'product' | 'counted' | 'floor'} kind
 * @property {number} port
 * @property {number} controlPort
 * @property {number} [inspectorPort]
 * @property {boolean} isLoud whether the Worker's log is shown
 * @property {string} stateFolder
 * @property {string} workerFolder where the built Worker is
 * @property {Record<string, string>} variables
 *
 * @typedef {object} Server
 * @property {string} url
 * @property {number} pid
 * @property {(statements: readonly string[]) => Promise<void>} runSql
 * @property {() => Promise<void>} stop
 *
 * @typedef {Awaited<ReturnType<typeof openWorkshop>>} Workshop
 */

/** Wide enough that nothing but the machine is in a load's way. */
const openQuotas = {
  LOGINS_BY_ADDRESS: '999999/60',
  REGISTRATIONS_BY_ADDRESS: '999999/60',
  UPLOADS_BY_ADDRESS: '999999/60',
  UPLOADS_BY_ACCOUNT: '999999/60',
}

/**
 * A state of its own with a database that is migrated, and the Worker as `npm run deploy` would build it. Servers are
 * started on it by name; `close` deletes the folder when they have ended.
 * @param {{ children: import('../../lib/children.mjs').Children, toolsNode: string, inspectorPort: number, isLoud: boolean }} options
 */
export async function openWorkshop({ children, toolsNode, inspectorPort, isLoud }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-bench-'))
  const stateFolder = path.join(folder, 'state')
  const workerFolder = path.join(folder, 'worker')
  mkdirSync(stateFolder)
  const environment = {
    ...createToolsEnvironment(toolsNode, [...workerSettingNames, ...derivedSettingNames]),
    MINIFLARE_WORKERD_V8_FLAGS: process.env.MINIFLARE_WORKERD_V8_FLAGS ?? isolateHeapFlag,
    WRANGLER_LOG_PATH: path.join(folder, 'logs'),
    WRANGLER_REGISTRY_PATH: path.join(folder, 'registry'),
    X_LOCAL_EXPLORER: 'false',
    X_LOCAL_OBSERVABILITY: 'false',
  }
  const [port = 0, inferencePort = 0, storePort = 0] = await findFreePorts(3)
  const storeUrl = `http://127.0.0.1:${storePort}`
  const settings = {
    port,
    inferencePort,
    stateFolder,
    logLevel: /** @type {const} */ ('warn'),
    workerUrl: `http://127.0.0.1:${port}`,
    inferenceUrl: `http://127.0.0.1:${inferencePort}`,
    workerSettings: {},
  }
  const secrets = ensureSecrets(stateFolder)

  async function build() {
    const { code, output } = await children.run({
      name: 'build',
      file: toolsNode,
      args: [wranglerProgram, 'deploy', '--env=', '--dry-run', '--outdir', workerFolder],
      cwd: fromRoot(),
      env: environment,
    })
    if (code !== 0) throw new Refusal(`The Worker cannot be built:\n${formatTail(output, 40)}`)
  }

  /**
   * The Worker on the state, or on a copy of it by another port.
   * @param {ServerSettings['kind']} kind @param {string} [copy] @returns {Promise<Server>}
   */
  async function startServer(kind, copy) {
    const [own = 0, controlPort = 0] = await findFreePorts(2)
    const isMain = kind !== 'floor' && copy === undefined
    const state = kind === 'floor' ? path.join(folder, 'floor') : stateFolder
    /** @type {ServerSettings} */
    const server = {
      kind,
      port: isMain ? port : own,
      controlPort,
      isLoud,
      ...(isMain && kind === 'product' && inspectorPort > 0 ? { inspectorPort } : {}),
      stateFolder: path.join(copy ?? state, 'v3'),
      workerFolder,
      variables: {
        ...openQuotas,
        ...secrets.values,
        PUBLIC_BASE_URL: settings.workerUrl,
        S3_ENDPOINT: `${settings.workerUrl}/cdn-cgi/local/r2/s3`,
        INFERENCE_BASE_URL: settings.inferenceUrl,
      },
    }
    const child = await startWhole(kind, 'server.process.mjs', [JSON.stringify(server)])
    const control = `http://127.0.0.1:${controlPort}`
    if (kind !== 'floor') await post(`${control}/sweep`)
    return {
      url: `http://127.0.0.1:${server.port}`,
      pid: child.pid,
      runSql: (statements) => post(`${control}/sql`, JSON.stringify(statements)),
      async stop() {
        process.kill(child.pid, 'SIGTERM')
        await child.exited
      },
    }
  }

  /** Starts a program of this folder and waits until it says `ready`. @param {string} name @param {string} program @param {string[]} args */
  async function startWhole(name, program, args) {
    const child = children.start({
      name,
      file: toolsNode,
      args: [path.join(import.meta.dirname, program), ...args],
      cwd: folder,
      env: environment,
      ...(isLoud && { onLine: console.error }),
    })
    let hasEnded = false
    child.exited.then(() => {
      hasEnded = true
    })
    for (let tries = 0; !/^ready$/m.test(child.output()); tries += 1) {
      if (hasEnded || tries > 1200) {
        throw new Refusal(`The ${name} did not start:\n${formatTail(child.output(), 40)}`)
      }
      await sleep(50)
    }
    return child
  }

  async function startInference() {
    const command = createInferenceCommand(
      { ...settings, workerUrl: `${settings.workerUrl},${storeUrl}` },
      secrets.values,
    )
    const child = children.start({ name: 'inference', ...command })
    await waitForInference(settings.inferenceUrl, child.output)
    return { url: settings.inferenceUrl, pid: child.pid }
  }

  return {
    folder,
    secrets: secrets.values,
    startServer,
    startInference,

    /** A store of so many pairs in memory, for the inference service alone. @param {number} pairs */
    async startStore(pairs) {
      await startWhole('store', 'store.process.mjs', [String(pairs), String(storePort)])
      return storeUrl
    },

    /** The state as it is now, when no server has it open. @param {string} name */
    copyState(name) {
      const copy = path.join(folder, name)
      cpSync(stateFolder, copy, { recursive: true })
      return copy
    },

    async prepare() {
      await Promise.all([build(), migrate(children, toolsNode, stateFolder)])
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** @param {string} url @param {string} [body] */
async function post(url, body) {
  const answer = await fetch(url, { method: 'POST', ...(body !== undefined && { body }) })
  if (!answer.ok) throw new Error(`${url}: ${await answer.text()}`)
}
