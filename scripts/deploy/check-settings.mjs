import { randomBytes } from 'node:crypto'
import { readSettingsOrThrow } from '../../src/config.ts'
import { requiredSecrets } from './rendered-config.mjs'
import { judge, quote } from './report.mjs'
import { isSecretName, settingsFileOf, showValue } from './settings.mjs'

/** @typedef {import('./rendered-config.mjs').Config} Config */
/** @typedef {[string, ...string[]]} Problem */

/** What stands where nobody has filled in a value yet, and what cannot be reached from Cloudflare. */
const placeholders = [
  { pattern: /\bexample\.(com|net|org)\b/, what: 'an address of the documentation' },
  { pattern: /ACCOUNT_ID|CHANGE_?ME|<[^>]*>/, what: 'a placeholder' },
  { pattern: /\b(localhost|127\.0\.0\.1|0\.0\.0\.0)\b|\[::1?\]/, what: 'this machine' },
]
const bucketEndpoint = /^https:\/\/[0-9a-f]{32}(\.(eu|fedramp))?\.r2\.cloudflarestorage\.com$/
const databaseId = /^(?!0{8}-)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What a person must write where, for one name. */
const remedies = /** @type {Readonly<Record<string, string>>} */ ({
  S3_ENDPOINT: 'CLOUDFLARE_ACCOUNT_ID=… (npx wrangler whoami tells it)',
  database_id: 'D1_DATABASE_ID=… (npx wrangler d1 list tells it)',
})

/** @param {import('./settings.mjs').Given} given */
export function checkSettingsFile({ file, hasFile, problems, fromEnvironment, values }) {
  const beside =
    fromEnvironment.length > 0 ? `; the environment gives ${fromEnvironment.join(', ')}` : ''
  const fine = hasFile
    ? `${file}: ${values.size} values${beside}`
    : `there is no ${file}: what wrangler.toml says holds${beside}`
  return judge(
    'settings file',
    fine,
    problems.map((what) => [what]),
  )
}

/** @param {{ environment: Config, environmentName: string }} options */
export function checkPlaceholders({ environment, environmentName }) {
  const { vars, d1_databases: databases = [] } = environment
  const found = Object.entries(vars).flatMap(([name, value]) =>
    placeholders
      .filter(({ pattern }) => pattern.test(String(value)))
      .slice(0, 1)
      .map(({ what }) => ({ name, sentence: `${name} is ${quote(value)}: that is ${what}.` })),
  )
  for (const { binding, database_id: id } of databases) {
    if (databaseId.test(id ?? '')) continue
    const sentence = `The database_id of ${binding} is ${quote(id)}: that is the id of no database.`
    found.push({ name: 'database_id', sentence })
  }
  const file = settingsFileOf(environmentName)
  return judge(
    'no placeholders',
    `in ${Object.keys(vars).length} variables and ${databases.length} database`,
    found.map(({ name, sentence }) => [sentence, `${file}: ${remedies[name] ?? `${name}=…`}`]),
  )
}

/**
 * By the parser that the Worker itself begins with. Secrets that are not given here stand for ones that are right.
 * @param {{ environment: Config, given: ReadonlyMap<string, string> }} options
 */
export function checkParser({ environment, given }) {
  const required = requiredSecrets(environment)
  const standIns = Object.fromEntries(
    required.map((name) => [
      name,
      name === 'ADMIN_EMAIL' ? 'a@b.it' : randomBytes(32).toString('hex'),
    ]),
  )
  const secrets = [...given].filter(([name]) => isSecretName(name, required))
  try {
    const values = { ...environment.vars, ...standIns, ...Object.fromEntries(secrets) }
    const settings = readSettingsOrThrow(values)
    const unknown = Object.keys(environment.vars).filter((name) => !Object.hasOwn(settings, name))
    return judge(
      'settings',
      `${Object.keys(environment.vars).length} variables pass the Worker's own parser`,
      unknown.map((name) => [`${name} is no setting of the Worker: it would be passed over.`]),
    )
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const problems = message.replace('The configuration is wrong. ', '').split('; ')
    return judge(
      'settings',
      '',
      problems.map((problem) => {
        const name = problem.split(':')[0] ?? ''
        const value = { ...environment.vars, ...Object.fromEntries(given) }[name]
        if (value === undefined) return [problem]
        return [`${problem} (it is ${showValue(name, String(value), required)})`]
      }),
    )
  }
}

/** What the parser takes in development, and nobody means beyond it. @param {{ environment: Config, environmentName: string }} options */
export function checkDeployedSettings({ environment, environmentName }) {
  const { vars, r2_buckets: buckets = [], services = [] } = environment
  /** @type {Problem[]} */
  const problems = []
  const expect = (
    /** @type {boolean} */ holds,
    /** @type {string} */ name,
    /** @type {string} */ rule,
  ) => {
    if (!holds) problems.push([`${name} is ${quote(vars[name])}: ${rule}`])
  }
  const address = String(vars.PUBLIC_BASE_URL)
  expect(vars.APP_ENV === environmentName, 'APP_ENV', `it must be ${environmentName}.`)
  expect(
    vars.MEDIA_DELIVERY === 'redirect',
    'MEDIA_DELIVERY',
    "it must be redirect, or every byte of media passes through the Worker's memory and processor.",
  )
  expect(
    URL.canParse(address) && new URL(address).origin === address && address.startsWith('https:'),
    'PUBLIC_BASE_URL',
    'it must be an https origin without a path or a slash at its end.',
  )
  if (/\.workers\.dev$/.test(address)) {
    const { name } = environment
    expect(
      address.startsWith(`https://${name}.`),
      'PUBLIC_BASE_URL',
      `the Worker's own address begins with https://${name}.`,
    )
  }
  expect(
    bucketEndpoint.test(vars.S3_ENDPOINT),
    'S3_ENDPOINT',
    'it must be https://<account id>.r2.cloudflarestorage.com: presigned URLs work on no other host.',
  )
  expect(
    buckets.some((/** @type {Config} */ bucket) => bucket.bucket_name === vars.S3_BUCKET),
    'S3_BUCKET',
    `it must be the bucket that is bound: ${buckets.map((/** @type {Config} */ bucket) => bucket.bucket_name).join(', ')}.`,
  )
  const isBound = services.some((/** @type {Config} */ service) => service.binding === 'INFERENCE')
  expect(
    isBound || /^https:\/\//.test(vars.INFERENCE_BASE_URL),
    'INFERENCE_BASE_URL',
    'its requests carry access tokens: it must be https.',
  )
  expect(
    isBound || !/\.workers\.dev(\/|$)/.test(vars.INFERENCE_BASE_URL),
    'INFERENCE_BASE_URL',
    "a Worker cannot reach another of its account there (error 1042): give that one's name as INFERENCE_WORKER.",
  )
  expect(
    !/\/$/.test(vars.INFERENCE_BASE_URL),
    'INFERENCE_BASE_URL',
    'it must not end with a slash.',
  )
  return judge('what is deployed', 'addresses, bucket and delivery fit each other', problems)
}
