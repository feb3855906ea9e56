import { existsSync, rmSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { createSettings, createStage, databaseId, runOn } from './stage.mjs'

/** @type {ReturnType<typeof createStage>[]} */
const stages = []
afterEach(() => {
  for (const { place } of stages.splice(0)) rmSync(place, { recursive: true })
})

/** @param {Record<string, string>} [settings] */
function stageOf(settings) {
  const stage = createStage(settings)
  stages.push(stage)
  return stage
}

const isDone = (/** @type {string[]} */ asked) =>
  asked.some((command) => / set | apply |^deploy (?!--dry-run)/.test(command))

describe('a dry run', () => {
  it('holds where every value is given, and asks neither the account nor the network', async () => {
    const { isGood, said, asked, fetched } = await runOn(stageOf(), { isDryRun: true })
    expect(said).not.toContain('WRONG')
    expect(isGood).toBe(true)
    expect(asked.map((command) => command.split(' ').slice(0, 2).join(' '))).toEqual([
      'deploy --dry-run',
    ])
    expect(fetched).toEqual([])
    expect(said).toContain('not checked: needs an account')
    expect(said).toContain('npx wrangler queues info pa-inpainting-tasks-dead --env production')
    expect(said).toContain('npx wrangler d1 migrations apply pa-inpainting --remote')
    expect(said).toContain("--secrets-file '<the secrets given>'")
  })

  it('takes values of the environment over those of the file', async () => {
    const { PUBLIC_BASE_URL: _, ...settings } = createSettings()
    const stage = stageOf(settings)
    const environment = { PUBLIC_BASE_URL: 'https://pictures.pa-inpainting.com' }
    expect((await runOn(stage, { isDryRun: true })).isGood).toBe(false)
    const { isGood, said } = await runOn(stage, { isDryRun: true, environment })
    expect(said).toContain('GET https://pictures.pa-inpainting.com/health/ready')
    expect(isGood).toBe(true)
  })

  it('refuses what the repository holds, and names each placeholder and what to write where', async () => {
    const { isGood, said } = await runOn(stageOf({}), { isDryRun: true })
    expect(isGood).toBe(false)
    for (const name of ['PUBLIC_BASE_URL', 'INFERENCE_BASE_URL', 'S3_ENDPOINT', 'CORS_ORIGINS']) {
      expect(said).toMatch(new RegExp(`WRONG +no placeholders +${name} is '`))
    }
    expect(said).toContain('The database_id of DB is')
    expect(said).toContain('→ deploy/production.env: D1_DATABASE_ID=…')
  })
})

describe('a deployment', () => {
  it('sets the rules of the bucket, migrates, then deploys with its secrets, and waits until it is ready', async () => {
    const stage = stageOf()
    const { isGood, said, asked, account, fetched } = await runOn(stage)
    expect(said).not.toContain('WRONG')
    expect(isGood).toBe(true)
    const done = asked.filter((command) => isDone([command]))
    expect(done.map((command) => command.split(' ').slice(0, 4).join(' '))).toEqual([
      'r2 bucket cors set',
      'r2 bucket lifecycle set',
      'd1 migrations apply pa-inpainting',
      expect.stringMatching(/^deploy --tag/),
    ])
    expect(account.deployed).toMatchObject({
      tag: stage.commit.slice(0, 12),
      databaseId,
      routes: [{ pattern: 'api.pa-inpainting.com', custom_domain: true }],
      secretsFile: { mode: 0o600 },
    })
    expect(Object.keys(account.deployed.secrets)).toHaveLength(7)
    expect(existsSync(account.deployed.secretsFile.file)).toBe(false)
    expect(said).toContain('version 7f8a4f1c-6d0b-4a53-9f6e-0f8f3f6f4a11')
    expect(fetched).toContain('https://api.pa-inpainting.com/health/ready')
  })

  it('asks for nothing to be done again when all of it is', async () => {
    const stage = stageOf()
    const first = await runOn(stage)
    stage.account = {
      ...first.account,
      worker: true,
      secrets: Object.keys(first.account.deployed.secrets),
    }
    const { said, isGood } = await runOn(stage)
    expect(isGood).toBe(true)
    expect(said).toContain('ok     CORS of the bucket')
    expect(said).toContain('ok     lifecycle of the bucket')
    expect(said).toContain('ok     migrations applied')
  })

  it('leaves secrets alone that are set at Cloudflare and not given', async () => {
    const all = createSettings()
    const {
      CLOUDFLARE_ACCOUNT_ID,
      D1_DATABASE_ID,
      PUBLIC_BASE_URL,
      CORS_ORIGINS,
      INFERENCE_BASE_URL,
    } = all
    const stage = stageOf({
      CLOUDFLARE_ACCOUNT_ID,
      D1_DATABASE_ID,
      PUBLIC_BASE_URL,
      CORS_ORIGINS,
      INFERENCE_BASE_URL,
    })
    const secrets = Object.keys(all).filter((name) => /SECRET|KEY|ADMIN/.test(name))
    Object.assign(stage.account, { worker: true, secrets })
    const { isGood, asked, account } = await runOn(stage)
    expect(isGood).toBe(true)
    expect(asked.at(-1)).not.toContain('--secrets-file')
    expect(account.deployed.secrets).toEqual({})
  })

  it('reaches containers by their Worker, and not by an address', async () => {
    const stage = stageOf({
      ...createSettings(),
      INFERENCE_BASE_URL: 'https://inference.internal',
      INFERENCE_WORKER: 'pa-inpainting-inference',
    })
    const { isGood, account, fetched } = await runOn(stage)
    expect(isGood).toBe(true)
    expect(account.deployed.services).toEqual([
      { binding: 'INFERENCE', service: 'pa-inpainting-inference' },
    ])
    expect(fetched.filter((url) => url.includes('internal'))).toEqual([])
  })

  it('says no secret, whatever happens', async () => {
    const stage = stageOf()
    const good = await runOn(stage)
    stage.settings.JWT_SECRET = 'short-but-secret'
    stage.settings.MEDIA_URL_SECRET = stage.settings.S3_SECRET_ACCESS_KEY ?? ''
    const bad = await runOn(stage)
    expect(bad.isGood).toBe(false)
    const secrets = Object.entries(stage.settings).filter(([name]) =>
      /SECRET|KEY|PASSWORD/.test(name),
    )
    for (const [, value] of secrets) {
      expect(good.said).not.toContain(value)
      expect(bad.said).not.toContain(value)
    }
  })
})

describe('a deployment that goes wrong', () => {
  it('deploys no Worker when a migration fails', async () => {
    const stage = stageOf()
    stage.account.failing = 'd1 migrations apply'
    const { isGood, said, account } = await runOn(stage)
    expect(isGood).toBe(false)
    expect(account.deployed).toBeUndefined()
    expect(said).toContain('The Worker that ran before still runs.')
  })

  it('deploys no Worker when migrations are still missing after they were applied', async () => {
    const stage = stageOf()
    stage.account.isMigrationStuck = true
    const { isGood, said, account } = await runOn(stage)
    expect([isGood, account.deployed]).toEqual([false, undefined])
    expect(said).toContain('and yet: 0002_example.sql')
  })

  it.each([
    [
      'is not ready',
      '/health/ready',
      503,
      {
        status: 'unavailable',
        dependencies: {
          database: { status: 'down', problem: 'Migrations are missing: apply them.' },
        },
      },
      'database: Migrations are missing',
    ],
    [
      'is degraded',
      '/health/ready',
      200,
      {
        status: 'degraded',
        dependencies: { inferenceService: { status: 'down', problem: 'It cannot be reached.' } },
      },
      'inferenceService: It cannot be reached.',
    ],
    ['lets strangers in', '/api/datasets', 200, {}, '/api/datasets answers 200, and 401 is right.'],
    [
      'breaks at a login',
      '/api/users/login',
      500,
      {},
      '/api/users/login answers 500, and 401 is right.',
    ],
  ])('says how to go back when what was deployed %s', async (_, end, status, body, sentence) => {
    const stage = stageOf()
    stage.web[end] = { status, body }
    const { isGood, said } = await runOn(stage)
    expect(isGood).toBe(false)
    expect(said).toContain(sentence)
    expect(said).toContain('npx wrangler rollback --message')
  })
})
