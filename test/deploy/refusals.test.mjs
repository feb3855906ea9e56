import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { readOptionsOrThrow } from '../../scripts/deploy/options.mjs'
import {
  changeFile,
  createAccount,
  createSettings,
  createStage,
  createWeb,
  runOn,
} from './stage.mjs'

/** @typedef {ReturnType<typeof createStage>} Stage */

const stage = createStage()
/** @type {Stage[]} */
const others = []
afterAll(() => {
  for (const { place } of [stage, ...others]) rmSync(place, { recursive: true })
})
beforeEach(() => {
  stage.settings = createSettings()
  stage.account = createAccount()
  stage.web = createWeb()
})

function createOther() {
  const other = createStage()
  others.push(other)
  return other
}

/** Runs it, and expects that it refuses with a sentence and has done nothing. @param {Stage} on @param {string} sentence */
async function expectRefusal(on, sentence) {
  const { isGood, said, asked } = await runOn(on)
  expect(said).toContain(sentence)
  expect(isGood).toBe(false)
  expect(said).toMatch(/Nothing was deployed: \d+ things are wrong/)
  expect(asked.filter((command) => / set | apply |^deploy (?!--dry-run)/.test(command))).toEqual([])
}

/** The same without asking the account: what is wrong here is found without it. @param {Stage} on @param {string} sentence */
async function expectRefusalHere(on, sentence) {
  const { isGood, said } = await runOn(on, { isDryRun: true })
  expect(said).toContain(sentence)
  expect(isGood).toBe(false)
  expect(said).toMatch(/\d+ things are wrong/)
}

const known = '0123456789abcdef0123456789abcdef0123456789abcdef'

describe('a deployment is refused whose settings', () => {
  it.each([
    ['PUBLIC_BASE_URL', 'http://api.pa-inpainting.com', 'must be an https origin'],
    ['PUBLIC_BASE_URL', 'https://api.pa-inpainting.com/', 'without a path or a slash'],
    ['PUBLIC_BASE_URL', 'https://other.mine.workers.dev', 'begins with https://pa-inpainting.'],
    ['PUBLIC_BASE_URL', 'https://localhost:8787', 'that is this machine'],
    ['INFERENCE_BASE_URL', 'http://1.2.3.4:8788', 'it must be https'],
    ['INFERENCE_BASE_URL', 'https://pa-inpainting-inference.mine.workers.dev', 'INFERENCE_WORKER'],
    ['CORS_ORIGINS', 'app.pa-inpainting.com', 'CORS_ORIGINS: must be origins'],
    ['CLOUDFLARE_ACCOUNT_ID', 'mine', "S3_ENDPOINT is 'https://mine.r2.cloudflarestorage.com'"],
    ['S3_BUCKET', 'another-bucket', 'it must be the bucket that is bound: pa-inpainting-media'],
    ['MEDIA_DELIVERY', 'stream', 'it must be redirect'],
    ['PRICE_PLAN', 'free', 'PRICE_PLAN: Invalid option'],
    ['UPLOADS_BY_ADDRESS', 'many', 'UPLOADS_BY_ADDRESS: must be requests/seconds'],
    ['UPLOAD_BYTE_MAX', '1', 'UPLOAD_BYTE_MAX is the name of no setting'],
    ['APP_ENV', 'staging', "APP_ENV is 'staging': it must be production"],
    ['D1_DATABASE_ID', '00000000-0000-0000-0000-000000000001', 'that is the id of no database'],
    ['JWT_SECRET', 'short', 'JWT_SECRET: must have at least 32 characters (it is (secret))'],
    ['JWT_SECRET', 'a'.repeat(40), 'JWT_SECRET has 40 characters, 1 of them different'],
    ['ADMIN_PASSWORD', 'AdminPassword123!', 'is a known default'],
    ['ADMIN_EMAIL', 'chief', 'ADMIN_EMAIL: Invalid'],
    [
      'S3_ACCESS_KEY_ID',
      '0123456789abcdef0123456789abcdef',
      'is the one of development in wrangler.toml',
    ],
  ])('have %s=%s', async (name, value, sentence) => {
    Object.assign(stage.settings, { [name]: value })
    await expectRefusalHere(stage, sentence)
  })

  it('have one secret twice', async () => {
    Object.assign(stage.settings, { JWT_SECRET: known, MEDIA_URL_SECRET: known })
    await expectRefusalHere(stage, 'JWT_SECRET and MEDIA_URL_SECRET are the same')
  })

  it.each(['JWT_SECRET', 'D1_DATABASE_ID'])('have the %s of staging', async (name) => {
    const file = path.join(stage.place, 'deploy', 'staging.env')
    writeFileSync(file, `${name}=${/** @type {any} */ (stage.settings)[name]}\n`)
    await expectRefusalHere(stage, `${name} is the one of deploy/staging.env`)
    rmSync(file)
  })

  it('have the secrets that npm start made', async () => {
    const file = path.join(stage.place, '.wrangler', 'state')
    mkdirSync(file, { recursive: true })
    writeFileSync(
      path.join(file, 'secrets.env'),
      `INFERENCE_SECRET=${stage.settings.INFERENCE_SECRET}\n`,
    )
    await expectRefusalHere(stage, 'INFERENCE_SECRET is the one of .wrangler/state/secrets.env')
    rmSync(file, { recursive: true })
  })

  it('may be read by others of the machine', async () => {
    await runOn(stage, { isDryRun: true })
    const file = path.join(stage.place, 'deploy', 'production.env')
    chmodSync(file, 0o644)
    const { said } = await runOn(stage, { isDryRun: true })
    expect(said).toContain('may be read by other users')
    rmSync(file)
  })
})

