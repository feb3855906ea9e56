import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { createAmount } from '../../src/ledger/amounts.ts'
import { formatTransactionForApi } from '../../src/ledger/ledger.format.ts'
import type { Entry } from '../../src/ledger/ledger.model.ts'
import { createLedgerProjection } from '../../src/ledger/ledger.projection.ts'
import {
  findProjectedBalances,
  listPendingReservations,
  listTransactions,
} from '../../src/ledger/ledger.repository.ts'
import { createDatabase } from '../../src/shared/database.ts'
import { database } from './account/account-fixtures.ts'

const projection = createLedgerProjection(env.DB)

function createEntry(sequence: number, facts: Partial<Entry> = {}): Entry {
  return {
    id: crypto.randomUUID(),
    sequence,
    operationType: 'admin_recharge',
    operationId: `operation-${sequence}`,
    reservationId: null,
    amount: createAmount(1_000),
    balanceBefore: createAmount((sequence - 1) * 1_000),
    balanceAfter: createAmount(sequence * 1_000),
    status: 'completed',
    description: `Entry ${sequence}`,
    version: 1,
    createdAt: sequence,
    ...facts,
  }
}

/** Tells the projection of a new user's account. */
async function project(entries: readonly Entry[], thousandths = 0): Promise<string> {
  const userId = crypto.randomUUID()
  const lastSequence = entries.length
  const balance = createAmount(thousandths)
  await projection.deliver({ userId, balance, lastSequence, entries, nowMs: 1 })
  return userId
}

describe('the list of transactions', () => {
  it('comes newest first, in pages, with the number of all', async () => {
    const userId = await project([1, 2, 3, 4, 5].map((n) => createEntry(n)))
    const page = await listTransactions(database, { userId }, { page: 2, limit: 2 })
    expect(page.transactions.map(({ sequence }) => sequence)).toEqual([3, 2])
    expect(page.total).toBe(5)
  })

  it('keeps the account’s own order within one millisecond', async () => {
    const userId = await project([3, 1, 4, 2].map((n) => createEntry(n, { createdAt: 77 })))
    const { transactions } = await listTransactions(database, { userId }, { page: 1, limit: 10 })
    expect(transactions.map(({ sequence }) => sequence)).toEqual([4, 3, 2, 1])
  })

  it('is empty beyond its last page, and still tells the number of all', async () => {
    const userId = await project([createEntry(1)])
    const page = await listTransactions(database, { userId }, { page: 99, limit: 10 })
    expect(page).toEqual({ transactions: [], total: 1 })
  })

  it.each([
    [{ operationType: 'inference' }, [3, 2]],
    [{ status: 'pending' }, [4, 3]],
    [{ operationType: 'inference', status: 'pending' }, [3]],
    [{ operationType: 'refund' }, []],
    [{}, [4, 3, 2, 1]],
  ] as const)('filtered by %o shows those alone', async (filter, sequences) => {
    const userId = await project([
      createEntry(1),
      createEntry(2, { operationType: 'inference', status: 'completed' }),
      createEntry(3, { operationType: 'inference', status: 'pending' }),
      createEntry(4, { operationType: 'dataset_upload', status: 'pending' }),
    ])
    const page = await listTransactions(database, { userId, ...filter }, { page: 1, limit: 10 })
    expect(page.transactions.map(({ sequence }) => sequence)).toEqual(sequences)
    expect(page.total).toBe(sequences.length)
  })

  it('without a filter shows every user’s', async () => {
    const users = [await project([createEntry(1)]), await project([createEntry(1)])]
    const { transactions } = await listTransactions(database, {}, { page: 1, limit: 100 })
    const seen = new Set(transactions.map(({ userId }) => userId))
    expect(users.every((userId) => seen.has(userId))).toBe(true)
  })
})

describe('reservations that nobody has ended', () => {
  beforeEach(() => env.DB.exec('DELETE FROM token_transactions'))

  const wanted = { operationType: 'inference', createdBeforeMs: 50, limit: 10 } as const

  function createReservation(sequence: number, facts: Partial<Entry> = {}): Entry {
    const id = crypto.randomUUID()
    return createEntry(sequence, {
      id,
      reservationId: id,
      operationType: 'inference',
      status: 'pending',
      amount: createAmount(-2_750),
      ...facts,
    })
  }

  it('are found from before a time, the oldest first, with what the sweep needs', async () => {
    const older = createReservation(1, { createdAt: 20 })
    const newer = createReservation(2, { createdAt: 49 })
    const userId = await project([
      newer,
      older,
      createReservation(3, { createdAt: 50 }),
      createReservation(4, { createdAt: 10, status: 'completed' }),
      createReservation(5, { createdAt: 10, operationType: 'dataset_upload' }),
    ])
    const found = await listPendingReservations(database, wanted)
    expect(found).toEqual(
      [older, newer].map(({ id, operationId, createdAt }) => ({
        reservationId: id,
        userId,
        operationId,
        amount: 2_750,
        createdAt,
      })),
    )
    expect(await listPendingReservations(database, { ...wanted, limit: 1 })).toHaveLength(1)
  })

  it('are found by their own index, however long the history is', async () => {
    const asked: string[] = []
    const listening = {
      prepare(query: string) {
        asked.push(query)
        return env.DB.prepare(query)
      },
    } as D1Database
    await listPendingReservations(createDatabase(listening), wanted)
    const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${asked[0]}`)
      .bind(wanted.operationType, wanted.createdBeforeMs, wanted.limit)
      .all<{ detail: string }>()
    const details = plan.results.map(({ detail }) => detail).join('; ')
    expect(details).toContain('USING INDEX token_transactions_pending')
    expect(details).not.toContain('TEMP B-TREE')
  })
})

describe('the projected balances', () => {
  it('are found for hundreds of users at once; an account that has told none is missing', async () => {
    const users = [await project([createEntry(1)], 650), await project([createEntry(1)], 0)]
    const strangers = Array.from({ length: 300 }, () => crypto.randomUUID())
    const balances = await findProjectedBalances(database, [...strangers, ...users])
    expect(balances).toEqual(
      new Map([
        [users[0], 650],
        [users[1], 0],
      ]),
    )
  })

  it('of nobody are none', async () => {
    expect(await findProjectedBalances(database, [])).toEqual(new Map())
  })
})

describe('a transaction in the API', () => {
  it('has its amounts as numbers of tokens and its time in ISO 8601', () => {
    const entry = createEntry(1, {
      id: 'an-id',
      amount: createAmount(-650),
      balanceBefore: createAmount(95_050),
      balanceAfter: createAmount(94_400),
      createdAt: Date.UTC(2026, 10, 21, 6, 52, 35, 640),
    })
    expect(formatTransactionForApi(entry)).toEqual({
      id: 'an-id',
      operationType: 'admin_recharge',
      operationId: 'operation-1',
      amount: -0.65,
      balanceBefore: 95.05,
      balanceAfter: 94.4,
      status: 'completed',
      description: 'Entry 1',
      createdAt: '2026-11-21T06:52:35.640Z',
    })
  })
})
