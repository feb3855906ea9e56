import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAmount } from '../../src/ledger/amounts.ts'
import {
  readEntries,
  readProjectedAccount,
  readProjection,
} from '../ledger/account/account-fixtures.ts'
import { forgetEverything } from '../support/forget.ts'
import { allSucceed, deliver, startWith } from '../support/inferences.ts'
import { balanceOf, services, type TestUser } from '../support/world.ts'
import { change, context, day, findingsOf, hour, later, reconcile } from './reconcile-world.ts'

let mario: TestUser
let inferenceId: string
let reservationId: string

const account = () => env.TOKEN_ACCOUNTS.getByName(mario.id)

beforeAll(forgetEverything)

/** A user whose inference over two pictures has ended and is paid. */
beforeEach(async () => {
  const { mario: user, started } = await startWith(2)
  mario = user
  inferenceId = started.id
  await deliver(allSucceed, started.messages)
  await services.ledger.flush(mario.id)
  const row = await env.DB.prepare('SELECT reservation_id AS id FROM inferences WHERE id = ?')
    .bind(inferenceId)
    .first<{ id: string }>()
  reservationId = row?.id ?? ''
})

/** The uploads of these fixtures were never paid for. */
const ofMario = async (using = context) => {
  const { findings } = await reconcile(using)
  const his = [mario.id, inferenceId, reservationId]
  return findings.filter(
    ({ ids, message }) => ids.some((id) => his.includes(id)) || message.includes(mario.id),
  )
}

async function expectProjectionRight() {
  expect(await readProjection(mario.id)).toEqual(await readEntries(account()))
  const { balance, entries } = await services.ledger.statement(mario.id, { limit: 1 })
  expect(await readProjectedAccount(mario.id)).toEqual({ balance, version: entries[0]?.sequence })
}

