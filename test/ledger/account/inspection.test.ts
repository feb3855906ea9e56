import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createAmount } from '../../../src/ledger/amounts.ts'
import { overwriteAccount, overwriteEntriesOf } from '../../../src/ledger/ledger.projection.ts'
import {
  database,
  openAccount,
  readEntries,
  readProjectedAccount,
  readProjection,
  replaceMeans,
  reserveOrFail,
  silentLogger,
} from './account-fixtures.ts'

const deaf = { deliver: () => Promise.reject(new Error('the database is down')) }

describe('whoever checks an account’s books', () => {
  it('gets every entry once, a page at a time, with how each reservation ended', async () => {
    const { account } = await openAccount(10_000)
    const open = await reserveOrFail(account, 1_000)
    const settled = await reserveOrFail(account, 4_000)
    await account.settle({ reservationId: settled, spent: createAmount(1_500) })

    const first = await account.inspect({ afterSequence: 0, limit: 2 })
    const rest = await account.inspect({ afterSequence: 2, limit: 100 })
    expect([...first.entries, ...rest.entries]).toEqual(await readEntries(account))
    expect(first.endings).toEqual({ [open]: null })
    expect(rest.endings).toEqual({
      [settled]: expect.objectContaining({ how: 'settled', spent: 1_500, refunded: 2_500 }),
    })
    expect(rest.account).toMatchObject({ balance: 7_500, lastSequence: 4 })
    expect(rest.pendingAmount).toBe(1_000)
    expect((await account.inspect({ afterSequence: 4, limit: 100 })).entries).toEqual([])
  })

  it('is told what the projection still lacks, and since when', async () => {
    const { account } = await openAccount(10_000)
    await account.flush()
    expect(await account.outbox()).toEqual({ waiting: 0, oldestAtMs: null, failures: 0 })

    await replaceMeans(account, { projection: deaf, logger: silentLogger })
    const beforeMs = Date.now()
    const reservationId = await reserveOrFail(account, 1_000)
    await account.flush()
    const outbox = await account.outbox()
    expect(outbox).toMatchObject({ waiting: 1 })
    expect(outbox.failures).toBeGreaterThan(0)
    expect(outbox.oldestAtMs).toBeGreaterThanOrEqual(beforeMs)
    const { undelivered } = await account.inspect({ afterSequence: 0, limit: 10 })
    expect(undelivered).toEqual([reservationId])
  })
})

describe('a projection that is written over', () => {
  it('says again what the account says, where rows are gone, old or altered', async () => {
    const { userId, account } = await openAccount(10_000)
    const reservationId = await reserveOrFail(account, 1_000)
    await account.settle({ reservationId, spent: createAmount(400) })
    await account.flush()
    const entries = await readEntries(account)
    const [grant, reserved, refund] = entries.map(({ id }) => id)
    await env.DB.batch([
      env.DB.prepare('DELETE FROM token_transactions WHERE id = ?').bind(grant),
      env.DB.prepare(
        "UPDATE token_transactions SET version = 1, status = 'pending' WHERE id = ?",
      ).bind(reserved),
      env.DB.prepare('UPDATE token_transactions SET amount = 999999 WHERE id = ?').bind(refund),
    ])
    await overwriteEntriesOf(database, { userId, entries })
    await overwriteEntriesOf(database, { userId, entries })
    expect(await readProjection(userId)).toEqual(entries)
  })

  it('keeps what is newer than what it is told', async () => {
    const { userId, account } = await openAccount(10_000)
    const reservationId = await reserveOrFail(account, 1_000)
    const old = await readEntries(account)
    await account.settle({ reservationId, spent: createAmount(400) })
    await account.flush()
    await overwriteEntriesOf(database, { userId, entries: old })
    expect(await readProjection(userId)).toEqual(await readEntries(account))

    const change = { userId, balance: createAmount(1), version: 1, nowMs: Date.now() }
    await overwriteAccount(database, { ...change, seenVersion: 2 })
    await overwriteAccount(database, { ...change, seenVersion: null })
    expect(await readProjectedAccount(userId)).toEqual({ balance: 9_600, version: 3 })
  })
})
