import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { createAmount } from '../../../src/ledger/amounts.ts'
import {
  type AccountStub,
  openAccount,
  readEntries,
  readProjection,
  replaceMeans,
  reserveOrFail,
} from './account-fixtures.ts'

const hourMs = 3_600_000

/** Lets the account's alarm ring at that time. */
async function ringAt(account: AccountStub, nowMs: number) {
  await replaceMeans(account, { clock: { nowMs: () => nowMs } })
  return runDurableObjectAlarm(account)
}

describe('a reservation with an end', () => {
  it('is refunded by the alarm when nobody ended it in time', async () => {
    const { userId, account } = await openAccount(5_000)
    const expiresAtMs = Date.now() + hourMs
    const reservationId = await reserveOrFail(account, 1_000, {
      operationId: 'upload-7',
      expiresAtMs,
    })
    await account.flush()

    expect(await ringAt(account, expiresAtMs)).toBe(true)

    expect(await account.balance()).toBe(5_000)
    expect(await account.reservation(reservationId)).toMatchObject({
      ending: { how: 'expired', spent: 0, refunded: 1_000 },
    })
    const entries = await readEntries(account)
    expect(entries[1]).toMatchObject({
      status: 'refunded',
      description:
        'Token reservation for dataset_upload: upload-7 - Refunded because the reservation expired',
    })
    expect(await readProjection(userId)).toEqual(entries)
  })

  it('is left alone by an alarm that comes before its time', async () => {
    const { account } = await openAccount(5_000)
    const expiresAtMs = Date.now() + hourMs
    await reserveOrFail(account, 1_000, { expiresAtMs })
    await account.flush()
    await ringAt(account, expiresAtMs - 1)
    expect(await account.balance()).toBe(4_000)
    const alarm = await runInDurableObject(account, (_, { storage }) => storage.getAlarm())
    expect(alarm).toBe(expiresAtMs)
  })

  it('that was settled stays settled', async () => {
    const { account } = await openAccount(5_000)
    const expiresAtMs = Date.now() + hourMs
    const reservationId = await reserveOrFail(account, 1_000, { expiresAtMs })
    await account.settle({ reservationId, spent: createAmount(1_000) })
    await ringAt(account, expiresAtMs + hourMs)
    expect(await account.balance()).toBe(4_000)
  })

  it('can be settled after its time as long as the alarm has not rung', async () => {
    const { account } = await openAccount(5_000)
    const expiresAtMs = Date.now() + hourMs
    const reservationId = await reserveOrFail(account, 1_000, { expiresAtMs })
    await replaceMeans(account, { clock: { nowMs: () => expiresAtMs + 1 } })
    const answer = await account.settle({ reservationId, spent: createAmount(1_000) })
    expect(answer).toMatchObject({ ok: true, spent: 1_000 })
  })

  it('expires on time in an account that was thrown out of memory', async () => {
    const { account } = await openAccount(5_000)
    const expiresAtMs = Date.now() + hourMs
    await reserveOrFail(account, 1_000, { expiresAtMs })
    await account.flush()
    await evictDurableObject(account)
    await ringAt(account, expiresAtMs)
    expect(await account.balance()).toBe(5_000)
  })

  it('expires in a closed account too', async () => {
    const { account } = await openAccount(5_000)
    const expiresAtMs = Date.now() + hourMs
    await reserveOrFail(account, 1_000, { expiresAtMs })
    await account.close({ operationId: 'close' })
    await ringAt(account, expiresAtMs)
    expect(await account.balance()).toBe(5_000)
  })
})

describe('many reservations with ends', () => {
  it('expire each at its own time', async () => {
    const { account } = await openAccount(5_000)
    const startMs = Date.now() + hourMs
    for (const n of [3, 1, 2]) {
      await reserveOrFail(account, n * 100, { expiresAtMs: startMs + n })
    }
    await account.flush()
    const balances: number[] = []
    for (const n of [0, 1, 2, 3]) {
      await ringAt(account, startMs + n)
      balances.push(await account.balance())
    }
    expect(balances).toEqual([4_400, 4_500, 4_700, 5_000])
  })

  it('all expire, however many are due at once', async () => {
    const { account } = await openAccount(5_000)
    const expiresAtMs = Date.now() + hourMs
    await runInDurableObject(account, (instance) => {
      for (let n = 0; n < 250; n += 1) {
        const amount = createAmount(1)
        const operationType = 'dataset_upload' as const
        instance.reserve({ operationId: `many-${n}`, operationType, amount, expiresAtMs })
      }
    })
    await ringAt(account, expiresAtMs)
    await runDurableObjectAlarm(account)
    expect(await account.balance()).toBe(5_000)
  })
})

describe('a reservation without an end', () => {
  it('never expires', async () => {
    const { account } = await openAccount(5_000)
    const reservationId = await reserveOrFail(account, 1_000)
    await account.flush()
    await ringAt(account, Date.now() + 1_000 * 24 * hourMs)
    expect(await account.reservation(reservationId)).toMatchObject({ ending: null })
    expect(await account.balance()).toBe(4_000)
  })
})
