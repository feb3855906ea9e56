import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createScopeNames } from '../../src/rate-limits/scope-names.ts'
import { createServices } from '../../src/services.ts'
import { createDatabase } from '../../src/shared/database.ts'
import { logIn } from '../../src/users/log-in.ts'
import { createLoginGuard } from '../../src/users/login-guard.client.ts'
import { createPerson, quickHasher } from '../support/people.ts'
import { services } from '../support/world.ts'

const hashed = { count: 0 }
const passwords = {
  ...quickHasher,
  verify(password: string, phc: string | undefined) {
    hashed.count += 1
    return quickHasher.verify(password, phc)
  },
}

/** The real services with ten free failures, and a clock that the test sets. */
const time = { nowMs: Date.now() }
const guarded = {
  ...createServices({ ...env, LOGIN_FAILURES_FREE: '10' } as unknown as Env, {
    clock: { nowMs: () => time.nowMs },
    createId: services.createId,
    sleep: (ms) => scheduler.wait(ms),
    fetch: (...request) => fetch(...request),
    logger: services.logger,
  }),
  passwords,
}

/** `in`, `wrong`, or how many seconds to wait. */
async function tryFrom(
  address: string,
  login: { email: string; password: string },
  accessToken: string | null = null,
): Promise<'in' | 'wrong' | number> {
  try {
    await logIn(guarded, login, { address, accessToken })
    return 'in'
  } catch (error) {
    const { code, status, details } = error as {
      code: string
      status: number
      details: { retryAfterSeconds: number }
    }
    if (code === 'auth.bad_credentials') return 'wrong'
    expect([code, status]).toEqual(['auth.too_many_failures', 429])
    return details.retryAfterSeconds
  }
}

/** Three hundred wrong passwords from thirty addresses, as fast as they go. */
async function attack(email: string): Promise<number> {
  const before = hashed.count
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        tryFrom(`attacker ${index}`, { email, password: `guess ${round} ${index}` }),
      ),
    )
  }
  return hashed.count - before
}

describe('an account under attack', () => {
  it('has ten of three hundred guesses tried; the others are refused before anything is hashed', async () => {
    const { user } = await createPerson()
    expect(await attack(user.email)).toBe(10)
  })

  it('lets its owner in meanwhile, from where they logged in before', async () => {
    const { user, password } = await createPerson()
    const right = { email: user.email, password }
    expect(await tryFrom('home', right)).toBe('in')
    const attacking = attack(user.email)
    for (let index = 0; index < 5; index += 1) expect(await tryFrom('home', right)).toBe('in')
    await attacking
    expect(await tryFrom('home', right)).toBe('in')
    expect(await tryFrom('home', { ...right, password: 'mistyped' })).toBe('wrong')
    expect(await tryFrom('home', right)).toBe('in')
  })

  it('lets its owner in with a live access token, from anywhere', async () => {
    const { user, password, token } = await createPerson()
    await attack(user.email)
    const right = { email: user.email, password }
    expect(await tryFrom('hotel', right)).toBeGreaterThan(0)
    expect(await tryFrom('hotel', right, token)).toBe('in')
  })

  it.each<[string, (own: string) => Promise<string>]>([
    ['somebody else’s token', async () => (await createPerson()).token],
    ['a cut token', async (own) => own.slice(0, -2)],
    ['rubbish', async () => 'rubbish'],
  ])('takes %s for no sign of its owner', async (_, make) => {
    const { user, password, token } = await createPerson()
    await attack(user.email)
    const login = { email: user.email, password }
    expect(await tryFrom('hotel', login, await make(token))).toBeGreaterThan(0)
  })

  it('takes a token from before a change of password for no sign of its owner', async () => {
    const { user, password, token } = await createPerson()
    await env.DB.prepare('UPDATE users SET access_version = 2 WHERE id = ?').bind(user.id).run()
    await attack(user.email)
    expect(await tryFrom('hotel', { email: user.email, password }, token)).toBeGreaterThan(0)
  })

  it('lets a right password from a new address in after one wait of at most five minutes, while the attack goes on', async () => {
    const { user, password } = await createPerson()
    const right = { email: user.email, password }
    await attack(user.email)
    const seconds = Number(await tryFrom('hotel', right))
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(300)
    await attack(user.email)
    time.nowMs += seconds * 1000
    await attack(user.email)
    expect(await tryFrom('hotel', right)).toBe('in')
  })

  it('loses no try of its owner’s while the database is away', async () => {
    const { user, password } = await createPerson()
    const right = { email: user.email, password }
    const prepare = () => {
      throw new Error('the database is away')
    }
    const database = createDatabase({ ...env.DB, prepare } as unknown as D1Database)
    for (let index = 0; index < 12; index += 1) {
      const tried = logIn({ ...guarded, database }, right, { address: 'home', accessToken: null })
      await expect(tried).rejects.toThrow()
    }
    expect(await tryFrom('home', right)).toBe('in')
  })

  it('leaves other accounts alone, tried from the same addresses', async () => {
    const { user } = await createPerson()
    await attack(user.email)
    const other = await createPerson()
    const right = { email: other.user.email, password: other.password }
    expect(await tryFrom('attacker 1', right)).toBe('in')
  })
})

