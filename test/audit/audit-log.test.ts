import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { rechargeTokens } from '../../src/admin/recharge-tokens.ts'
import { createAmount } from '../../src/ledger/amounts.ts'
import { allSucceed, deliver, startWith } from '../support/inferences.ts'
import {
  createAdministrator,
  createPerson,
  createRegistration,
  type Person,
  silentLogger,
} from '../support/people.ts'
import { ask, request, services } from '../support/world.ts'

const path = '/api/admin/audit-log'

/** What the log tells an administrator of a user's things, oldest first. */
async function logOf(ownerId: string) {
  const { token } = await createAdministrator()
  const { body } = await ask('GET', `${path}?ownerId=${ownerId}&limit=100`, { token })
  return body.data.entries.toReversed()
}

const byOwner = ({ user }: Person) => ({
  actorId: user.id,
  actorRole: user.role,
  ownerId: user.id,
  requestId: expect.any(String),
  at: expect.any(String),
})

describe('the audit log tells', () => {
  it('who registered', async () => {
    const registration = createRegistration()
    await ask('POST', '/api/users/user', { json: registration })
    const user = await env.DB.prepare('SELECT id FROM users WHERE email = ?')
      .bind(registration.email)
      .first<{ id: string }>()
    expect(await logOf(user?.id ?? '')).toMatchObject([
      {
        action: 'user.registered',
        actorId: user?.id,
        subjectId: user?.id,
        requestId: expect.any(String),
      },
    ])
  })

  it('which fields a user changed, and never what they hold', async () => {
    const mario = await createPerson()
    const json = { name: 'Luigi', password: 'N3wPassword!' }
    expect((await ask('PUT', `/api/users/${mario.user.id}`, { ...mario, json })).status).toBe(200)
    const entries = await logOf(mario.user.id)
    expect(entries).toMatchObject([
      { ...byOwner(mario), action: 'user.updated', details: { fields: ['name'] } },
      { ...byOwner(mario), action: 'user.password_changed', details: {} },
    ])
    expect(JSON.stringify(entries)).not.toMatch(/Luigi|N3wPassword|argon2/)
  })

  it('nothing of a change that was refused', async () => {
    const mario = await createPerson()
    const taken = await createPerson()
    const json = { email: taken.user.email }
    expect((await ask('PUT', `/api/users/${mario.user.id}`, { ...mario, json })).status).toBe(400)
    expect((await ask('DELETE', '/api/datasets/none', mario)).status).toBe(404)
    expect((await ask('DELETE', `/api/users/${taken.user.id}`, mario)).status).toBe(403)
    expect(await logOf(mario.user.id)).toEqual([])
    expect(await logOf(taken.user.id)).toEqual([])
  })

  it('which dataset was deleted, and which user', async () => {
    const mario = await createPerson()
    const made = await ask('POST', '/api/datasets', { ...mario, json: { name: 'photos' } })
    await ask('DELETE', '/api/datasets/photos', mario)
    await ask('DELETE', `/api/users/${mario.user.id}`, mario)
    expect(await logOf(mario.user.id)).toMatchObject([
      {
        ...byOwner(mario),
        action: 'dataset.deleted',
        subjectKind: 'dataset',
        subjectId: made.body.dataset.id,
        details: { name: 'photos' },
      },
      { ...byOwner(mario), action: 'user.deleted', subjectKind: 'user' },
    ])
  })

  it('whose results were deleted, once', async () => {
    const { mario, started } = await startWith(1)
    const results = `/api/inferences/${started.id}/results`
    expect((await request(mario, 'DELETE', results)).status).toBe(409)
    await deliver(allSucceed, started.messages)
    expect((await request(mario, 'DELETE', results)).status).toBe(200)
    expect((await request(mario, 'DELETE', results)).status).toBe(200)
    const entries = await logOf(mario.id)
    expect(
      entries.filter(({ action }: { action: string }) => action === 'results.deleted'),
    ).toMatchObject([{ actorId: mario.id, subjectKind: 'inference', subjectId: started.id }])
  })

  it('who recharged whom with how much, once for a recharge that was sent again', async () => {
    const mario = await createPerson({ tokens: 10 })
    const anna = await createAdministrator()
    const sent = {
      token: anna.token,
      json: { email: mario.user.email, amount: 25.5 },
      headers: { 'idempotency-key': crypto.randomUUID() },
    }
    await ask('POST', '/api/admin/user-tokens', sent)
    await ask('POST', '/api/admin/user-tokens', sent)
    expect(await logOf(mario.user.id)).toMatchObject([
      {
        actorId: anna.user.id,
        actorRole: 'admin',
        action: 'tokens.recharged',
        subjectKind: 'account',
        subjectId: mario.user.id,
        details: { tokens: 25.5, balance: 35.5, operationId: expect.any(String) },
      },
    ])
  })
})

describe('the list of the audit log', () => {
  it('is paged, newest first, and filtered by actor and action', async () => {
    const mario = await createPerson()
    const anna = await createAdministrator()
    for (const name of ['one', 'two', 'three']) {
      await ask('POST', '/api/datasets', { ...mario, json: { name } })
      await ask('DELETE', `/api/datasets/${name}`, mario)
    }
    const list = async (query: string) =>
      (await ask('GET', `${path}?${query}`, { token: anna.token })).body.data
    const page = await list(`actorId=${mario.user.id}&action=dataset.deleted&limit=2&page=1`)
    expect(page.entries.map(({ details }: { details: { name: string } }) => details.name)).toEqual([
      'three',
      'two',
    ])
    expect(page.pagination).toEqual({
      totalItems: 3,
      currentPage: 1,
      totalPages: 2,
      itemsPerPage: 2,
    })
    expect(page.filters).toEqual({ actorId: mario.user.id, action: 'dataset.deleted' })
    expect((await list(`actorId=${mario.user.id}&action=user.deleted`)).entries).toEqual([])
    expect((await list('actorId=&action=')).pagination.totalItems).toBeGreaterThanOrEqual(3)
  })

  it.each([
    ['action=everything', 'Invalid action. Allowed values: user.registered'],
    ['actorId=x', 'Invalid actorId format. It must be a UUID'],
    ['ownerId=x', 'Invalid ownerId format. It must be a UUID'],
    ['limit=101', "'limit' must be 1-100"],
    ['page=0', "'page' must be 1-1000000"],
  ])('refuses %s', async (query, message) => {
    const { token } = await createAdministrator()
    const answer = await ask('GET', `${path}?${query}`, { token })
    expect(answer).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining(message) },
    })
  })

  it('is for administrators alone', async () => {
    const { token } = await createPerson()
    expect((await ask('GET', path)).status).toBe(401)
    expect((await ask('GET', path, { token })).status).toBe(403)
  })
})

describe('a recharge whose entry cannot be written', () => {
  it('is answered as it took effect, so that nobody gives the tokens twice', async () => {
    const mario = await createPerson({ tokens: 10 })
    const anna = await createAdministrator()
    const raw = new Proxy(services.database.raw, {
      get(target, name) {
        if (name === 'prepare') {
          return (sql: string) => {
            if (sql.includes('audit_log')) throw new Error('the database is locked')
            return target.prepare(sql)
          }
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const { newBalance } = await rechargeTokens(
      { ...services, database: { ...services.database, raw }, logger: silentLogger },
      {
        administrator: anna.user,
        recharge: { id: crypto.randomUUID(), email: mario.user.email, amount: createAmount(5000) },
      },
    )
    expect(newBalance).toBe(15_000)
    expect(await logOf(mario.user.id)).toEqual([])
  })
})
