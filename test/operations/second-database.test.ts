import { applyD1Migrations, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../../src/app.ts'
import type { TokenAccount } from '../../src/ledger/account/token-account.object.ts'
import { createAmount } from '../../src/ledger/amounts.ts'
import { createLedgerProjection } from '../../src/ledger/ledger.projection.ts'
import { createServices } from '../../src/services.ts'
import { issueAccessToken } from '../../src/users/log-in.ts'
import { createEmailKey, insertUser } from '../../src/users/users.repository.ts'
import { deliver, end, ndjson, type ServiceCall, succeeded } from '../support/inferences.ts'
import { silentLogger } from '../support/people.ts'
import { createForm, mask, picture } from '../support/uploads.ts'

/*
 * A database for each share of the users (docs/scale.md) needs no other code of the features: the same services, made on
 * another binding, keep a user's whole story there.
 */

const messages: unknown[] = []
const keep = {
  sendBatch: async (batch: Iterable<{ body: unknown }>) =>
    void messages.push(...[...batch].map(({ body }) => body)),
}
const second = { ...env, DB: env.SECOND_DB, TASKS: keep, VIDEOS: keep } as unknown as Env
const services = createServices(second, {
  clock: { nowMs: () => Date.now() },
  createId: () => crypto.randomUUID(),
  sleep: async () => undefined,
  logger: silentLogger,
  fetch: async (_, init) => {
    const call = JSON.parse(String(init?.body ?? '{}')) as Partial<ServiceCall>
    if (!call.items) return Response.json({}, { status: 503 })
    return ndjson([...call.items.map((item) => succeeded(item.id)), end])
  },
})
const app = createApp(() => services)

async function countRows(database: D1Database): Promise<Record<string, number>> {
  const { results: tables } = await database
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*' AND name <> 'd1_migrations'",
    )
    .all<{ name: string }>()
  const counts: Record<string, number> = {}
  for (const { name } of tables) {
    const row = await database.prepare(`SELECT count(*) AS n FROM "${name}"`).first<{ n: number }>()
    if (row && row.n > 0) counts[name] = row.n
  }
  return counts
}

describe('a user whose rows are in a database of their own', () => {
  let token: string
  let userId: string

  async function ask(method: string, path: string, body?: FormData | object): Promise<Response> {
    const headers = new Headers({ authorization: `Bearer ${token}` })
    if (body && !(body instanceof FormData)) headers.set('content-type', 'application/json')
    const init: RequestInit = { method, headers }
    if (body) init.body = body instanceof FormData ? body : JSON.stringify(body)
    return app.request(path, init, second)
  }

  beforeAll(async () => {
    await applyD1Migrations(env.SECOND_DB, env.TEST_MIGRATIONS)
    const email = `${crypto.randomUUID()}@example.com`
    const user = {
      id: crypto.randomUUID(),
      name: 'Mario',
      surname: 'Rossi',
      email,
      emailKey: createEmailKey(email),
      passwordHash: 'none',
      role: 'user' as const,
      accessVersion: 1,
      createdAt: Date.now(),
      updatedAt: Date.now(),
      deletedAt: null,
    }
    userId = user.id
    await insertUser(services.database, user)
    token = await issueAccessToken(services.accessTokens, user)
    // The account's object is the one other place that knows a database.
    await runInDurableObject(env.TOKEN_ACCOUNTS.getByName(userId), (account: TokenAccount) => {
      account.means.projection = createLedgerProjection(env.SECOND_DB)
    })
    await services.ledger.open(userId, {
      operationId: `open:${userId}`,
      amount: createAmount(100_000),
      description: 'Initial grant',
    })
  })

  it('uploads, infers, and gets results and entries there, and leaves nothing in the first', async () => {
    const before = await countRows(env.DB)
    expect((await ask('POST', '/api/datasets', { name: 'photos' })).status).toBe(201)
    const form = createForm({ datasetName: 'photos', image: picture, mask })
    expect((await ask('POST', '/api/datasets/data', form)).status).toBe(200)
    const job = { datasetName: 'photos', modelId: 'telea' }
    const started = await ask('POST', '/api/inferences', job)
    expect(started.status).toBe(201)
    const { inference } = (await started.json()) as { inference: { id: string } }
    await deliver(services, messages.splice(0))
    const results = await ask('GET', `/api/inferences/${inference.id}/results`)
    expect(await results.json()).toMatchObject({ data: { images: [{}] } })
    await services.ledger.flush(userId)
    expect(await countRows(env.SECOND_DB)).toMatchObject({
      users: 1,
      datasets: 1,
      dataset_items: 1,
      inferences: 1,
      inference_items: 1,
      token_accounts: 1,
      token_transactions: 3,
    })
    expect(await countRows(env.DB)).toEqual(before)
  })

  it('is nobody to the first', async () => {
    const answer = await createApp().request(
      '/api/datasets',
      { headers: { authorization: `Bearer ${token}` } },
      env,
    )
    expect(answer.status).toBe(401)
  })
})
