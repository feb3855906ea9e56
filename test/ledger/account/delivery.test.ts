import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { findRetryDelayMs } from '../../../src/ledger/account/token-account.delivery.ts'
import type { TokenAccount } from '../../../src/ledger/account/token-account.object.ts'
import { createAmount } from '../../../src/ledger/amounts.ts'
import {
  createLedgerProjection,
  type Delivery,
  type LedgerProjection,
} from '../../../src/ledger/ledger.projection.ts'
import {
  type AccountStub,
  openAccount,
  readEntries,
  readProjectedAccount,
  readProjection,
  replaceMeans,
  reserveOrFail,
  silentLogger,
} from './account-fixtures.ts'

const projection = createLedgerProjection(env.DB)

/** A projection that a test can break, hold and count. */
function createUnreliableProjection() {
  const state = { isBroken: true, attempts: 0, delivered: [] as string[] }
  const unreliable: LedgerProjection = {
    async deliver(delivery) {
      state.attempts += 1
      if (state.isBroken) throw new Error('D1_ERROR: the database is down')
      await projection.deliver(delivery)
      state.delivered.push(...delivery.entries.map(({ id, version }) => `${id} ${version}`))
    },
  }
  return { state, unreliable }
}

async function openUnreliable(thousandths: number) {
  const opened = await openAccount(thousandths)
  await opened.account.flush()
  const { state, unreliable } = createUnreliableProjection()
  await replaceMeans(opened.account, { projection: unreliable, logger: silentLogger })
  return { ...opened, state }
}

function readAlarm(account: AccountStub) {
  return runInDurableObject(account, (_, { storage }) => storage.getAlarm())
}

describe('the projection', () => {
  it('equals the account’s ledger after a flush', async () => {
    const { userId, account } = await openAccount(10_000)
    const reservationId = await reserveOrFail(account, 4_000)
    await reserveOrFail(account, 1_000)
    await account.settle({ reservationId, spent: createAmount(1_500) })
    await account.reserve({
      operationId: 'dear',
      operationType: 'inference',
      amount: createAmount(99_000),
    })
    expect(await account.flush()).toEqual({ ok: true })

    const entries = await readEntries(account)
    expect(entries).toHaveLength(5)
    expect(await readProjection(userId)).toEqual(entries)
    expect(await readProjectedAccount(userId)).toEqual({ balance: 7_500, version: 5 })
  })

  it('takes hundreds of entries in few statements', async () => {
    const { userId, account, state } = await openUnreliable(10_000)
    await runInDurableObject(account, (instance: TokenAccount) => {
      for (let n = 0; n < 450; n += 1) {
        instance.credit({ operationId: `c-${n}`, amount: createAmount(1), description: 'Many' })
      }
    })
    state.isBroken = false
    state.attempts = 0
    await account.flush()
    expect(state.attempts).toBeLessThanOrEqual(4)
    expect(await readProjection(userId)).toHaveLength(451)
    expect(await readProjectedAccount(userId)).toEqual({ balance: 10_450, version: 451 })
  })

  it('keeps words as they were written', async () => {
    const { userId, account } = await openAccount(0)
    const description = `Admin recharge by "o'neil"@example.com: +1 tokens \\ ☃ \u0000 {"a":1}`
    await account.credit({ operationId: '77', amount: createAmount(1_000), description })
    await account.flush()
    const [, entry] = await readProjection(userId)
    expect(entry?.operationId).toBe('77')
    expect(entry?.description).toBe(description)
  })
})

describe('a delivery that comes late', () => {
  async function deliverTwice(order: 'in order' | 'the older last') {
    const { userId, account } = await openAccount(2_000)
    const reservationId = await reserveOrFail(account, 500)
    const older: Delivery = {
      userId,
      balance: await account.balance(),
      lastSequence: 2,
      entries: await readEntries(account),
      nowMs: 1,
    }
    await account.settle({ reservationId, spent: createAmount(200) })
    const newer: Delivery = {
      userId,
      balance: await account.balance(),
      lastSequence: 3,
      entries: await readEntries(account),
      nowMs: 2,
    }
    const deliveries = order === 'in order' ? [older, newer] : [newer, older]
    for (const delivery of deliveries) await projection.deliver(delivery)
    return { userId, newer }
  }

  it.each(['in order', 'the older last'] as const)(
    '%s, never overwrites what is newer',
    async (order) => {
      const { userId, newer } = await deliverTwice(order)
      expect(await readProjection(userId)).toEqual(newer.entries)
      expect(await readProjectedAccount(userId)).toEqual({ balance: 1_800, version: 3 })
    },
  )
})