describe('an e-mail address that nobody has', () => {
  it('is guarded as one that somebody has: the same answers in the same order, and as many hashes', async () => {
    const { user } = await createPerson()
    const record = async (email: string) => {
      const before = hashed.count
      const answers: unknown[] = []
      for (let index = 0; index < 40; index += 1) {
        answers.push(await tryFrom(`a${index % 3}`, { email, password: 'wrong' }))
      }
      return { answers, hashes: hashed.count - before }
    }
    expect(await record(`nobody-${user.email}`)).toEqual(await record(user.email))
  })
})

describe('when the guard itself fails', () => {
  const policy = {
    freeFailures: 1,
    windowMs: 60_000,
    firstWaitMs: 2_000,
    longestWaitMs: 60_000,
    knownForMs: 1,
  }
  const guardWith = (knock: () => Promise<number>) =>
    createLoginGuard({
      namespace: { getByName: () => ({ knock, succeed: knock }) } as never,
      policy,
      nameScope: async () => 'name',
      clock: services.clock,
      logger: { info() {}, warn() {}, error() {} },
    })

  it('people log in all the same', async () => {
    const { user, password } = await createPerson()
    const loginGuard = guardWith(async () => {
      throw new Error('the object is away')
    })
    const { token } = await logIn(
      { ...guarded, loginGuard },
      { email: user.email, password },
      { address: 'home', accessToken: null },
    )
    expect(token).toMatch(/\./)
  })

  it('more tries than it can answer are refused: they are an attack', async () => {
    const loginGuard = guardWith(async () => {
      throw Object.assign(new Error('too many requests queued'), { overloaded: true })
    })
    const { user, password } = await createPerson()
    const tried = logIn(
      { ...guarded, loginGuard },
      { email: user.email, password },
      { address: 'home', accessToken: null },
    )
    await expect(tried).rejects.toMatchObject({ code: 'auth.too_many_failures' })
  })
})

describe('the object of an account', () => {
  it('keeps neither e-mail addresses nor addresses, and deletes itself when nothing is worth remembering', async () => {
    const { user, password } = await createPerson()
    time.nowMs = Date.now() - 40 * 86_400_000
    await tryFrom('203.0.113.9', { email: user.email, password })
    const kept: string[] = []
    const nameScope = createScopeNames(services.settings.JWT_SECRET)
    const account = user.email.toLowerCase()
    const guard = env.LOGIN_GUARDS.getByName(await nameScope('login-account', account))
    await runInDurableObject(guard, (_, { storage }) => {
      for (const [key, value] of storage.kv.list()) kept.push(key, JSON.stringify(value))
    })
    expect(kept.length).toBeGreaterThan(0)
    expect(kept.join()).not.toContain('203.0.113.9')
    expect(kept.join().toLowerCase()).not.toContain(account)
    expect(await runDurableObjectAlarm(guard)).toBe(true)
    const left = await runInDurableObject(guard, (_, { storage }) => [...storage.kv.list()].length)
    expect(left).toBe(0)
    time.nowMs = Date.now()
  })
})
