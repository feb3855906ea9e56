import { askBucket, askRules, rulesList } from './check-bucket.mjs'
import { queuesOf, requiredSecrets } from './rendered-config.mjs'
import { due, ok, unchecked, wrong } from './report.mjs'
import { isSecretName } from './settings.mjs'
import { readJson, reasonOf } from './wrangler.mjs'

/** @typedef {import('./report.mjs').Finding} Finding */
/** @typedef {import('./wrangler.mjs').Wrangler} Wrangler */

/**
 * @typedef {object} Asked
 * @property {Wrangler} wrangler
 * @property {import('./rendered-config.mjs').Config} environment the rendered one
 * @property {ReadonlyMap<string, string>} given
 * @property {string} root
 *
 * @typedef {object} Question something that only the account can tell
 * @property {string} name
 * @property {readonly (readonly string[])[]} commands what is asked
 * @property {() => Promise<Finding[]>} ask
 */

/** Everything that is asked of the account, in order. @param {Asked} asked @returns {Question[]} */
export function listQuestions(asked) {
  const { environment } = asked
  const [database] = environment.d1_databases
  const [bucket] = environment.r2_buckets
  return [
    question('secrets', [['secret', 'list']], () => askSecrets(asked)),
    question('database', [['d1', 'info', database.database_name, '--json']], () =>
      askDatabase(asked),
    ),
    question('migrations applied', [migrationsList(environment)], () => askMigrations(asked)),
    question(
      'queues',
      queuesOf(environment).map((queue) => ['queues', 'info', queue]),
      () => askQueues(asked),
    ),
    question('bucket', [['r2', 'bucket', 'info', bucket.bucket_name, '--json']], () =>
      askBucket(asked),
    ),
    question('CORS of the bucket', [rulesList('cors', bucket)], () => askRules(asked, 'cors')),
    question('lifecycle of the bucket', [rulesList('lifecycle', bucket)], () =>
      askRules(asked, 'lifecycle'),
    ),
    ...askForServices(asked),
  ]
}

/** A Worker that is bound must be there before. @param {Asked} asked @returns {Question[]} */
function askForServices({ wrangler, environment }) {
  const bound = /** @type {{ service: string }[]} */ (environment.services ?? [])
  return bound.map(({ service }) => {
    const name = 'Worker that is bound'
    const command = ['deployments', 'status', '--name', service, '--json']
    return question(name, [command], async () => {
      const ran = await wrangler.run(command)
      if (ran.code === 0) return [ok(name, `${service} is deployed`)]
      const remedy = 'npx wrangler deploy --config inference-container/cloudflare/wrangler.toml'
      return [wrong(name, `${service}: ${reasonOf(ran)}`, remedy)]
    })
  })
}

/** @param {string} name @param {Question['commands']} commands @param {Question['ask']} ask @returns {Question} */
const question = (name, commands, ask) => ({ name, commands, ask })

/** @param {Question} question @param {Wrangler} wrangler */
export const leaveUnasked = ({ name, commands }, wrangler) =>
  unchecked(name, 'not checked: needs an account', ...commands.map(wrangler.describe))

/** Whether anybody is logged in. @param {Wrangler} wrangler @param {ReadonlyMap<string, string>} given @returns {Promise<Finding>} */
export async function askAccount(wrangler, given) {
  const ran = await wrangler.run(['whoami', '--json'])
  const known = readJson(ran.stdout)
  if (ran.code !== 0 || known?.loggedIn === false) {
    return wrong(
      'account',
      'Nobody is logged in at Cloudflare.',
      'npx wrangler login, or CLOUDFLARE_API_TOKEN=…',
    )
  }
  const accounts = /** @type {{ id: string, name?: string }[]} */ (known?.accounts ?? [])
  const id = given.get('CLOUDFLARE_ACCOUNT_ID')
  if (id && accounts.length > 0 && !accounts.some((account) => account.id === id)) {
    return wrong(
      'account',
      `Who is logged in has no account ${id}: theirs are ${accounts.map((one) => one.id).join(', ')}.`,
    )
  }
  return ok('account', id ?? accounts.map((account) => account.id).join(', '))
}