describe('a reconciliation of accounts', () => {
  it('finds nothing where everything is right, and counts what it looked at', async () => {
    expect(await ofMario()).toEqual([])
    const { row } = await reconcile()
    expect(row.accountsChecked).toBeGreaterThan(0)
    expect(row).toMatchObject({ state: 'COMPLETED', leaseId: null, leaseUntil: null })
  })

  it.each([
    ['that are gone', 'DELETE FROM token_transactions WHERE user_id = ?1'],
    [
      'that are old',
      "UPDATE token_transactions SET version = 1, status = 'pending' WHERE user_id = ?1 AND version > 1",
    ],
    [
      'whose amount was altered',
      'UPDATE token_transactions SET amount = amount + 1 WHERE user_id = ?1',
    ],
    [
      'whose owner was altered',
      "UPDATE token_transactions SET user_id = 'nobody' WHERE user_id = ?1",
    ],
  ])('writes transactions %s as the account has them', async (_what, sql) => {
    await change(sql, mario.id)
    expect(await ofMario()).toEqual([
      expect.objectContaining({ code: 'projection.entries_wrong', repaired: true }),
    ])
    await expectProjectionRight()
    expect(await ofMario()).toEqual([])
  })

  it.each([
    ['is gone', 'DELETE FROM token_accounts WHERE user_id = ?1'],
    ['was altered', 'UPDATE token_accounts SET balance = 1 WHERE user_id = ?1'],
    ['is of another time', 'UPDATE token_accounts SET balance = 1, version = 1 WHERE user_id = ?1'],
    ['is ahead of the account', 'UPDATE token_accounts SET version = 99 WHERE user_id = ?1'],
  ])('writes a balance that %s as the account has it', async (_what, sql) => {
    await change(sql, mario.id)
    expect(await ofMario()).toEqual([
      expect.objectContaining({ code: 'projection.balance_wrong', repaired: true, count: 1 }),
    ])
    await expectProjectionRight()
    expect(await ofMario()).toEqual([])
  })

  it('tells transactions that no account knows, and leaves them where they are', async () => {
    const id = crypto.randomUUID()
    await change(
      `INSERT INTO token_transactions SELECT ?2, user_id, 99, operation_type, operation_id, reservation_id,
         amount, balance_before, balance_after, status, description, version, created_at
       FROM token_transactions WHERE user_id = ?1 AND sequence = 1`,
      mario.id,
      id,
    )
    const known = { code: 'projection.entries_unknown', repaired: false, ids: [id] }
    expect(await ofMario()).toEqual([expect.objectContaining(known)])
    expect(await ofMario()).toEqual([expect.objectContaining(known)])
  })

  it('tells an account whose own books do not add up, and by how much', async () => {
    await runInDurableObject(account(), (_, { storage }) => {
      storage.sql.exec('UPDATE account SET balance = balance + 5000')
    })
    expect(await ofMario()).toContainEqual({
      code: 'account.books_wrong',
      repaired: false,
      count: 1,
      ids: [mario.id],
      message: expect.stringContaining('the balance is 99.5 and the entries add up to 94.5'),
    })
    expect(await balanceOf(mario)).toBe(99.5)
  })

  it('settles a reservation that is open though its inference is called settled', async () => {
    const { mario: luigi, started } = await startWith(2)
    await change(
      `UPDATE inferences SET state = 'COMPLETED', spent = 2750, ended_at = ?2, settled_at = ?2 WHERE id = ?1`,
      started.id,
      Date.now(),
    )
    await services.ledger.flush(luigi.id)
    const { findings } = await reconcile()
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'reservation.open', repaired: true, count: 1 }),
    )
    expect(await balanceOf(luigi)).toBe(100 - 2.75)
    const { findings: after } = await reconcile()
    expect(after.filter(({ code }) => code === 'reservation.open')).toEqual([])
  })

  it('tells an inference that was charged otherwise than its row says, and changes neither', async () => {
    await change('UPDATE inferences SET spent = 0 WHERE id = ?1', inferenceId)
    expect(await ofMario()).toEqual([
      expect.objectContaining({
        code: 'reservation.ended_otherwise',
        repaired: false,
        ids: [reservationId],
        message: expect.stringContaining('was settled for 5.5 tokens, and its work costs 0'),
      }),
    ])
    expect(await balanceOf(mario)).toBe(94.5)
  })

  it('tells what was paid for nothing', async () => {
    await change('DELETE FROM inferences WHERE id = ?1', inferenceId)
    expect(await ofMario()).toEqual([
      expect.objectContaining({ code: 'reservation.paid_for_nothing', ids: [reservationId] }),
    ])
  })

  it('tells an inference whose reservation is on nobody’s books', async () => {
    await change("UPDATE inferences SET reservation_id = 'lost' WHERE id = ?1", inferenceId)
    expect(await ofMario(later(2 * hour))).toContainEqual(
      expect.objectContaining({ code: 'inference.without_reservation', ids: [inferenceId] }),
    )
  })

  it('leaves alone what is still going on, and tells it when it should have ended long ago', async () => {
    const { mario: luigi } = await startWith(1)
    await services.ledger.flush(luigi.id)
    const reserved = await services.ledger.reserve(luigi.id, {
      operationId: `dataset_upload_${crypto.randomUUID()}`,
      operationType: 'dataset_upload',
      amount: createAmount(1000),
    })
    if (!reserved.ok) throw new Error(reserved.code)
    expect(await findingsOf([luigi.id, reserved.reservationId])).toEqual([])
    expect(await findingsOf([reserved.reservationId], later(2 * day))).toEqual([
      expect.objectContaining({ code: 'reservation.open', repaired: false }),
    ])
  })

  it('goes on past an account that cannot be reached, and names it', async () => {
    const ledger = {
      ...services.ledger,
      inspect: (userId: string, query: { afterSequence: number; limit: number }) =>
        userId === mario.id
          ? Promise.reject(new Error('the object is overloaded'))
          : services.ledger.inspect(userId, query),
    }
    expect(await ofMario(later(0, { ledger }))).toEqual([
      expect.objectContaining({ code: 'account.unavailable', repaired: false, ids: [mario.id] }),
    ])
  })

  it('adds up an account of hundreds of entries, page by page', async () => {
    for (let number = 0; number < 12; number += 1) {
      await Promise.all(
        Array.from({ length: 50 }, () =>
          services.ledger.credit(mario.id, {
            operationId: crypto.randomUUID(),
            amount: createAmount(1),
            description: 'One thousandth',
          }),
        ),
      )
    }
    await services.ledger.flush(mario.id)
    await change(
      'DELETE FROM token_transactions WHERE user_id = ?1 AND sequence IN (7, 500, 601)',
      mario.id,
    )
    const findings = await ofMario()
    expect(findings.every(({ repaired }) => repaired)).toBe(true)
    expect(findings.reduce((total, { count }) => total + count, 0)).toBe(3)
    await expectProjectionRight()
    expect(await ofMario()).toEqual([])
  })
})
