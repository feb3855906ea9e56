import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { TokenAccountOutbox } from '../../../src/ledger/account/token-account.outbox.ts'
import { TokenAccountStore } from '../../../src/ledger/account/token-account.store.ts'
import { createAmount } from '../../../src/ledger/amounts.ts'
import { openAccount, readEntries, reserveOrFail } from './account-fixtures.ts'
import { sumOfMovingEntries } from './memory-account.ts'

const upload = { operationType: 'dataset_upload', amount: createAmount(1_000) } as const

describe('a token account under parallel requests', () => {
  it('grants 5 of 24 reservations on a balance for 5, and ends at zero', async () => {
    const { account } = await openAccount(5_000)
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) =>
        account.reserve({ ...upload, operationId: `parallel-${n}` }),
      ),
    )
    expect(answers.filter(({ ok }) => ok)).toHaveLength(5)
    expect(await account.balance()).toBe(0)
    const entries = await readEntries(account)
    expect(entries.filter(({ status }) => status === 'pending')).toHaveLength(5)
    expect(entries.filter(({ status }) => status === 'aborted')).toHaveLength(19)
  })

  it('charges an operation once that is sent 20 times at the same moment', async () => {
    const { account } = await openAccount(50_000)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => account.reserve({ ...upload, operationId: 'same' })),
    )
    const ids = answers.map((answer) => answer.ok && answer.reservationId)
    expect(new Set(ids).size).toBe(1)
    expect(answers.filter((answer) => answer.ok && !answer.replayed)).toHaveLength(1)
    expect(await account.balance()).toBe(49_000)
  })

  it('ends a reservation once when settling and releasing race', async () => {
    const { account } = await openAccount(5_000)
    const reservationId = await reserveOrFail(account, 1_000)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        n % 2 === 0
          ? account.release({ reservationId })
          : account.settle({ reservationId, spent: createAmount(700) }),
      ),
    )
    const first = answers.filter((answer) => answer.ok && !answer.replayed)
    expect(first).toHaveLength(1)
    const refunds = (await readEntries(account)).filter(
      ({ operationType }) => operationType === 'refund',
    )
    expect(refunds).toHaveLength(1)
  })

  it('opens once, whoever comes first', async () => {
    const { account } = await openAccount(5_000)
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        account.open({ operationId: `again-${n}`, amount: createAmount(5_000), description: '' }),
      ),
    )
    expect(answers.every((answer) => !answer.ok && answer.code === 'account.already_open')).toBe(
      true,
    )
    expect(await account.balance()).toBe(5_000)
  })
})

describe('a token account that was thrown out of memory', () => {
  it('still has its balance, entries, reservations and first answers', async () => {
    const { account } = await openAccount(5_000)
    const first = await account.reserve({ ...upload, operationId: 'kept' })
    const reservationId = await reserveOrFail(account, 500)
    await account.settle({ reservationId, spent: createAmount(100) })
    const before = await account.statement({ limit: 100 })

    await evictDurableObject(account)

    expect(await account.statement({ limit: 100 })).toEqual(before)
    expect(await account.reserve({ ...upload, operationId: 'kept' })).toEqual({
      ...first,
      replayed: true,
    })
    expect(await account.reservation(reservationId)).toMatchObject({
      amount: 500,
      ending: { how: 'settled', spent: 100, refunded: 400 },
    })
  })

  it('is still closed', async () => {
    const { account } = await openAccount(5_000)
    await account.close({ operationId: 'close' })
    await evictDurableObject(account)
    const answer = await account.reserve({ ...upload, operationId: 'late' })
    expect(answer).toEqual({ ok: false, code: 'account.closed' })
  })
})

describe('a statement', () => {
  it('gives as many entries as asked, newest first, with the balance they lead to', async () => {
    const { account } = await openAccount(5_000)
    await reserveOrFail(account, 100)
    await reserveOrFail(account, 200)
    const { balance, entries } = await account.statement({ limit: 2 })
    expect(entries.map(({ sequence, amount }) => [sequence, amount])).toEqual([
      [3, -200],
      [2, -100],
    ])
    expect(entries[0]?.balanceAfter).toBe(balance)
  })

  it.each([
    [0, 1],
    [-3, 1],
    [2.9, 2],
    [5_000, 3],
  ])('asked for %d entries gives %d of 3', async (limit, count) => {
    const { account } = await openAccount(5_000)
    await reserveOrFail(account, 100)
    await reserveOrFail(account, 200)
    expect((await account.statement({ limit })).entries).toHaveLength(count)
  })

  it('of an account that nobody opened is empty', async () => {
    const account = env.TOKEN_ACCOUNTS.getByName(crypto.randomUUID())
    expect(await account.statement({ limit: 10 })).toEqual({ balance: 0, entries: [] })
  })
})

describe('an account with a history of 100000 entries', () => {
  it('reads no more than a handful of rows for anything it is asked', async () => {
    const { account } = await openAccount(1_000)
    await account.flush()
    const rowsRead = await runInDurableObject(account, (_, { storage: { sql } }) => {
      sql.exec(`
        WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        INSERT INTO entries SELECT i, 'old-' || i, 'inference', 'operation-' || i, 'old-' || i, 0,
          1000, 1000, 'completed', 'Old', 2, 0 FROM n;
        INSERT INTO reservations SELECT id, 'inference', operation_id, 1, 5, '{}' FROM entries;
        INSERT INTO operations SELECT operation_id, '[]', '{}' FROM entries WHERE id LIKE 'old-%';
      `)
      const cursors: { rowsRead: number }[] = []
      const counted = {
        exec(query: string, ...bindings: unknown[]) {
          const cursor = sql.exec(query, ...bindings)
          cursors.push(cursor)
          return cursor
        },
      } as SqlStorage
      const outbox = new TokenAccountOutbox(counted)
      const store = new TokenAccountStore(counted, outbox)
      expect(store.listEntries(10)).toHaveLength(10)
      expect(store.findOperation('operation-5000')).not.toBeNull()
      expect(store.findHeld('old-5000')).not.toBeNull()
      expect(store.listExpired(1_000, 100)).toEqual([])
      expect(store.findNextExpiry()).toBeNull()
      expect(outbox.list(100)).toEqual([])
      store.readAccount()
      return cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0)
    })
    expect(rowsRead).toBeGreaterThan(10)
    expect(rowsRead).toBeLessThan(25)
  })
})

describe('a refusal', () => {
  it('crosses to the caller whole', async () => {
    const { account } = await openAccount(500)
    const answer = await account.reserve({ ...upload, operationId: 'dear' })
    expect(answer).toEqual({
      ok: false,
      code: 'tokens.insufficient',
      required: 1_000,
      balance: 500,
      shortfall: 500,
    })
    expect(sumOfMovingEntries(await readEntries(account))).toBe(500)
  })
})
