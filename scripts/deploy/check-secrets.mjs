import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { readCredentials } from '../../src/users/first-administrator.rules.ts'
import { requiredSecrets } from './rendered-config.mjs'
import { judge, ok, unchecked } from './report.mjs'
import { isSecretName, readSettingsText, settingsFileOf } from './settings.mjs'

/** @typedef {import('./rendered-config.mjs').Config} Config */
/** @typedef {[string, ...string[]]} Problem */

const charactersMin = 32
const differentCharactersMin = 10
const keysOfBucket = ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']

/**
 * What can be told of the secrets that are given here. Those at Cloudflare cannot be read back.
 * @param {{ environment: Config, environmentName: string, raw: Config, given: ReadonlyMap<string, string>, root: string }} options
 */
export function checkSecrets({ environment, environmentName, raw, given, root }) {
  const required = requiredSecrets(environment)
  const secrets = new Map([...given].filter(([name]) => isSecretName(name, required)))
  const missing = required.filter((name) => !secrets.has(name))
  const file = settingsFileOf(environmentName)
  const rest =
    missing.length === 0
      ? []
      : [
          unchecked(
            'secrets not given here',
            `${missing.join(', ')}: not checked, needs an account: they must be set at Cloudflare`,
            `${file}: NAME=…, or npx wrangler secret list --env ${environmentName}`,
          ),
        ]
  if (secrets.size === 0) return rest

  /** @type {Problem[]} */
  const problems = [
    ...findWeak(secrets),
    ...findRepeated(secrets),
    ...findKnown(
      new Map([...given].filter(([name]) => secrets.has(name) || name === 'D1_DATABASE_ID')),
      knownElsewhere({ root, raw, required, environmentName }),
    ),
  ]
  if (secrets.has('ADMIN_EMAIL') || secrets.has('ADMIN_PASSWORD')) {
    const judged = readCredentials({
      ADMIN_EMAIL: secrets.get('ADMIN_EMAIL') ?? 'not@given.it',
      ADMIN_PASSWORD: secrets.get('ADMIN_PASSWORD') ?? 'not given, and so not judged',
    })
    if (typeof judged === 'string') problems.push([judged])
  }
  if (keysOfBucket.filter((name) => secrets.has(name)).length === 1) {
    problems.push([`Only one of ${keysOfBucket.join(' and ')} is given: they belong together.`])
  }
  return [
    ...judge(
      'secrets given here',
      `${secrets.size}: long, different, and of no other environment`,
      problems,
    ),
    ...rest,
    ...(missing.length === 0
      ? [ok('secrets required', `all ${required.length} are given here`)]
      : []),
  ]
}

/** @param {ReadonlyMap<string, string>} secrets @returns {Problem[]} */
function findWeak(secrets) {
  return [...secrets]
    .filter(([name]) => /_SECRET(_PREVIOUS)?$/.test(name))
    .filter(
      ([, value]) => value.length < charactersMin || new Set(value).size < differentCharactersMin,
    )
    .map(([name, value]) => [
      `${name} has ${value.length} characters, ${new Set(value).size} of them different: ` +
        `it needs ${charactersMin}, ${differentCharactersMin} of them different.`,
      `${name}=$(openssl rand -hex 32)`,
    ])
}

/** @param {ReadonlyMap<string, string>} secrets @returns {Problem[]} */
function findRepeated(secrets) {
  const names = [...secrets.keys()]
  return names.flatMap((name, index) =>
    names
      .slice(index + 1)
      .filter((other) => secrets.get(other) === secrets.get(name))
      .map(
        (other) =>
          /** @type {Problem} */ ([
            `${name} and ${other} are the same: whoever learns one has both.`,
          ]),
      ),
  )
}

/** @param {ReadonlyMap<string, string>} secrets @param {ReadonlyMap<string, string>} known where each value is known from @returns {Problem[]} */
function findKnown(secrets, known) {
  return [...secrets].flatMap(([name, value]) => {
    const where = known.get(value)
    // One person may administer both.
    if (where === undefined || name === 'ADMIN_EMAIL') return []
    return [
      /** @type {Problem} */ ([`${name} is the one of ${where}: give it a value of its own.`]),
    ]
  })
}

/**
 * Secrets that are not this environment's: of development, of another environment, and what the repository shows.
 * @param {{ root: string, raw: Config, required: readonly string[], environmentName: string }} options
 */
function knownElsewhere({ root, raw, required, environmentName }) {
  /** @type {Map<string, string>} */
  const known = new Map()
  for (const bucket of raw.r2_buckets ?? []) {
    const keys = Object.values(bucket.local_dev?.experimental_s3_credentials ?? {})
    for (const value of keys) known.set(String(value), 'development in wrangler.toml')
  }
  const others = Object.keys(raw.env).filter((name) => name !== environmentName)
  const files = ['.wrangler/state/secrets.env', '.dev.vars', ...others.map(settingsFileOf)]
  for (const file of files) {
    const place = path.join(root, file)
    if (!existsSync(place)) continue
    for (const [name, value] of readSettingsText(readFileSync(place, 'utf8'), file).values) {
      if (isSecretName(name, required) || name === 'D1_DATABASE_ID') known.set(value, file)
    }
  }
  return known
}