describe('while the database is down', () => {
  it('tokens are reserved and settled as ever, and the entries arrive by alarm, once', async () => {
    const { userId, account, state } = await openUnreliable(5_000)
    const reservationId = await reserveOrFail(account, 1_000)
    await account.settle({ reservationId, spent: createAmount(400) })
    expect(await account.flush()).toEqual({ ok: false, code: 'projection.unavailable', waiting: 2 })
    expect(await readProjection(userId)).toHaveLength(1)

    state.isBroken = false
    expect(await runDurableObjectAlarm(account)).toBe(true)

    const entries = await readEntries(account)
    expect(await readProjection(userId)).toEqual(entries)
    expect(state.delivered).toEqual(entries.slice(1).map(({ id, version }) => `${id} ${version}`))
    await account.flush()
    expect(state.delivered).toHaveLength(2)
  })

  it('the alarm is set again after every failure, later each time', async () => {
    const { account } = await openUnreliable(5_000)
    let nowMs = Date.now() + 3_600_000
    await replaceMeans(account, { clock: { nowMs: () => nowMs } })
    await reserveOrFail(account, 100)
    await account.flush()
    const pauses: number[] = []
    for (let n = 0; n < 3; n += 1) {
      await runDurableObjectAlarm(account)
      const alarm = await readAlarm(account)
      pauses.push((alarm ?? 0) - nowMs)
      nowMs = alarm ?? 0
    }
    expect(pauses[0]).toBeGreaterThanOrEqual(4_000)
    expect(pauses.map((pause, n) => pause / (pauses[n - 1] ?? pause))).toEqual([1, 2, 2])
  })

  it('requests do not call it again and again', async () => {
    const { account, state } = await openUnreliable(50_000)
    await reserveOrFail(account, 100)
    await account.flush()
    const { attempts } = state
    for (let n = 0; n < 30; n += 1) await reserveOrFail(account, 100)
    expect(state.attempts).toBe(attempts)
  })

  it('what waits survives the object being thrown out of memory', async () => {
    const { userId, account } = await openUnreliable(5_000)
    await reserveOrFail(account, 1_000)
    await account.flush()
    await evictDurableObject(account)
    expect(await runDurableObjectAlarm(account)).toBe(true)
    expect(await readProjection(userId)).toEqual(await readEntries(account))
  })
})

describe('one delivery at a time', () => {
  it('takes along what is added while it runs, and an entry that changes meanwhile goes again', async () => {
    const { userId, account } = await openAccount(5_000)
    await account.flush()
    const running = { now: 0, most: 0, calls: 0 }
    const gate = Promise.withResolvers<void>()
    const slow: LedgerProjection = {
      async deliver(delivery) {
        running.calls += 1
        running.most = Math.max(running.most, ++running.now)
        if (running.calls === 1) await gate.promise
        await projection.deliver(delivery)
        running.now -= 1
      },
    }
    await replaceMeans(account, { projection: slow })
    const reservationId = await reserveOrFail(account, 1_000)
    for (let n = 0; n < 10; n += 1) await reserveOrFail(account, 10)
    await account.settle({ reservationId, spent: createAmount(300) })
    expect(running).toMatchObject({ calls: 1, most: 1 })

    gate.resolve()
    expect(await account.flush()).toEqual({ ok: true })
    expect(running).toEqual({ now: 0, most: 1, calls: 2 })
    expect(await readProjection(userId)).toEqual(await readEntries(account))
  })

  it('needs no call when nothing is waiting', async () => {
    const { account, state } = await openUnreliable(5_000)
    expect(await account.flush()).toEqual({ ok: true })
    expect(state.attempts).toBe(0)
  })
})

describe('the pause before the next try', () => {
  it.each([
    [0, 2_000],
    [1, 2_000],
    [2, 4_000],
    [5, 32_000],
    [6, 60_000],
    [500, 60_000],
  ])('after %d failures is %d ms', (failures, ms) => {
    expect(findRetryDelayMs(failures)).toBe(ms)
  })
})
