import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { servicesOf } from '../../src/app.ts'
import type { RateLimiter } from '../../src/rate-limits/rate-limiter.object.ts'
import { createRateLimits } from '../../src/rate-limits/rate-limits.client.ts'
import { createScopeNames } from '../../src/rate-limits/scope-names.ts'
import { createRegistration } from '../support/people.ts'
import { createForm, listStored as listMedia, mask, picture } from '../support/uploads.ts'
import { app, balanceOf, createUser, request, services } from '../support/world.ts'

/** The real app with narrower limits. */
const narrow = {
  ...env,
  LOGINS_BY_ADDRESS: '3/60',
  REGISTRATIONS_BY_ADDRESS: '3/3600',
  REGISTRATIONS_BY_ACCOUNT: '2/3600',
  UPLOADS_BY_ADDRESS: '4/60',
  UPLOADS_BY_ACCOUNT: '3/60',
} as unknown as Env

let addresses = 0
function newAddress(): string {
  addresses += 1
  return `198.51.100.${addresses}`
}

async function askFrom(
  address: string | null,
  method: string,
  path: string,
  init: RequestInit = {},
) {
  const headers = new Headers(init.headers)
  if (address !== null) headers.set('cf-connecting-ip', address)
  const answer = await app.request(path, { ...init, method, headers }, narrow)
  // biome-ignore lint/suspicious/noExplicitAny: a test names the very keys that it expects
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as any }
}

const login = (address: string | null) =>
  askFrom(address, 'POST', '/api/users/login', {
    body: JSON.stringify({ email: `${crypto.randomUUID()}@example.com`, password: 'x' }),
  })
const register = (address: string | null, changes = {}) =>
  askFrom(address, 'POST', '/api/users/user', { body: JSON.stringify(createRegistration(changes)) })

describe('a limited route', () => {
  it('tells its policy and what is left of it with every answer', async () => {
    const address = newAddress()
    const first = await login(address)
    expect(first.status).toBe(401)
    expect(first.headers.get('ratelimit-policy')).toBe('"logins-by-address";q=3;w=60')
    expect(first.headers.get('ratelimit')).toBe('"logins-by-address";r=2;t=20')
    expect((await login(address)).headers.get('ratelimit')).toMatch(/;r=1;t=(39|40)$/)
  })

  it('refuses the request after the last with the limit, the time to wait and the header for it', async () => {
    const address = newAddress()
    for (let index = 0; index < 3; index += 1) await login(address)
    const { status, body, headers } = await login(address)
    expect(status).toBe(429)
    const retryAfterSeconds = body.retryAfterSeconds
    expect(retryAfterSeconds).toBeGreaterThan(0)
    expect(retryAfterSeconds).toBeLessThanOrEqual(20)
    expect(body).toEqual({
      success: false,
      code: 'rate_limit.exceeded',
      message: `Too many requests: the limit 'logins-by-address' is 3 in 60 seconds. Try again in ${retryAfterSeconds} seconds.`,
      limit: 'logins-by-address',
      requests: 3,
      windowSeconds: 60,
      retryAfterSeconds,
      documentation: expect.stringMatching(/\/docs\/errors\/rate_limit\.exceeded$/),
    })
    expect(headers.get('retry-after')).toBe(String(retryAfterSeconds))
    expect(headers.get('ratelimit')).toBe(`"logins-by-address";r=0;t=${retryAfterSeconds}`)
  })

  it('counts what is rubbish too', async () => {
    const address = newAddress()
    for (let index = 0; index < 3; index += 1) {
      const { status } = await askFrom(address, 'POST', '/api/users/login', { body: '{' })
      expect(status).toBe(400)
    }
    expect((await askFrom(address, 'POST', '/api/users/login', { body: '{' })).status).toBe(429)
  })

  it('holds nobody to what another address did', async () => {
    const address = newAddress()
    for (let index = 0; index < 4; index += 1) await login(address)
    expect((await login(newAddress())).status).toBe(401)
  })

  it('takes all addresses of one IPv6 network for one', async () => {
    const answers = []
    for (const host of ['1', '2:3', 'ffff:ffff:ffff:ffff', 'a']) {
      answers.push(
        (await login(`2001:db8:77:1:${'0:'.repeat(4 - host.split(':').length)}${host}`)).status,
      )
    }
    expect(answers).toEqual([401, 401, 401, 429])
    expect((await login('2001:db8:77:2::1')).status).toBe(401)
  })
})

