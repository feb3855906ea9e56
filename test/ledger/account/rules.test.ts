import { describe, expect, it } from 'vitest'
import { createAmount, tokenAmountMax } from '../../../src/ledger/amounts.ts'
import { createAccount, createReserved, grant, MemoryAccount, upload } from './memory-account.ts'

describe('opening an account', () => {
  it('posts the initial grant as an entry', () => {
    const { entries } = createAccount()
    expect(entries).toEqual([
      {
        id: 'id-1',
        sequence: 1,
        operationType: 'initial_grant',
        operationId: 'open',
        reservationId: null,
        amount: 1_000,
        balanceBefore: 0,
        balanceAfter: 1_000,
        status: 'completed',
        description: 'Initial grant',
        version: 1,
        createdAt: 1_000,
      },
    ])
  })

  it('grants once, even under another operation id', () => {
    const account = createAccount()
    const again = account.open({ ...grant, operationId: 'another' })
    expect(again).toEqual({ ok: false, code: 'account.already_open' })
    expect(account.balance).toBe(1_000)
  })

  it('with nothing leaves an entry of nothing', () => {
    const account = new MemoryAccount()
    expect(account.open({ ...grant, amount: createAmount(0) })).toMatchObject({
      ok: true,
      balance: 0,
    })
    expect(account.entries).toHaveLength(1)
  })
})

describe('a recharge', () => {
  it('is added to the balance in the words of its caller', () => {
    const account = createAccount()
    const description = 'Admin recharge by admin@system.com: +10.5 tokens'
    account.credit({ operationId: 'recharge', amount: createAmount(10_500), description })
    expect(account.entries[1]).toMatchObject({
      operationType: 'admin_recharge',
      amount: 10_500,
      balanceBefore: 1_000,
      balanceAfter: 11_500,
      status: 'completed',
      description,
    })
  })

  it.each([0, -1, 0.5, Number.NaN, Number.MAX_SAFE_INTEGER])(
    'of %d thousandths is refused',
    (amount) => {
      const account = createAccount()
      const answer = account.credit({ operationId: 'x', amount: amount as never, description: '' })
      expect(answer).toMatchObject({ ok: false, code: 'amount.invalid' })
      expect(account.entries).toHaveLength(1)
    },
  )

  it('never makes an account too full for its own refunds', () => {
    const { account, reservationId } = createReserved()
    const room = tokenAmountMax - 1_000
    const full = { operationId: 'fill', amount: createAmount(room + 1), description: '' }
    expect(account.credit(full)).toMatchObject({ ok: false, code: 'amount.invalid' })
    expect(account.credit({ ...full, amount: createAmount(room) }).ok).toBe(true)
    expect(account.release({ reservationId })).toMatchObject({ ok: true, balance: tokenAmountMax })
  })
})

describe('an operation id', () => {
  it('gets its first answer again, as it was then', () => {
    const { account, reservationId } = createReserved()
    account.release({ reservationId })
    const again = account.reserve(upload)
    expect(again).toEqual({ ok: true, reservationId, balance: 350, replayed: true })
    expect(account.balance).toBe(1_000)
  })

  it.each<[string, (account: MemoryAccount) => unknown]>([
    ['another amount', (it) => it.reserve({ ...upload, amount: createAmount(1) })],
    ['another purpose', (it) => it.reserve({ ...upload, operationType: 'inference' })],
    ['another expiry', (it) => it.reserve({ ...upload, expiresAtMs: 5 })],
    ['another kind of operation', (it) => it.credit({ ...upload, description: '' })],
    ['a closing', (it) => it.close({ operationId: 'upload-1' })],
  ])('is refused with %s', (_, ask) => {
    const { account } = createReserved()
    const answer = ask(account)
    expect(answer).toEqual({ ok: false, code: 'operation.conflict', operationId: 'upload-1' })
    expect(account.balance).toBe(350)
  })
})

describe('a closed account', () => {
  function createClosed() {
    const { account, reservationId } = createReserved()
    account.close({ operationId: 'close' })
    return { account, reservationId }
  }

  it.each<[string, (account: MemoryAccount) => unknown]>([
    ['recharges', (it) => it.credit({ ...grant, operationId: 'recharge' })],
    ['reservations', (it) => it.reserve({ ...upload, operationId: 'upload-2' })],
    ['a second closing', (it) => it.close({ operationId: 'close-2' })],
    ['an opening', (it) => it.open({ ...grant, operationId: 'open-2' })],
  ])('refuses %s', (_, ask) => {
    expect(ask(createClosed().account)).toEqual({ ok: false, code: 'account.closed' })
  })

  it('still answers repeated operations', () => {
    const { account } = createClosed()
    expect(account.reserve(upload)).toMatchObject({ ok: true, replayed: true })
    expect(account.close({ operationId: 'close' })).toEqual({
      ok: true,
      balance: 350,
      replayed: true,
    })
  })

  it('lets running reservations end', () => {
    const { account, reservationId } = createClosed()
    expect(account.settle({ reservationId, spent: createAmount(600) })).toMatchObject({
      ok: true,
      balance: 400,
    })
  })
})
