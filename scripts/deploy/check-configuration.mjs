import path from 'node:path'
import { unstable_readConfig } from 'wrangler'
import { queuesOf } from './rendered-config.mjs'
import { judge } from './report.mjs'

/** @typedef {import('./rendered-config.mjs').Config} Config */

/** What an environment is, and not what it has: these may differ from the top level's. */
const own =
  /^(configPath|userConfigPath|topLevelName|targetEnvironment|definedEnvironments|dev|routes?|workers_dev|account_id|services)\b|\.(database_id|local_dev)\b/
/** What may be more than at the top level, whose values are its own. */
const named = /^(vars\.|secrets\.required\[)/

/** The configuration of an environment as wrangler understands it; of the top level for null. @param {string} root @param {string | null} environmentName @returns {Config} */
export function readEffectiveConfig(root, environmentName) {
  const config = path.join(root, 'wrangler.toml')
  const args = environmentName === null ? { config } : { config, env: environmentName }
  return /** @type {Config} */ (unstable_readConfig(args, { hideWarnings: true }))
}

/**
 * Everything of a configuration, each as a path and a value, with the Worker's name put as `<name>`.
 * @param {Config} config
 * @returns {Map<string, string>}
 */
export function flattenConfig(config) {
  /** @type {Map<string, string>} */
  const flat = new Map()
  const anonymous = (/** @type {unknown} */ value) =>
    String(value).replace(new RegExp(`^${config.name}(?=-|$)`), '<name>')
  const walk = (/** @type {unknown} */ value, /** @type {string} */ place) => {
    if (Array.isArray(value)) {
      for (const one of value) walk(one, `${place}[${anonymous(nameOf(one))}]`)
    } else if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) {
        walk(inner, place === '' ? key : `${place}.${key}`)
      }
    } else if (value !== undefined && !own.test(place)) {
      flat.set(place, named.test(place) ? '' : anonymous(value))
    }
  }
  walk(config, '')
  return flat
}

/** What one of a list is found by. @param {any} one */
function nameOf(one) {
  if (one === null || typeof one !== 'object') return one
  return one.binding ?? one.name ?? one.queue ?? one.class_name ?? JSON.stringify(one)
}

/**
 * Named environments inherit no bindings: each must have what the top level has, and nothing else.
 * @param {{ root: string, environmentName: string }} options
 */
export function checkBindings({ root, environmentName }) {
  const top = flattenConfig(readEffectiveConfig(root, null))
  const environment = flattenConfig(readEffectiveConfig(root, environmentName))
  const where = `[env.${environmentName}]`
  const missing = [...top].filter(([place]) => !environment.has(place))
  const more = [...environment].filter(([place]) => !top.has(place) && !named.test(place))
  const other = [...environment].filter(([place, value]) => (top.get(place) ?? value) !== value)
  return judge('bindings', `${where} has what the top level has: ${top.size} values agree`, [
    ...missing.map(
      ([place, value]) =>
        /** @type {[string]} */ ([
          `${where} lacks ${place}${value === '' ? '' : ` = ${value}`}, which the top level has.`,
        ]),
    ),
    ...more.map(
      ([place, value]) =>
        /** @type {[string]} */ ([`${where} has ${place} = ${value}, which the top level lacks.`]),
    ),
    ...other.map(
      ([place, value]) =>
        /** @type {[string]} */ ([
          `${where} has ${place} = ${value}, and the top level ${top.get(place)}.`,
        ]),
    ),
  ])
}

/** Each queue that is read by attempts must have somewhere to give up to, that is read as well. @param {Config} environment */
export function checkDeadLetters(environment) {
  const consumers = /** @type {Config[]} */ (environment.queues?.consumers ?? [])
  const producers = /** @type {Config[]} */ (environment.queues?.producers ?? [])
  const read = consumers.map(({ queue }) => queue)
  const dead = consumers.flatMap(({ dead_letter_queue: queue }) => (queue ? [queue] : []))
  return judge('dead letters', `${dead.length} queues give up to ${dead.length} that are read`, [
    ...producers
      .filter(({ queue }) => !read.includes(queue))
      .map(({ queue }) => /** @type {[string]} */ ([`${queue} is sent to, and nobody reads it.`])),
    ...consumers
      .filter(({ queue, dead_letter_queue: to }) => !to && !dead.includes(queue))
      .map(
        ({ queue }) =>
          /** @type {[string]} */ ([
            `${queue} has no dead_letter_queue: what fails ten times would vanish.`,
          ]),
      ),
    ...dead
      .filter((queue) => !read.includes(queue))
      .map(
        (queue) => /** @type {[string]} */ ([`${queue} takes dead letters, and nobody reads it.`]),
      ),
  ])
}

/** Two environments that share a store destroy each other's data. @param {{ config: Config, environmentName: string }} options */
export function checkNothingShared({ config, environmentName }) {
  const mine = resourcesOf(config.env[environmentName])
  const problems = Object.entries(config.env)
    .filter(([name]) => name !== environmentName)
    .flatMap(([name, other]) =>
      resourcesOf(other)
        .filter((resource) => mine.includes(resource))
        .map((resource) => /** @type {[string]} */ ([`${resource} is also that of ${name}.`])),
    )
  return judge('nothing shared', `${mine.length} names of stores and queues are its own`, problems)
}

/** @param {Config} environment @returns {string[]} */
function resourcesOf(environment) {
  const { name, d1_databases: databases = [], r2_buckets: buckets = [] } = environment
  return [
    `The Worker ${name}`,
    ...databases.map((/** @type {Config} */ one) => `The database ${one.database_name}`),
    ...buckets.map((/** @type {Config} */ one) => `The bucket ${one.bucket_name}`),
    ...queuesOf(environment).map((queue) => `The queue ${queue}`),
  ]
}
