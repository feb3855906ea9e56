import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { experimental_readRawConfig } from 'wrangler'
import { isSecretName, ownNames } from './settings.mjs'

/** @typedef {Record<string, any>} Config what a configuration file of wrangler holds */

/** wrangler.toml as it stands. @param {string} root @returns {Config} */
export function readRawConfig(root) {
  const config = path.join(root, 'wrangler.toml')
  return /** @type {Config} */ (experimental_readRawConfig({ config }).rawConfig)
}

/**
 * The configuration with what is given for one environment in its place, and with paths that hold wherever the file lies.
 * @param {{ raw: Config, environmentName: string, given: ReadonlyMap<string, string>, root: string }} options
 * @returns {Config}
 */
export function renderConfig({ raw, environmentName, given, root }) {
  const config = structuredClone(raw)
  config.env[environmentName] ??= {}
  const environment = config.env[environmentName]
  environment.vars ??= {}
  const fromRoot = (/** @type {string} */ place) => path.resolve(root, place)

  config.main = fromRoot(config.main)
  if (config.assets?.directory) config.assets.directory = fromRoot(config.assets.directory)
  if (environment.assets?.directory) {
    environment.assets.directory = fromRoot(environment.assets.directory)
  }
  for (const section of [config, ...Object.values(config.env)]) {
    for (const database of section.d1_databases ?? []) {
      if (database.migrations_dir) database.migrations_dir = fromRoot(database.migrations_dir)
    }
  }

  for (const [name, value] of given) {
    const isOwn = /** @type {readonly string[]} */ (ownNames).includes(name)
    if (!isOwn && !isSecretName(name, requiredSecrets(environment))) environment.vars[name] = value
  }
  const account = given.get('CLOUDFLARE_ACCOUNT_ID')
  if (account) {
    config.account_id = account
    for (const [name, value] of Object.entries(environment.vars)) {
      environment.vars[name] = String(value).replaceAll('ACCOUNT_ID', account)
    }
  }
  const databaseId = given.get('D1_DATABASE_ID')
  const [database] = environment.d1_databases ?? []
  if (databaseId && database) database.database_id = databaseId
  const inferenceWorker = given.get('INFERENCE_WORKER')
  if (inferenceWorker) {
    const binding = { binding: 'INFERENCE', service: inferenceWorker }
    environment.services = [...(environment.services ?? []), binding]
  }
  addAddress(environment)
  return config
}

/** Where the Worker answers is where clients are told to reach it. @param {Config} environment */
function addAddress(environment) {
  const address = String(environment.vars.PUBLIC_BASE_URL)
  if (environment.routes || environment.route || !URL.canParse(address)) return
  const { hostname } = new URL(address)
  environment.workers_dev = hostname.endsWith('.workers.dev')
  if (!environment.workers_dev) environment.routes = [{ pattern: hostname, custom_domain: true }]
}

/** @param {Config} environment @returns {readonly string[]} */
export const requiredSecrets = (environment) => environment.secrets?.required ?? []

/** Every queue that an environment sends to, reads, or gives up to. @param {Config} environment @returns {string[]} */
export function queuesOf({ queues = {} }) {
  const named = [...(queues.producers ?? []), ...(queues.consumers ?? [])].flatMap(
    ({ queue, dead_letter_queue: dead }) => (dead ? [queue, dead] : [queue]),
  )
  return [...new Set(named)].sort()
}

/** Writes the rendered configuration where git does not look; answers its path. @param {{ root: string, environmentName: string, config: Config }} options */
export function writeRenderedConfig({ root, environmentName, config }) {
  const folder = path.join(root, '.wrangler', 'deployments')
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `${environmentName}.json`)
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`)
  return file
}
