import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { ensureFirstAdministrator } from '../../src/users/ensure-first-administrator.ts'
import { readCredentials } from '../../src/users/first-administrator.rules.ts'
import { seedDevelopment } from '../../src/users/seed-development.ts'
import { findLiveUserByEmail } from '../../src/users/users.repository.ts'
import { createAdministrator, createPerson, quickHasher, silentLogger } from '../support/people.ts'
import { ask, services } from '../support/world.ts'

const strongPassword = 'a lamp, a river & 9 stones'
const quiet = { ...services, passwords: quickHasher, logger: silentLogger }

function inProduction(changes: { ADMIN_EMAIL?: string; ADMIN_PASSWORD?: string } = {}) {
  const settings = { ...services.settings, APP_ENV: 'production' as const, ...changes }
  return { ...quiet, settings }
}

function withSecrets(email = `chief-${crypto.randomUUID().slice(0, 8)}@example.com`) {
  return { email, services: inProduction({ ADMIN_EMAIL: email, ADMIN_PASSWORD: strongPassword }) }
}

async function countUsers(): Promise<number> {
  const row = await env.DB.prepare('SELECT count(*) AS n FROM users').first<{ n: number }>()
  return row?.n ?? 0
}

beforeEach(async () => {
  await env.DB.prepare("UPDATE users SET role = 'user'").run()
})

describe('the first administrator of a production system', () => {
  it('is created from the secrets, and can log in and administer', async () => {
    const { email, services: production } = withSecrets()
    expect(await ensureFirstAdministrator(production)).toEqual({ state: 'created' })
    const json = { email, password: strongPassword }
    const { body } = await ask('POST', '/api/users/login', { json })
    const answer = await ask('GET', '/api/admin/datasets', { token: body.data.token })
    expect(answer.status).toBe(200)
  })

  it('is created once, however often and however many times at once it is asked for', async () => {
    const { services: production } = withSecrets()
    const before = await countUsers()
    await Promise.all([1, 2, 3].map(() => ensureFirstAdministrator(production)))
    expect(await ensureFirstAdministrator(production)).toEqual({ state: 'present' })
    expect(await countUsers()).toBe(before + 1)
  })

  it('is on record in the audit log, with the role that nobody else is born with', async () => {
    const { email, services: production } = withSecrets()
    await ensureFirstAdministrator(production)
    const user = await findLiveUserByEmail(services.database, email)
    const { token } = await createAdministrator()
    const { body } = await ask('GET', `/api/admin/audit-log?ownerId=${user?.id}`, { token })
    expect(body.data.entries).toMatchObject([
      { action: 'user.registered', actorRole: 'system', details: { role: 'admin' } },
    ])
  })

  it('is nobody new where an administrator lives, whatever the secrets say', async () => {
    await createAdministrator()
    const before = await countUsers()
    expect(await ensureFirstAdministrator(withSecrets().services)).toEqual({ state: 'present' })
    expect(await ensureFirstAdministrator(inProduction())).toEqual({ state: 'present' })
    expect(await countUsers()).toBe(before)
  })

  it('is never somebody who registered the address before', async () => {
    const { user } = await createPerson()
    const { services: production } = withSecrets(user.email.toUpperCase())
    const answer = await ensureFirstAdministrator(production)
    expect(answer).toMatchObject({ state: 'refused', problem: expect.stringContaining('no admin') })
    expect((await findLiveUserByEmail(services.database, user.email))?.role).toBe('user')
  })

  it('is nobody while the secrets are missing', async () => {
    expect(await ensureFirstAdministrator(inProduction())).toEqual({
      state: 'refused',
      problem: expect.stringContaining('ADMIN_EMAIL and ADMIN_PASSWORD'),
    })
  })

  it('is refused with a log line that never says the password', async () => {
    const lines: string[] = []
    const error = (...line: unknown[]) => lines.push(JSON.stringify(line))
    const ADMIN_PASSWORD = 'AdminPassword123!'
    const production = inProduction({ ADMIN_EMAIL: 'chief@example.com', ADMIN_PASSWORD })
    await ensureFirstAdministrator({ ...production, logger: { ...silentLogger, error } })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('known default')
    expect(lines[0]).not.toContain(ADMIN_PASSWORD)
  })

  it.each([
    ['AdminPassword123!'],
    ['adminpassword123'],
    ['UserPassword123!'],
    ['Password1234'],
    ['password1'],
    ['Passw0rd!'],
    ['admin'],
    ['administrator'],
    ['change-me-change-me'],
    ['aaaaaaaaaaaaaaaa'],
    ['121212121212'],
    [''],
    ['x'.repeat(129)],
  ])('cannot have the password %j', (ADMIN_PASSWORD) => {
    expect(readCredentials({ ADMIN_EMAIL: 'chief@example.com', ADMIN_PASSWORD })).toBeTypeOf(
      'string',
    )
  })

  it('may have a passphrase of any script', () => {
    const ADMIN_PASSWORD = 'река, лампа и камни'
    expect(readCredentials({ ADMIN_EMAIL: 'chief@example.com', ADMIN_PASSWORD })).toMatchObject({
      password: ADMIN_PASSWORD,
    })
  })
})

