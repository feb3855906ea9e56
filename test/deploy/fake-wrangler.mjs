/**
 * Stands in for wrangler 4.164 where there is no account: `fake-wrangler.mjs ACCOUNT …` answers the commands of a deployment
 * in wrangler's own words, from what the file ACCOUNT says is there, and changes that file as the commands would.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'

const [accountFile = '', ...rest] = process.argv.slice(2)
const account = JSON.parse(readFileSync(accountFile, 'utf8'))
const where = rest.indexOf('--env')
const args = rest.slice(0, where)
const [, environmentName = '', , configFile = ''] = rest.slice(where)
const config = JSON.parse(readFileSync(configFile, 'utf8'))
const environment = config.env[environmentName]
const words = args.filter((arg) => !arg.startsWith('-'))
const optionOf = (/** @type {string} */ name) => args[args.indexOf(name) + 1] ?? ''
const print = (/** @type {string} */ text) => process.stdout.write(`${text}\n`)

account.asked = [...(account.asked ?? []), args.join(' ')]
save()
const command = Object.keys(commands()).find((name) => words.join(' ').startsWith(name))
if (account.failing && command === account.failing) fail(`A request to the Cloudflare API failed.`)
if (!command) fail(`Unknown arguments: ${words.join(', ')}`)
else commands()[command]?.()

