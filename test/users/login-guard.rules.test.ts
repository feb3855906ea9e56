import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bookSuccess,
  type ClientRecord,
  decideLoginTry,
  type Failures,
  findForgettingTime,
  type LoginPolicy,
  newClient,
  noFailures,
} from '../../src/users/login-guard.rules.ts'

const policy: LoginPolicy = {
  freeFailures: 10,
  windowMs: 3_600_000,
  firstWaitMs: 2_000,
  longestWaitMs: 300_000,
  knownForMs: 30 * 86_400_000,
}

const startMs = 1_800_000_000_000

/** An account with its clients, as the object keeps them. */
function createAccount() {
  let strangers: Failures = noFailures
  const clients = new Map<string, ClientRecord>()
  const recordsOf = (name: string) => ({ strangers, client: clients.get(name) ?? newClient })
  const keep = (name: string, records: { strangers: Failures; client: ClientRecord }) => {
    strangers = records.strangers
    clients.set(name, records.client)
  }
  return {
    /** Zero where the password was tried, and wrong. */
    fail(name: string, nowMs: number, isTrusted = false): number {
      const { waitMs, records } = decideLoginTry(recordsOf(name), { nowMs, isTrusted }, policy)
      keep(name, records)
      return waitMs
    },
    succeed(name: string, nowMs: number, isTrusted = false): number {
      const waitMs = this.fail(name, nowMs, isTrusted)
      if (waitMs === 0) keep(name, bookSuccess(recordsOf(name), { nowMs, isTrusted }, policy))
      return waitMs
    },
    clientOf: (name: string) => recordsOf(name).client,
  }
}

type Account = ReturnType<typeof createAccount>

/** Tries of one address after another, one a second. */
function attack(account: Account, { tries, addresses }: { tries: number; addresses: number }) {
  let tried = 0
  for (let index = 0; index < tries; index += 1) {
    if (account.fail(`attacker ${index % addresses}`, startMs + index * 1000) === 0) tried += 1
  }
  return { tried, endMs: startMs + tries * 1000 }
}

describe('guessing a password', () => {
  it('is free for ten failures at once, and waits from then on', () => {
    const account = createAccount()
    const waits = Array.from({ length: 12 }, () => account.fail('a', startMs))
    expect(waits).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2000, 2000])
  })

  it('waits twice as long after each further failure, and never longer than the longest wait', () => {
    const account = createAccount()
    let nowMs = startMs
    const waits: number[] = []
    for (let index = 0; index < 40; index += 1) {
      const waitMs = account.fail('a', nowMs)
      if (waitMs > 0) waits.push(waitMs)
      nowMs += Math.max(1, waitMs)
    }
    expect(waits[0]).toBeGreaterThan(1000)
    for (const [index, waitMs] of waits.slice(1).entries()) {
      expect(waitMs).toBeGreaterThanOrEqual(waits[index] as number)
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(policy.longestWaitMs)
  })

  it('of one address gets few hundred tries a day', () => {
    const account = createAccount()
    let tried = 0
    for (let second = 0; second < 86_400; second += 1) {
      if (account.fail('a', startMs + second * 1000) === 0) tried += 1
    }
    expect(tried).toBeLessThan(600)
  })

  it('from a hundred addresses slows all of them down together', () => {
    const { tried } = attack(createAccount(), { tries: 3600, addresses: 100 })
    expect(tried).toBeLessThan(1500)
  })

  it('is not sped up by knocking early, nor put off by it', () => {
    const account = createAccount()
    for (let index = 0; index < 10; index += 1) account.fail('a', startMs)
    const first = account.fail('a', startMs)
    for (let ms = 1; ms < first; ms += 100) {
      expect(account.fail('a', startMs + ms)).toBe(first - ms)
    }
    expect(account.fail('a', startMs + first)).toBe(0)
  })

  it('many times at one moment counts as many', () => {
    const account = createAccount()
    const admitted = Array.from({ length: 500 }, (_, index) => account.fail(`a${index}`, startMs))
    expect(admitted.filter((waitMs) => waitMs === 0)).toHaveLength(10)
  })
})

describe('the owner of an account under attack', () => {
  it('logs in at once from where they logged in before', () => {
    const account = createAccount()
    account.succeed('home', startMs - 86_400_000)
    const { endMs } = attack(account, { tries: 1000, addresses: 50 })
    expect(account.succeed('home', endMs)).toBe(0)
  })

  it('logs in at once with an access token that is still good, from wherever they are', () => {
    const account = createAccount()
    const { endMs } = attack(account, { tries: 1000, addresses: 50 })
    expect(account.succeed('token', endMs, true)).toBe(0)
  })

  it('may mistype a few times there, and then waits as others do', () => {
    const account = createAccount()
    account.succeed('home', startMs - 1000)
    const { endMs } = attack(account, { tries: 300, addresses: 5 })
    const waits = Array.from({ length: 11 }, () => account.fail('home', endMs))
    expect(waits.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 0))
    expect(waits[10]).toBeGreaterThan(0)
  })

  it('gets in from a new address after the one wait that they are told, whatever others do meanwhile', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 500 }),
        fc.integer({ min: 1, max: 400 }),
        (tries, addresses) => {
          const account = createAccount()
          const { endMs } = attack(account, { tries, addresses })
          const waitMs = account.succeed('hotel', endMs)
          expect(waitMs).toBeLessThanOrEqual(policy.longestWaitMs)
          for (let ms = 0; ms < waitMs; ms += 500) account.fail(`attacker ${ms}`, endMs + ms)
          expect(account.succeed('hotel', endMs + waitMs)).toBe(0)
          // From then on it is an address that they logged in from.
          expect(account.succeed('hotel', endMs + waitMs + 1)).toBe(0)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('is known for thirty days', () => {
    const account = createAccount()
    account.succeed('home', startMs)
    const known = () => account.clientOf('home').knownUntilMs
    expect(known()).toBe(startMs + policy.knownForMs)
    account.succeed('home', startMs + 1000)
    expect(known()).toBe(startMs + 1000 + policy.knownForMs)
  })

  it('notices nothing an hour and a half after an attack has ended', () => {
    const account = createAccount()
    const { endMs } = attack(account, { tries: 5000, addresses: 500 })
    expect(account.succeed('hotel', endMs + 2 * policy.windowMs)).toBe(0)
  })
})

describe('a success', () => {
  it('is not counted as a failure', () => {
    const account = createAccount()
    for (let index = 0; index < 500; index += 1) {
      expect(account.succeed(`place ${index}`, startMs)).toBe(0)
    }
    expect(account.fail('elsewhere', startMs)).toBe(0)
  })

  it('of a client that is known forgives strangers nothing', () => {
    const account = createAccount()
    account.succeed('home', startMs)
    for (let index = 0; index < 10; index += 1) account.fail(`a${index}`, startMs)
    for (let index = 0; index < 10; index += 1) account.succeed('home', startMs)
    for (let index = 0; index < 10; index += 1) account.succeed('token', startMs, true)
    expect(account.fail('a11', startMs)).toBeGreaterThan(0)
  })
})

describe('what is on record', () => {
  it('may be forgotten once it has no effect', () => {
    const account = createAccount()
    account.fail('a', startMs)
    expect(findForgettingTime(account.clientOf('a'), policy)).toBe(startMs + policy.windowMs / 10)
    account.succeed('a', startMs)
    expect(findForgettingTime(account.clientOf('a'), policy)).toBe(startMs + policy.knownForMs)
  })
})