describe('the seed', () => {
  it.each(['production', 'staging'] as const)('refuses to run in %s', async (APP_ENV) => {
    const before = await countUsers()
    const elsewhere = { ...quiet, settings: { ...services.settings, APP_ENV } }
    await expect(seedDevelopment(elsewhere)).rejects.toThrow('The seed is for development')
    expect(await countUsers()).toBe(before)
  })

  it('starts again from the beginning when it was cut off', async () => {
    const before = await countUsers()
    const open = () => Promise.reject(new Error('The object is not there.'))
    const cutOff = { ...quiet, ledger: { ...services.ledger, open } }
    await expect(seedDevelopment(cutOff)).rejects.toThrow()
    expect(await countUsers()).toBe(before)
  })

  it('gives the people, tags and datasets of the documents, once', async () => {
    const before = await countUsers()
    const runs = await Promise.all([seedDevelopment(quiet), seedDevelopment(quiet)])
    expect(runs).toContain(true)
    expect(await seedDevelopment(quiet)).toBe(false)
    expect(await countUsers()).toBe(before + 3)

    const rows = await env.DB.prepare(
      "SELECT id, email, role FROM users WHERE email LIKE '%@system.com' ORDER BY email",
    ).all<{ id: string; email: string; role: string }>()
    const people = await Promise.all(
      rows.results.map(async ({ id, email, role }) => [
        email,
        role,
        await services.ledger.balance(id),
      ]),
    )
    expect(people).toEqual([
      ['admin@system.com', 'admin', 1_000_000],
      ['user1@system.com', 'user', 100_000],
      ['user2@system.com', 'user', 50_000],
    ])
    const tags = await env.DB.prepare('SELECT name FROM tags').all()
    expect(tags.results).toHaveLength(5)
    const datasets = await env.DB.prepare('SELECT deleted_at FROM datasets').all()
    expect(datasets.results.filter((row) => row.deleted_at === null)).toHaveLength(1)
    expect(datasets.results).toHaveLength(2)
  })

  it('does not bring back who was deleted since', async () => {
    await env.DB.prepare("UPDATE users SET deleted_at = 1 WHERE email = 'user2@system.com'").run()
    expect(await seedDevelopment(quiet)).toBe(false)
    expect(await findLiveUserByEmail(services.database, 'user2@system.com')).toBeUndefined()
  })

  it('makes an administrator who can log in with the documented password', async () => {
    const json = { email: 'admin@system.com', password: 'AdminPassword123!' }
    expect((await ask('POST', '/api/users/login', { json })).status).toBe(200)
  })
})
