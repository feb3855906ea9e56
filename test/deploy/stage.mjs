import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runDeployment } from '../../scripts/deploy/run-deployment.mjs'
import { rememberTestedCommit } from '../../scripts/lib/tested-commit.mjs'

const root = path.resolve(import.meta.dirname, '../..')
const fake = path.join(import.meta.dirname, 'fake-wrangler.mjs')
export const databaseId = '3f2a9c1e-5b7d-4e8f-9a0b-1c2d3e4f5a6b'
const accountId = '0123456789abcdef0123456789abcdef'

/** Every value that an environment needs, of which none is right for anything else. */
export function createSettings() {
  const secret = () => randomBytes(32).toString('hex')
  return {
    CLOUDFLARE_ACCOUNT_ID: accountId,
    D1_DATABASE_ID: databaseId,
    PUBLIC_BASE_URL: 'https://api.pa-inpainting.com',
    CORS_ORIGINS: 'https://app.pa-inpainting.com',
    INFERENCE_BASE_URL: 'https://inference.pa-inpainting.com',
    JWT_SECRET: secret(),
    MEDIA_URL_SECRET: secret(),
    INFERENCE_SECRET: secret(),
    S3_ACCESS_KEY_ID: secret().slice(0, 32),
    S3_SECRET_ACCESS_KEY: secret(),
    ADMIN_EMAIL: 'chief@pa-inpainting.com',
    ADMIN_PASSWORD: 'a lamp, a river & 9 stones',
  }
}

/** An account in which everything is as production needs it, before its first deployment. */
export function createAccount() {
  const queues = ['tasks', 'videos', 'uploads'].flatMap((queue) => [
    `pa-inpainting-${queue}`,
    `pa-inpainting-${queue}-dead`,
  ])
  return /** @type {Record<string, any>} */ ({
    accounts: [{ id: accountId, name: 'P.A.' }],
    worker: false,
    otherWorkers: ['pa-inpainting-inference'],
    secrets: [],
    database: { uuid: databaseId, name: 'pa-inpainting', file_size: 123_000_000 },
    unapplied: ['0002_example.sql', '0003_operations_and_safety.sql'],
    queues: Object.fromEntries(queues.map((queue) => [queue, null])),
    bucket: 'pa-inpainting-media',
    cors: null,
    lifecycle: [
      {
        id: 'Default Multipart Abort Rule',
        enabled: true,
        conditions: { prefix: '' },
        abortMultipartUploadsTransition: { condition: { type: 'Age', maxAge: 604_800 } },
      },
    ],
  })
}

/** What the inference service and the deployed API answer, by the end of the address. */
export function createWeb() {
  return /** @type {Record<string, { status: number, body: unknown }>} */ ({
    'inference.pa-inpainting.com/health': { status: 200, body: { status: 'READY', reasons: [] } },
    '/v1/models': {
      status: 200,
      body: { default: 'patchmatch', models: [{ id: 'patchmatch', ready: true }] },
    },
    '/health/ready': { status: 200, body: { status: 'ready', dependencies: {} } },
    'api.pa-inpainting.com/health': { status: 200, body: { status: 'OK' } },
    '/api/datasets': { status: 401, body: {} },
    '/api/users/login': { status: 401, body: {} },
  })
}

/**
 * A clone of what a deployment reads of the repository, committed and tested, with the settings of production.
 * @param {Record<string, string>} [settings]
 */
export function createStage(settings = createSettings()) {
  const place = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-deploy-'))
  for (const name of ['wrangler.toml', 'migrations', 'deploy', '.gitignore']) {
    cpSync(path.join(root, name), path.join(place, name), {
      recursive: true,
      filter: (file) => !/(staging|production)\.env$/.test(file),
    })
  }
  const commit = commitAll(place)
  rememberTestedCommit(place, commit)
  const stage = { place, commit, settings, account: createAccount(), web: createWeb() }
  return stage
}

/** @param {string} place */
export function commitAll(place) {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@pa-inpainting.com', ...args], {
      cwd: place,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  git('init', '--quiet')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'All of it')
  return git('rev-parse', 'HEAD').trim()
}

/** Changes a file of a stage, and commits it as one that was tested. @param {ReturnType<typeof createStage>} stage @param {string} file @param {(text: string) => string} change */
export function changeFile(stage, file, change) {
  const target = path.join(stage.place, file)
  const before = readFileSync(target, 'utf8')
  const after = change(before)
  if (after === before) throw new Error(`${file} is as it was.`)
  writeFileSync(target, after)
  stage.commit = commitAll(stage.place)
  rememberTestedCommit(stage.place, stage.commit)
}

/**
 * Runs a deployment of production on a stage; answers what it said, and what it asked of wrangler.
 * @param {ReturnType<typeof createStage>} stage
 * @param {{ isDryRun?: boolean, isStoryPlayed?: boolean, environment?: Record<string, string>, wranglerProgram?: readonly [string, ...string[]] }} [options]
 */
export async function runOn(stage, { isDryRun = false, isStoryPlayed = false, ...options } = {}) {
  const accountFile = path.join(stage.place, '.wrangler', 'account.json')
  mkdirSync(path.dirname(accountFile), { recursive: true })
  writeFileSync(accountFile, JSON.stringify(stage.account))
  const lines = Object.entries(stage.settings).map(([name, value]) => `${name}="${value}"\n`)
  writeFileSync(path.join(stage.place, 'deploy', 'production.env'), lines.join(''), { mode: 0o600 })
  /** @type {string[]} */
  const said = []
  /** @type {string[]} */
  const fetched = []
  const isGood = await runDeployment(
    { environmentName: 'production', isDryRun, isStoryPlayed },
    {
      root: stage.place,
      environment: options.environment ?? {},
      wranglerProgram: options.wranglerProgram ?? [process.execPath, fake, accountFile],
      say: (line) => said.push(line),
      readiness: { waitMsMax: 50, pauseMs: 10 },
      fetch: async (request) => {
        const url = String(request)
        fetched.push(url)
        const known = Object.entries(stage.web).find(([end]) => url.endsWith(end))
        if (!known) throw new TypeError('fetch failed')
        return Response.json(known[1].body, { status: known[1].status })
      },
    },
  )
  const { asked = [], ...account } = JSON.parse(readFileSync(accountFile, 'utf8'))
  return { isGood, said: said.join('\n'), asked: /** @type {string[]} */ (asked), account, fetched }
}