describe('a deployment is refused whose repository', () => {
  /** @type {Stage} */
  let changed
  const change = (/** @type {string} */ file, /** @type {(text: string) => string} */ edit) => {
    changed = createOther()
    changeFile(changed, file, edit)
    return changed
  }
  const inProduction = (
    /** @type {string} */ text,
    /** @type {string | RegExp} */ from,
    /** @type {string} */ to,
  ) => {
    const at = text.indexOf('[env.production]')
    return text.slice(0, at) + text.slice(at).replace(from, to)
  }

  it.each([
    [
      'lacks its database',
      /\[\[env\.production\.d1_databases\]\]\n(.*\n){4}/,
      '',
      '[env.production] lacks d1_databases[DB].binding = DB',
    ],
    [
      'lacks its bucket',
      /\[\[env\.production\.r2_buckets\]\]\n(.*\n){2}/,
      '',
      '[env.production] lacks r2_buckets[MEDIA].binding = MEDIA',
    ],
    [
      'lacks a binding',
      /\[\[env\.production\.durable_objects\.bindings\]\]\nname = "LOGIN_GUARDS"\n.*\n/,
      '',
      '[env.production] lacks durable_objects.bindings[LOGIN_GUARDS].class_name = LoginGuard',
    ],
    [
      'binds another class',
      'class_name = "RateLimiter"',
      'class_name = "Limiter"',
      'class_name = Limiter, and the top level RateLimiter',
    ],
    [
      'binds more',
      '[env.production.triggers]',
      '[[env.production.kv_namespaces]]\nbinding = "MORE"\nid = "1"\n[env.production.triggers]',
      'has kv_namespaces[MORE].binding = MORE, which the top level lacks',
    ],
    [
      'retries otherwise',
      'max_retries = 10',
      'max_retries = 3',
      'max_retries = 3, and the top level 10',
    ],
    ['runs no sweep', 'crons = ["* * * * *"]', 'crons = []', 'lacks triggers.crons[* * * * *]'],
    ['lacks a variable', 'PRICE_PLAN = "standard"\n', '', 'lacks vars.PRICE_PLAN'],
    ['lacks a secret', '  "MEDIA_URL_SECRET",\n', '', 'lacks secrets.required[MEDIA_URL_SECRET]'],
    [
      'gives messages up to nowhere',
      'dead_letter_queue = "pa-inpainting-videos-dead"\n',
      '',
      'pa-inpainting-videos has no dead_letter_queue',
    ],
    [
      'shares the bucket of staging',
      /pa-inpainting-media/g,
      'pa-inpainting-staging-media',
      'The bucket pa-inpainting-staging-media is also that of staging',
    ],
  ])('%s', async (_, from, to, sentence) => {
    await expectRefusalHere(
      change('wrangler.toml', (text) => inProduction(text, from, to)),
      sentence,
    )
  })

  it.each([
    [
      'deploy/bucket-cors.json',
      '"PUT"',
      '"POST"',
      'does not let https://app.pa-inpainting.com send GET, HEAD, PUT',
    ],
    [
      'deploy/bucket-cors.json',
      '"*"',
      '"https://elsewhere.it"',
      'does not let https://app.pa-inpainting.com send',
    ],
    ['deploy/bucket-lifecycle.json', '172800', '3600', 'ends uploads that may still go on'],
    [
      'deploy/bucket-lifecycle.json',
      'abortMultipartUploadsTransition',
      'deleteObjectsTransition',
      'deletes objects that rows name',
    ],
    ['deploy/bucket-lifecycle.json', '{', '', 'is no JSON with a list of rules'],
    [
      'migrations/0003_operations_and_safety.sql',
      /$/,
      '\nDROP TABLE users;',
      'takes something away',
    ],
  ])('has in %s %s as %s', async (file, from, to, sentence) => {
    await expectRefusalHere(
      change(file, (text) => text.replace(from, to)),
      sentence,
    )
  })

  it('lacks the migration that the Worker asks for', async () => {
    changed = createOther()
    rmSync(path.join(changed.place, 'migrations', '0003_operations_and_safety.sql'))
    await expectRefusalHere(changed, 'and /health/ready asks for 0003_operations_and_safety.sql')
  })

  it('has a file that is not committed', async () => {
    changed = createOther()
    writeFileSync(path.join(changed.place, 'new.txt'), 'new')
    await expectRefusal(changed, 'are not as')
  })

  it('was tested at another commit, unless another machine tested this one', async () => {
    changed = createOther()
    const tested = changed.commit
    changeFile(changed, 'wrangler.toml', (text) => `${text}\n# later\n`)
    writeFileSync(path.join(changed.place, '.wrangler', 'tested-commit'), tested)
    await expectRefusalHere(changed, `They passed on ${tested.slice(0, 12)}`)
    const told = await runOn(changed, { environment: { TESTED_COMMIT: changed.commit } })
    expect(told.isGood).toBe(true)
  })
})