/** @returns {Record<string, () => void>} */
function commands() {
  const last = words.at(-1) ?? ''
  return {
    whoami: () => {
      if (!account.accounts) return exit('{"loggedIn":false}', 1)
      print(
        JSON.stringify({ loggedIn: true, authType: 'User API Token', accounts: account.accounts }),
      )
    },
    'secret list': () => {
      if (!account.worker) {
        fail(
          `Worker "${environment.name}" (env: ${environmentName}) not found.\n\nIf this is a new Worker, run \`wrangler deploy\` first to create it.`,
        )
      }
      print(
        JSON.stringify(
          account.secrets.map((/** @type {string} */ name) => ({ name, type: 'secret_text' })),
          null,
          2,
        ),
      )
    },
    'deployments status': () => {
      const name = optionOf('--name')
      if (!account.otherWorkers.includes(name)) {
        fail(
          'A request to the Cloudflare API (/accounts/0/workers/scripts/deployments) failed.\n\n' +
            '  This Worker does not exist on your account. [code: 10007]',
        )
      }
      print(JSON.stringify({ id: '1', versions: [{ version_id: '2', percentage: 100 }] }, null, 2))
    },
    'd1 info': () => {
      const { uuid, name, file_size: database_size } = account.database ?? {}
      if (!uuid)
        fail(
          `Couldn't find a D1 DB with name or binding '${last}' in your config or the API. Run 'wrangler d1 create ${last}' to create it.`,
        )
      print(
        JSON.stringify(
          { uuid, name, created_at: '2026-11-01T00:00:00.000Z', num_tables: 14, database_size },
          null,
          2,
        ),
      )
    },
    'd1 migrations list': () => {
      print('Resource location: remote ')
      if (account.unapplied.length === 0) return print('✅ No migrations to apply!')
      print('Migrations to be applied:')
      print(table('Name', account.unapplied))
    },
    'd1 migrations apply': () => {
      if (account.isMigrationStuck) return print('✅ No migrations to apply!')
      account.unapplied = []
      save()
    },
    'queues info': () => {
      if (!Object.hasOwn(account.queues, last)) {
        fail(`Queue "${last}" does not exist. To create it, run: wrangler queues create ${last}`)
      }
      const reader = account.queues[last]
      print(
        `Queue Name: ${last}\nQueue ID: 0d3a\nNumber of Producers: 0\nNumber of Consumers: ${reader ? 1 : 0}`,
      )
      if (reader) print(`Consumers: worker:${reader}`)
    },
    'r2 bucket info': () => {
      if (account.bucket !== last) fail('The specified bucket does not exist. [code: 10006]')
      print(JSON.stringify({ name: last, object_count: '1,204', bucket_size: '310 MB' }, null, 2))
    },
    'r2 bucket cors list': () => {
      print(`Listing CORS rules for bucket '${last}'...`)
      if (!account.cors)
        fail(
          'A request to the Cloudflare API (/accounts/0/r2/buckets/cors) failed. The CORS configuration does not exist. [code: 10059]',
        )
      print(
        account.cors
          .map(({ allowed, exposeHeaders, maxAgeSeconds }) =>
            labelled({
              allowed_origins: allowed.origins.join(', '),
              allowed_methods: allowed.methods.join(', '),
              allowed_headers: allowed.headers?.join(', ') ?? '(no headers)',
              exposed_headers: exposeHeaders?.join(', ') ?? '(no exposed headers)',
              max_age_seconds: String(maxAgeSeconds ?? '(0 seconds)'),
            }),
          )
          .join('\n\n'),
      )
    },
    'r2 bucket lifecycle list': () => {
      print(`Listing lifecycle rules for bucket '${last}'...`)
      if (account.lifecycle.length === 0)
        return print(`There are no lifecycle rules for bucket '${last}'.`)
      print(
        account.lifecycle
          .map(({ id, enabled, conditions, abortMultipartUploadsTransition: abort }) =>
            labelled({
              name: id,
              enabled: enabled ? 'Yes' : 'No',
              prefix: conditions.prefix || '(all prefixes)',
              action: `Abort incomplete multipart uploads after ${abort.condition.maxAge / 86_400} days`,
            }),
          )
          .join('\n\n'),
      )
    },
    'r2 bucket cors set': () => {
      account.cors = JSON.parse(readFileSync(optionOf('--file'), 'utf8')).rules
      save()
      print('✨ Set CORS configuration.')
    },
    'r2 bucket lifecycle set': () => {
      account.lifecycle = JSON.parse(readFileSync(optionOf('--file'), 'utf8')).rules
      save()
      print('✨ Set lifecycle configuration.')
    },
    deploy: () => {
      print(`Total Upload: ${account.kib ?? '2478.33'} KiB / gzip: 562.10 KiB`)
      if (args.includes('--dry-run')) return print('--dry-run: exiting now.')
      const file = optionOf('--secrets-file')
      const hasFile = args.includes('--secrets-file') && existsSync(file)
      account.deployed = {
        tag: optionOf('--tag'),
        databaseId: environment.d1_databases[0].database_id,
        routes: environment.routes,
        services: environment.services,
        secrets: hasFile ? JSON.parse(readFileSync(file, 'utf8')) : {},
        secretsFile: hasFile ? { file, mode: statSync(file).mode & 0o777 } : null,
      }
      save()
      print('Uploaded (2.10 sec)\nCurrent Version ID: 7f8a4f1c-6d0b-4a53-9f6e-0f8f3f6f4a11')
    },
  }
}

/** wrangler's own way of printing values with their names. @param {Record<string, string>} values */
function labelled(values) {
  const width = Math.max(...Object.keys(values).map((label) => label.length)) + 1
  return Object.entries(values)
    .map(([label, value]) => `${`${label}:`.padEnd(width + 2)}${value}`)
    .join('\n')
}

/** @param {string} head @param {readonly string[]} rows */
function table(head, rows) {
  const line = (/** @type {string} */ text) => `│ ${text.padEnd(40)} │`
  const edge = '─'.repeat(42)
  return [`┌${edge}┐`, line(head), `├${edge}┤`, ...rows.map(line), `└${edge}┘`].join('\n')
}

function save() {
  writeFileSync(accountFile, JSON.stringify(account))
}

/** @param {string} reason @returns {never} */
function fail(reason) {
  process.stderr.write(`✘ [ERROR] ${reason}\n\n\n🪵  Logs were written to "wrangler.log"\n`)
  process.exit(1)
}

/** @param {string} text @param {number} code */
function exit(text, code) {
  print(text)
  process.exitCode = code
}