describe('registering', () => {
  it('is limited by address, and a refused registration leaves no user', async () => {
    const address = newAddress()
    for (let index = 0; index < 3; index += 1) expect((await register(address)).status).toBe(201)
    const email = `late-${crypto.randomUUID()}@example.com`
    const refused = await register(address, { email })
    expect([refused.status, refused.body.limit]).toEqual([429, 'registrations-by-address'])
    const found = await env.DB.prepare('SELECT id FROM users WHERE email = ?').bind(email).first()
    expect(found).toBeNull()
  })

  it('of one e-mail address is limited from wherever it comes', async () => {
    const email = `often-${crypto.randomUUID()}@example.com`
    expect((await register(newAddress(), { email })).status).toBe(201)
    expect((await register(newAddress(), { email: email.toUpperCase() })).status).toBe(400)
    const refused = await register(newAddress(), { email })
    expect([refused.status, refused.body.limit]).toEqual([429, 'registrations-by-account'])
    expect(refused.headers.get('ratelimit-policy')).toBe(
      '"registrations-by-address";q=3;w=3600, "registrations-by-account";q=2;w=3600',
    )
  })
})

describe('uploading', () => {
  async function uploadAs(user: { accessToken: string }, address = newAddress()) {
    return askFrom(address, 'POST', '/api/datasets/data', {
      headers: { authorization: `Bearer ${user.accessToken}` },
      body: createForm({ datasetName: 'photos', image: picture, mask }),
    })
  }

  it('is limited by account, whatever the address, and a refused upload costs and stores nothing', async () => {
    const mario = await createUser()
    await request(mario, 'POST', '/api/datasets', { json: { name: 'photos' } })
    for (let index = 0; index < 3; index += 1) expect((await uploadAs(mario)).status).toBe(200)
    const [balance, stored] = [await balanceOf(mario), (await listMedia(mario)).length]
    const refused = await uploadAs(mario)
    expect([refused.status, refused.body.limit]).toEqual([429, 'uploads-by-account'])
    expect([await balanceOf(mario), (await listMedia(mario)).length]).toEqual([balance, stored])
    expect((await uploadAs(await createUser())).status).toBe(404)
  })

  it('is limited by address, whatever the account', async () => {
    const address = newAddress()
    for (let index = 0; index < 4; index += 1) await uploadAs(await createUser(), address)
    const refused = await uploadAs(await createUser(), address)
    expect([refused.status, refused.body.limit]).toEqual([429, 'uploads-by-address'])
  })

  it('in parts counts as the uploads that it opens', async () => {
    const mario = await createUser()
    const open = () =>
      askFrom(newAddress(), 'POST', '/api/uploads', {
        headers: { authorization: `Bearer ${mario.accessToken}` },
        body: JSON.stringify({ fileName: 'a.zip', bytes: 10 }),
      })
    for (let index = 0; index < 3; index += 1) expect((await open()).status).toBe(201)
    expect((await open()).status).toBe(429)
  })

  it('without an access token is refused before anything is counted', async () => {
    const answer = await askFrom(newAddress(), 'POST', '/api/datasets/data', { body: 'x' })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('ratelimit')).toBeNull()
  })
})