describe('a deployment is refused where at Cloudflare', () => {
  it.each(
    /** @type {[string, (account: Record<string, any>) => void, string][]} */ ([
      [
        'nobody is logged in',
        (account) => delete account.accounts,
        'Nobody is logged in at Cloudflare',
      ],
      [
        'the account is another',
        (account) => (account.accounts = [{ id: 'ffff', name: 'X' }]),
        'has no account 0123456789abcdef',
      ],
      [
        'a queue is missing',
        (account) => delete account.queues['pa-inpainting-videos-dead'],
        'Queue "pa-inpainting-videos-dead" does not exist',
      ],
      [
        'a queue has another reader',
        (account) => (account.queues['pa-inpainting-tasks'] = 'other'),
        'is read by worker:other',
      ],
      [
        'the database is missing',
        (account) => delete account.database,
        "Couldn't find a D1 DB with name or binding 'pa-inpainting'",
      ],
      [
        'the id is that of another database',
        (account) => (account.database.name = 'pa-inpainting-staging'),
        'is that of pa-inpainting-staging',
      ],
      [
        'the database is nearly full',
        (account) => (account.database.file_size = 8.5e9),
        '85 % of the 10 GB',
      ],
      [
        'the bucket is missing',
        (account) => (account.bucket = 'other'),
        'The specified bucket does not exist',
      ],
      ['the Worker is too large', (account) => (account.kib = '70000.00'), 'It is too large'],
      ['the build fails', (account) => (account.failing = 'deploy'), 'It failed: A request'],
      [
        'secrets cannot be listed',
        (account) => Object.assign(account, { failing: 'secret list' }),
        'A request to the Cloudflare API failed',
      ],
    ]),
  )('%s', async (_, change, sentence) => {
    change(stage.account)
    await expectRefusal(stage, sentence)
  })

  it('the Worker that runs the inference service is not there yet', async () => {
    Object.assign(stage.settings, { INFERENCE_WORKER: 'pa-inpainting-other' })
    await expectRefusal(stage, 'pa-inpainting-other: A request to the Cloudflare API')
  })

  it('a required secret is neither set nor given', async () => {
    const { JWT_SECRET: _, ...settings } = createSettings()
    Object.assign(stage, { settings })
    await expectRefusal(stage, 'JWT_SECRET is neither set at Cloudflare nor given here')
    Object.assign(stage.account, { worker: true, secrets: ['MEDIA_URL_SECRET'] })
    await expectRefusal(stage, 'JWT_SECRET is neither set at Cloudflare nor given here')
  })
})

describe('a deployment is refused whose inference service', () => {
  it.each([
    ['is not there', 'inference.pa-inpainting.com/health', 502, {}, 'answers 502'],
    [
      'could not set itself up',
      'inference.pa-inpainting.com/health',
      503,
      { status: 'SETUP_FAILED', reasons: ['lama'] },
      'says SETUP_FAILED: ["lama"]',
    ],
    ['has another secret', '/v1/models', 401, {}, 'refuses the INFERENCE_SECRET'],
    [
      'has no model',
      '/v1/models',
      200,
      { default: 'lama', models: [{ id: 'lama', ready: false }] },
      'has no model that is ready as its default (lama)',
    ],
  ])('%s', async (_, end, status, body, sentence) => {
    stage.web[end] = { status, body }
    await expectRefusal(stage, sentence)
  })
})

describe('the options of a deployment', () => {
  it('are staging without any, so that production has to be named', () => {
    expect(readOptionsOrThrow([])).toEqual({
      environmentName: 'staging',
      isDryRun: false,
      isStoryPlayed: true,
    })
    expect(readOptionsOrThrow(['--env', 'production', '--dry-run'])).toEqual({
      environmentName: 'production',
      isDryRun: true,
      isStoryPlayed: false,
    })
  })

  it.each([[['--prod']], [['--env']], [['--env=live']], [['production']]])(
    'are refused: %j',
    (args) => {
      expect(() => readOptionsOrThrow(args)).toThrow(/npm run deploy/)
    },
  )
})
