import { describe, expect, it } from 'vitest'
import { createAmount } from '../../../src/ledger/amounts.ts'
import { createAccount, createReserved, upload } from './memory-account.ts'

describe('a reservation', () => {
  it('takes its amount at once and waits', () => {
    const { account, reservationId } = createReserved()
    expect(account.entries[1]).toMatchObject({
      id: reservationId,
      reservationId,
      operationType: 'dataset_upload',
      operationId: 'upload-1',
      amount: -650,
      balanceBefore: 1_000,
      balanceAfter: 350,
      status: 'pending',
      description: 'Token reservation for dataset_upload: upload-1',
    })
  })

  it('may take the last thousandth and not one more', () => {
    expect(createAccount().reserve({ ...upload, amount: createAmount(1_000) }).ok).toBe(true)
    expect(createAccount().reserve({ ...upload, amount: createAmount(1_001) })).toEqual({
      ok: false,
      code: 'tokens.insufficient',
      required: 1_001,
      balance: 1_000,
      shortfall: 1,
    })
  })

  it('that is denied is on record, with what was asked and what was there, and moves nothing', () => {
    const account = createAccount()
    account.reserve({ ...upload, amount: createAmount(2_000) })
    expect(account.entries[1]).toMatchObject({
      amount: -2_000,
      balanceBefore: 1_000,
      balanceAfter: 1_000,
      status: 'aborted',
      reservationId: null,
      description:
        'Token reservation for dataset_upload: upload-1 - Denied: 2 tokens required, balance 1 tokens',
    })
  })

  it('that was denied can be tried again under its id after a recharge', () => {
    const account = createAccount()
    const wanted = { ...upload, amount: createAmount(2_000) }
    account.reserve(wanted)
    account.credit({ operationId: 'recharge', amount: createAmount(1_000), description: '' })
    expect(account.reserve(wanted)).toMatchObject({ ok: true, balance: 0, replayed: false })
  })

  it('that was denied is denied and recorded again when nothing changed', () => {
    const account = createAccount()
    const wanted = { ...upload, amount: createAmount(2_000) }
    expect(account.reserve(wanted)).toEqual(account.reserve(wanted))
    expect(account.entries.map(({ status }) => status)).toEqual(['completed', 'aborted', 'aborted'])
  })

  it.each([0, -650, 0.5, Number.NaN])('of %d thousandths is refused', (amount) => {
    const account = createAccount()
    const answer = account.reserve({ ...upload, amount: amount as never })
    expect(answer).toMatchObject({ ok: false, code: 'amount.invalid' })
    expect(account.entries).toHaveLength(1)
  })
})

describe('settling', () => {
  it('for all that was reserved confirms the reservation and refunds nothing', () => {
    const { account, reservationId } = createReserved()
    expect(account.settle({ reservationId, spent: createAmount(650) })).toEqual({
      ok: true,
      balance: 350,
      spent: 650,
      refunded: 0,
      replayed: false,
    })
    expect(account.entries).toHaveLength(2)
    expect(account.entries[1]).toMatchObject({
      status: 'completed',
      version: 2,
      description: 'Token reservation for dataset_upload: upload-1 - Operation confirmed',
    })
  })

  it('for less refunds the rest in an entry of its own', () => {
    const { account, reservationId } = createReserved()
    account.settle({ reservationId, spent: createAmount(400) })
    expect(account.entries[1]).toMatchObject({ amount: -650, status: 'completed' })
    expect(account.entries[2]).toMatchObject({
      operationType: 'refund',
      operationId: 'upload-1',
      reservationId,
      amount: 250,
      balanceBefore: 350,
      balanceAfter: 600,
      status: 'completed',
      description: 'Token refund for dataset_upload: upload-1',
    })
  })

  it('for nothing is to release', () => {
    const settled = createReserved()
    const released = createReserved()
    settled.account.settle({ reservationId: settled.reservationId, spent: createAmount(0) })
    released.account.release({ reservationId: released.reservationId })
    expect(settled.account.entries).toEqual(released.account.entries)
  })

  it.each([-1, 651, 0.5, Number.NaN])('for %d of 650 thousandths is refused', (spent) => {
    const { account, reservationId } = createReserved()
    const answer = account.settle({ reservationId, spent: spent as never })
    expect(answer).toMatchObject({ ok: false, code: 'amount.invalid' })
    expect(account.entries[1]?.status).toBe('pending')
  })

  it('keeps what was spent or recharged in the meantime', () => {
    const { account, reservationId } = createReserved()
    account.reserve({ ...upload, operationId: 'upload-2', amount: createAmount(300) })
    account.credit({ operationId: 'recharge', amount: createAmount(10), description: '' })
    expect(account.release({ reservationId })).toMatchObject({ balance: 710, refunded: 650 })
  })
})

describe('releasing', () => {
  it.each([
    [undefined, 'Refunded due to operation failure'],
    ['Refunded because the inference was aborted', 'Refunded because the inference was aborted'],
  ])('for the reason %s refunds everything and says so', (reason, words) => {
    const { account, reservationId } = createReserved()
    account.release({ reservationId, ...(reason === undefined ? {} : { reason }) })
    expect(account.balance).toBe(1_000)
    expect(account.entries[1]).toMatchObject({
      status: 'refunded',
      version: 2,
      description: `Token reservation for dataset_upload: upload-1 - ${words}`,
    })
    expect(account.entries[2]).toMatchObject({
      operationType: 'refund',
      amount: 650,
      reservationId,
    })
  })
})

describe('a reservation that has ended', () => {
  it.each(['settle', 'release'] as const)('answers the same %s again as the first time', (kind) => {
    const { account, reservationId } = createReserved()
    const end = () => account[kind]({ reservationId, spent: createAmount(400) })
    const first = end()
    account.credit({ operationId: 'recharge', amount: createAmount(5), description: '' })
    expect(end()).toEqual({ ...first, replayed: true })
  })

  it('tells how it ended to whoever wants it to end otherwise', () => {
    const { account, reservationId } = createReserved()
    account.settle({ reservationId, spent: createAmount(400) })
    const ended = {
      ok: false,
      code: 'reservation.already_ended',
      reservationId,
      endedAs: 'settled',
      spent: 400,
      refunded: 250,
    }
    expect(account.release({ reservationId })).toEqual(ended)
    expect(account.settle({ reservationId, spent: createAmount(401) })).toEqual(ended)
    expect(account.balance).toBe(600)
  })

  it('by expiry cannot be paid any more', () => {
    const { account, reservationId } = createReserved()
    expect(account.expire(reservationId)).toMatchObject({ ok: true, refunded: 650 })
    const late = account.settle({ reservationId, spent: createAmount(650) })
    expect(late).toMatchObject({ code: 'reservation.already_ended', endedAs: 'expired', spent: 0 })
    expect(account.balance).toBe(1_000)
  })

  it('is not mistaken for one that never was', () => {
    const answer = createAccount().release({ reservationId: 'nobody' })
    expect(answer).toEqual({
      ok: false,
      code: 'reservation.not_found',
      reservationId: 'nobody',
    })
  })
})