describe('the object behind a quota', () => {
  const quota = { requests: 2, windowSeconds: 600 }

  it('grants of a hundred at once as many as the quota has', async () => {
    const limiter = env.RATE_LIMITS.getByName(crypto.randomUUID())
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => limiter.take(quota, Date.now())),
    )
    expect(answers.filter(({ isGranted }) => isGranted)).toHaveLength(2)
  })

  it('remembers what was used when it was put away', async () => {
    const limiter = env.RATE_LIMITS.getByName(crypto.randomUUID())
    await limiter.take(quota, Date.now())
    await limiter.take(quota, Date.now())
    await vi.waitFor(async () => expect(await listStored(limiter)).toHaveLength(1), 10_000)
    await evictDurableObject(limiter)
    expect((await limiter.take(quota, Date.now())).isGranted).toBe(false)
  })

  it('deletes itself once all of it is back, and not before', async () => {
    const limiter = env.RATE_LIMITS.getByName(crypto.randomUUID())
    await limiter.take(quota, Date.now())
    await limiter.store()
    expect(await runDurableObjectAlarm(limiter)).toBe(true)
    expect(await listStored(limiter)).toEqual(['fullAgainAtMs'])
    const old = env.RATE_LIMITS.getByName(crypto.randomUUID())
    await old.take(quota, Date.now() - 1_000_000)
    await old.store()
    expect(await runDurableObjectAlarm(old)).toBe(true)
    expect(await listStored(old)).toEqual([])
  })
})

function listStored(limiter: DurableObjectStub<RateLimiter>): Promise<string[]> {
  return runInDurableObject(limiter, async (_, { storage }) => [...(await storage.list()).keys()])
}

describe('when the limiter itself fails', () => {
  const limitsWith = (take: () => Promise<never>) => {
    const warnings: string[] = []
    const limits = createRateLimits({
      namespace: { getByName: () => ({ take }) } as never,
      quotas: narrowServices.rateQuotas,
      nameScope: createScopeNames('a secret of at least thirty-two characters'),
      clock: services.clock,
      logger: { ...services.logger, warn: (event) => void warnings.push(event) },
    })
    return { limits, warnings }
  }
  const quota = { requests: 1, windowSeconds: 60 }
  const narrowServices = {
    rateQuotas: {
      'logins-by-address': quota,
      'registrations-by-address': quota,
      'registrations-by-account': quota,
      'uploads-by-address': quota,
      'uploads-by-account': quota,
    },
  }
  const wanted = [{ name: 'uploads-by-account', scope: 'mario' }] as const

  it('requests go on, and a warning is logged', async () => {
    const { limits, warnings } = limitsWith(async () => {
      throw new Error('the object is away')
    })
    expect(await limits.take(wanted)).toEqual([])
    expect(warnings).toEqual(['rate_limits.unavailable'])
  })

  it('requests do not wait for it for ever', async () => {
    const { limits, warnings } = limitsWith(() => new Promise(() => undefined))
    expect(await limits.take(wanted)).toEqual([])
    expect(warnings).toEqual(['rate_limits.unavailable'])
  })

  it('more requests than it can answer are refused, since no quota allows so many', async () => {
    const { limits } = limitsWith(async () => {
      throw Object.assign(new Error('too many requests queued'), { overloaded: true })
    })
    expect((await limits.take(wanted))[0]?.answer).toMatchObject({ isGranted: false })
  })
})

describe('the names of the objects', () => {
  it('tell neither address nor account, and are others under another secret', async () => {
    const first = createScopeNames('one secret of at least thirty-two characters')
    const second = createScopeNames('two secrets of at least thirty-two characters')
    const name = await first('logins-by-address', '203.0.113.7')
    expect(name).toMatch(/^[\w-]{24}$/)
    expect(await first('logins-by-address', '203.0.113.7')).toBe(name)
    expect(await first('uploads-by-address', '203.0.113.7')).not.toBe(name)
    expect(await second('logins-by-address', '203.0.113.7')).not.toBe(name)
  })

  it('come from settings that are wide enough for load from one machine', () => {
    const { settings } = servicesOf(env)
    expect(settings.LOGINS_BY_ADDRESS.requests).toBeGreaterThanOrEqual(1000)
    expect(settings.REGISTRATIONS_BY_ADDRESS.requests).toBeGreaterThanOrEqual(1000)
    expect(settings.UPLOADS_BY_ACCOUNT.requests).toBeGreaterThanOrEqual(10_000)
  })
})