/** @param {Asked} asked @returns {Promise<Finding[]>} */
async function askSecrets({ wrangler, environment, given }) {
  const required = requiredSecrets(environment)
  const ran = await wrangler.run(['secret', 'list', '--format', 'json'])
  const isNew = ran.code !== 0 && /Worker "[^"]*".* not found/.test(ran.output)
  if (ran.code !== 0 && !isNew) return [wrong('secrets', reasonOf(ran))]
  const set = isNew
    ? []
    : (readJson(ran.stdout) ?? []).map((/** @type {{ name: string }} */ { name }) => name)
  const missing = required.filter((name) => !set.includes(name) && !given.has(name))
  const where = isNew
    ? `${environment.name} does not exist yet: its first deployment brings all its secrets`
    : `${required.filter((name) => set.includes(name)).length} of ${required.length} are set at Cloudflare`
  if (missing.length > 0) {
    return missing.map((name) =>
      wrong(
        'secrets',
        `${name} is neither set at Cloudflare nor given here (${where}).`,
        wrangler.describe(['secret', 'put', name]),
      ),
    )
  }
  const sent = [...given.keys()].filter((name) => isSecretName(name, required))
  return [
    sent.length > 0
      ? due('secrets', `${where}; with this deployment come ${sent.join(', ')}`)
      : ok('secrets', where),
  ]
}

/** @param {Asked} asked @returns {Promise<Finding[]>} */
async function askDatabase({ wrangler, environment }) {
  const [{ database_name: name, database_id: id }] = environment.d1_databases
  const ran = await wrangler.run(['d1', 'info', name, '--json'])
  if (ran.code !== 0)
    return [wrong('database', `${name}: ${reasonOf(ran)}`, `npx wrangler d1 create ${name}`)]
  const info = readJson(ran.stdout)
  if (info?.uuid !== id || info?.name !== name) {
    return [
      wrong(
        'database',
        `The id ${id} is that of ${info?.name} (${info?.uuid}), and ${name} is meant.`,
        'npx wrangler d1 list',
      ),
    ]
  }
  const { database_size: bytes = 0 } = info
  const share = Math.round((100 * bytes) / databaseBytesMax)
  const what = `${name}: ${Math.round(bytes / 1e6)} MB, ${share} % of the 10 GB that a database may have`
  return [
    share < 80 ? ok('database', what) : wrong('database', `${what}.`, 'docs/scale.md: what then'),
  ]
}

const databaseBytesMax = 10e9

/** @param {Asked['environment']} environment */
const migrationsList = (environment) => [
  'd1',
  'migrations',
  'list',
  environment.d1_databases[0].database_name,
  '--remote',
]

/** @param {Asked} asked @returns {Promise<Finding[]>} */
export async function askMigrations({ wrangler, environment }) {
  const ran = await wrangler.run(migrationsList(environment))
  if (ran.code !== 0) return [wrong('migrations applied', reasonOf(ran))]
  if (/No migrations to apply/.test(ran.output)) return [ok('migrations applied', 'all')]
  const names = [...new Set(ran.output.match(/\d{4}_\w+\.sql/g))]
  if (names.length === 0)
    return [wrong('migrations applied', 'wrangler did not tell which are missing.')]
  return [due('migrations applied', `${names.join(', ')} will be, before the Worker is deployed`)]
}

/** @param {Asked} asked @returns {Promise<Finding[]>} */
async function askQueues({ wrangler, environment }) {
  /** @type {Finding[]} */
  const findings = []
  for (const queue of queuesOf(environment)) {
    const ran = await wrangler.run(['queues', 'info', queue])
    if (ran.code !== 0) {
      findings.push(
        wrong('queues', `${queue}: ${reasonOf(ran)}`, `npx wrangler queues create ${queue}`),
      )
      continue
    }
    const consumers = /^Consumers: (.*)$/m.exec(ran.output)?.[1]?.trim() ?? ''
    if (consumers === '' || consumers === `worker:${environment.name}`) continue
    const what = `${queue} is read by ${consumers}, and ${environment.name} is to read it: a queue has one reader.`
    findings.push(wrong('queues', what, `npx wrangler queues consumer remove ${queue} <Worker>`))
  }
  return findings.length > 0
    ? findings
    : [ok('queues', `${queuesOf(environment).length} exist, and nobody else reads them`)]
}
