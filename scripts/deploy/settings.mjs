import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { settingNames } from '../../src/config.ts'
import { quote } from './report.mjs'

/** What the deployment itself is told, and the Worker is not. */
export const ownNames = /** @type {const} */ ([
  'CLOUDFLARE_ACCOUNT_ID',
  'CLOUDFLARE_API_TOKEN',
  'D1_DATABASE_ID',
  'INFERENCE_WORKER',
  'TESTED_COMMIT',
])

/**
 * @typedef {object} Given what is given for an environment beside wrangler.toml
 * @property {ReadonlyMap<string, string>} values by name; the environment's variables stand over the file's
 * @property {readonly string[]} fromEnvironment names that the environment's variables gave
 * @property {string} file from the root
 * @property {boolean} hasFile
 * @property {readonly string[]} problems sentences, without the values of secrets
 */

/** @param {string} environmentName */
export const settingsFileOf = (environmentName) => `deploy/${environmentName}.env`

/** The secrets of an environment: those that wrangler.toml requires, and the previous one of each. @param {readonly string[]} required */
export const isSecretName = (
  /** @type {string} */ name,
  /** @type {readonly string[]} */ required,
) => required.includes(name.replace(/_PREVIOUS$/, ''))

/**
 * Reads what is given for an environment. Nothing is thrown: what cannot be read is a problem.
 * @param {{ root: string, environmentName: string, environment: NodeJS.ProcessEnv }} options
 * @returns {Given}
 */
export function readGiven({ root, environmentName, environment }) {
  const file = settingsFileOf(environmentName)
  const place = path.join(root, file)
  const hasFile = existsSync(place)
  const { values, problems } = readSettingsText(hasFile ? readFileSync(place, 'utf8') : '', file)
  const names = [...ownNames, ...settingNames]
  for (const name of values.keys()) {
    if (!names.includes(name)) problems.push(`${file}: ${name} is the name of no setting.`)
  }
  // wrangler.toml says which environment is which; a variable of that name is somebody else's.
  const given = names.filter((name) => name !== 'APP_ENV' && environment[name])
  for (const name of given) values.set(name, environment[name] ?? '')
  if (hasFile && process.platform !== 'win32' && (statSync(place).mode & 0o077) !== 0) {
    problems.push(`${file} may be read by other users of this machine: run chmod 600 ${file}.`)
  }
  return { values, fromEnvironment: given, file, hasFile, problems }
}

/**
 * `NAME=value` lines. A value may stand in quotes; an empty one, and what follows a #, is left out.
 * @param {string} text
 * @param {string} file
 */
export function readSettingsText(text, file) {
  /** @type {Map<string, string>} */
  const values = new Map()
  /** @type {string[]} */
  const problems = []
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue
    const [, name, raw = ''] = /^\s*([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (name === undefined) {
      problems.push(`${file}, line ${index + 1}: it must be NAME=value, or begin with #.`)
    } else if (values.has(name)) {
      problems.push(`${file}, line ${index + 1}: ${name} stands there twice.`)
    } else {
      const value = /^(["'])(.*)\1$/.exec(raw)?.[2] ?? raw.replace(/\s+#.*$/, '')
      if (value !== '') values.set(name, value)
    }
  }
  return { values, problems }
}

/** A value as it may be printed. @param {string} name @param {string} value @param {readonly string[]} required */
export const showValue = (name, value, required) =>
  isSecretName(name, required) || name === 'CLOUDFLARE_API_TOKEN' ? '(secret)' : quote(value)
