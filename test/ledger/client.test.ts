import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createAmount } from '../../src/ledger/amounts.ts'
import { createLedgerClient } from '../../src/ledger/ledger.client.ts'
import { createRefusalError, type ledgerErrors } from '../../src/ledger/ledger.errors.ts'
import type {
  InsufficientRefusal,
  Refusal,
  ReserveAnswer,
  ReserveCommand,
} from '../../src/ledger/ledger.model.ts'
import { ApiError } from '../../src/shared/errors.ts'

const ledger = createLedgerClient(env.TOKEN_ACCOUNTS)

async function openUser(thousandths: number) {
  const userId = crypto.randomUUID()
  const amount = createAmount(thousandths)
  await ledger.open(userId, { operationId: 'open', amount, description: 'Initial grant' })
  return userId
}

const upload = {
  operationId: 'upload-1',
  operationType: 'dataset_upload',
  amount: createAmount(650),
} as const

describe('the ledger', () => {
  it('takes a user from grant to refund', async () => {
    const userId = await openUser(1_000)
    const { reservationId, balance } = await ledger.reserveOrThrow(userId, upload)
    expect(balance).toBe(350)
    expect(await ledger.reservation(userId, reservationId)).toMatchObject({ ending: null })
    expect(await ledger.settle(userId, { reservationId, spent: createAmount(250) })).toEqual({
      ok: true,
      balance: 750,
      spent: 250,
      refunded: 400,
      replayed: false,
    })
    expect(await ledger.balance(userId)).toBe(750)
    expect((await ledger.statement(userId, { limit: 10 })).entries).toHaveLength(3)
    expect(await ledger.flush(userId)).toEqual({ ok: true })
    expect(await ledger.close(userId, { operationId: 'close' })).toMatchObject({ ok: true })
  })

  it('keeps the accounts of two users apart, even under the same operation id', async () => {
    const [one, two] = await Promise.all([openUser(1_000), openUser(5_000)])
    const first = await ledger.reserveOrThrow(one, upload)
    const second = await ledger.reserveOrThrow(two, upload)
    expect([first.balance, second.balance]).toEqual([350, 4_350])
    const stolen = await ledger.release(two, { reservationId: first.reservationId })
    expect(stolen).toMatchObject({ ok: false, code: 'reservation.not_found' })
  })
})

describe('a user without enough tokens', () => {
  it('is told in the original’s words what is required, what is there and what is missing', async () => {
    const userId = await openUser(500)
    const denied = ledger.reserveOrThrow(userId, upload)
    await expect(denied).rejects.toMatchObject({
      code: 'tokens.insufficient',
      status: 401,
      message:
        'Insufficient tokens. Required: 0.65 tokens, Current balance: 0.5 tokens, Shortfall: 0.15 tokens',
      details: { required: 0.65, balance: 0.5, shortfall: 0.15 },
    })
  })

  it('and with none at all, is told whom to ask', async () => {
    const userId = await openUser(0)
    await expect(ledger.reserveOrThrow(userId, upload)).rejects.toMatchObject({
      code: 'tokens.insufficient',
      status: 401,
      message:
        'Your current token balance is 0 tokens. You need tokens to perform this operation. Please contact an administrator to recharge your account.',
      details: { required: 0.65, balance: 0, shortfall: 0.65 },
    })
  })
})

describe('an account object that cannot be reached', () => {
  type Marks = { retryable?: boolean; overloaded?: boolean }

  /** The real accounts behind a line that breaks, before or after the account has done its work. */
  function createBreaking(marks: Marks, times: number, when: 'before' | 'after') {
    const state = { calls: 0, pauses: [] as number[] }
    const breakLine = () => {
      throw Object.assign(new Error('The line broke'), marks)
    }
    const breaking = createLedgerClient(
      {
        getByName(name) {
          const account = env.TOKEN_ACCOUNTS.getByName(name)
          const reserve = async (command: ReserveCommand): Promise<ReserveAnswer> => {
            state.calls += 1
            const breaks = state.calls <= times
            if (breaks && when === 'before') breakLine()
            const answer = await account.reserve(command)
            if (breaks) breakLine()
            return answer
          }
          return Object.assign(Object.create(account), { reserve })
        },
      },
      async (ms) => {
        state.pauses.push(ms)
      },
    )
    return { breaking, state }
  }

  it.each<[Marks, 'before' | 'after']>([
    [{ retryable: true }, 'before'],
    [{ retryable: true }, 'after'],
    [{ overloaded: true }, 'before'],
  ])('for a moment (%o, %s the work) is asked again, and charges once', async (marks, when) => {
    const userId = await openUser(1_000)
    const { breaking, state } = createBreaking(marks, 3, when)
    const answer = await breaking.reserve(userId, upload)
    expect(answer).toMatchObject({ ok: true, balance: 350 })
    expect(await ledger.balance(userId)).toBe(350)
    expect(state.calls).toBe(4)
  })

  it('is asked after longer and longer pauses, a bounded number of times', async () => {
    const userId = await openUser(1_000)
    const { breaking, state } = createBreaking({ retryable: true }, 99, 'before')
    await expect(breaking.reserveOrThrow(userId, upload)).rejects.toMatchObject({
      code: 'tokens.unavailable',
      status: 503,
    })
    expect(state.calls).toBe(4)
    const within = state.pauses.map((ms, n) => ms >= 25 * 2 ** n && ms <= 75 * 2 ** n)
    expect(within).toEqual([true, true, true])
  })

  it('for a reason that repeating does not mend is asked once', async () => {
    const userId = await openUser(1_000)
    const { breaking, state } = createBreaking({}, 1, 'before')
    await expect(breaking.reserve(userId, upload)).rejects.toThrow('The line broke')
    expect(state.calls).toBe(1)
  })
})

describe('every refusal', () => {
  it.each<[Refusal | InsufficientRefusal, Parameters<typeof ledgerErrors.createError>[0], number]>([
    [{ ok: false, code: 'account.closed' }, 'tokens.account_closed', 409],
    [{ ok: false, code: 'account.already_open' }, 'tokens.account_already_open', 409],
    [{ ok: false, code: 'amount.invalid', problem: 'No' }, 'tokens.amount_invalid', 400],
    [{ ok: false, code: 'operation.conflict', operationId: 'a' }, 'tokens.operation_conflict', 409],
    [
      { ok: false, code: 'reservation.not_found', reservationId: 'r' },
      'tokens.reservation_not_found',
      404,
    ],
    [
      {
        ok: false,
        code: 'reservation.already_ended',
        reservationId: 'r',
        endedAs: 'settled',
        spent: createAmount(400),
        refunded: createAmount(250),
      },
      'tokens.reservation_already_ended',
      409,
    ],
    [
      {
        ok: false,
        code: 'tokens.insufficient',
        required: createAmount(2),
        balance: createAmount(1),
        shortfall: createAmount(1),
      },
      'tokens.insufficient',
      401,
    ],
  ])('%o is the error %s with the status %d', (refusal, code, status) => {
    const error = createRefusalError(refusal)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ code, status })
    expect(error.message).not.toMatch(/undefined|NaN/)
  })

  it('of a reservation that ended says how, with its figures in tokens', () => {
    const error = createRefusalError({
      ok: false,
      code: 'reservation.already_ended',
      reservationId: 'r',
      endedAs: 'settled',
      spent: createAmount(400),
      refunded: createAmount(250),
    })
    expect(error.message).toBe(
      'The reservation r was settled before: 0.4 tokens spent, 0.25 refunded.',
    )
    expect(error.details).toMatchObject({ endedAs: 'settled', spent: 0.4, refunded: 0.25 })
  })
})
