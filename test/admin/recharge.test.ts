import { beforeAll, describe, expect, it } from 'vitest'
import { createAdministrator, createPerson, type Person, refusal } from '../support/people.ts'
import { ask, services } from '../support/world.ts'

let administrator: Person

beforeAll(async () => {
  administrator = await createAdministrator()
})

const recharge = (json: unknown, headers: Record<string, string> = {}) =>
  ask('POST', '/api/admin/user-tokens', { token: administrator.token, json, headers })

describe('a recharge', () => {
  it.each<[unknown, number]>([
    [200, 200],
    ['10.5', 10.5],
    [0.29, 0.29],
  ])('of %j adds exactly that', async (amount, added) => {
    const { user } = await createPerson({ tokens: 0.1 })
    const { status, body } = await recharge({ email: user.email.toUpperCase(), amount })
    expect(status).toBe(200)
    const newBalance = (100 + added * 1000) / 1000
    expect(body).toEqual({
      success: true,
      message: 'Tokens recharged successfully',
      data: { userEmail: user.email, amountAdded: added, newBalance },
    })
    expect(await services.ledger.balance(user.id)).toBe(newBalance * 1000)
  })

  it('is on record with who made it and how much', async () => {
    const { user, token } = await createPerson()
    await recharge({ email: user.email, amount: '10.5' })
    const { body } = await ask('GET', '/api/users/tokens', { token })
    expect(body.data.recentTransactions[0]).toMatchObject({
      operationType: 'admin_recharge',
      operationId: expect.stringMatching(`^admin_recharge_${administrator.user.id}_[0-9a-f-]{36}$`),
      amount: 10.5,
      description: `Admin recharge by ${administrator.user.email}: +10.5 tokens`,
    })
  })

  it('that sixteen requests make at once loses none of them', async () => {
    const { user } = await createPerson({ tokens: 0 })
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => recharge({ email: user.email, amount: 0.01 })),
    )
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(await services.ledger.balance(user.id)).toBe(160)
  })

  it('sent again with its idempotency key adds nothing and answers as before', async () => {
    const { user } = await createPerson({ tokens: 0 })
    const headers = { 'Idempotency-Key': 'invoice-2026-11' }
    const first = await recharge({ email: user.email, amount: 5 }, headers)
    await recharge({ email: user.email, amount: 1 })
    const again = await recharge({ email: user.email, amount: 5 }, headers)
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('Idempotency-Replayed')).toBe('true')
    expect(await services.ledger.balance(user.id)).toBe(6000)
  })

  it.each<[string, (email: string, other: string) => object]>([
    ['amount', (email) => ({ email, amount: 6 })],
    ['account', (_, email) => ({ email, amount: 5 })],
  ])('is refused when its idempotency key was used for another %s', async (_, change) => {
    const { user } = await createPerson({ tokens: 0 })
    const { user: anna } = await createPerson({ tokens: 0 })
    const headers = { 'Idempotency-Key': crypto.randomUUID() }
    await recharge({ email: user.email, amount: 5 }, headers)
    const { status, body } = await recharge(change(user.email, anna.email), headers)
    expect(status).toBe(422)
    expect(body.code).toBe('idempotency.key_reused')
    expect(await services.ledger.balance(user.id)).toBe(5000)
    expect(await services.ledger.balance(anna.id)).toBe(0)
  })
})

describe('a recharge is refused', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['without an amount', {}, 'Amount is required'],
    ['of nothing', { amount: 0 }, 'Amount must be greater than 0'],
    ['of three decimals', { amount: 1.234 }, 'Amount cannot have more than 2 decimal places'],
    [
      'beyond a million',
      { amount: 1_000_001 },
      'Amount too large. Maximum allowed is 1000000 tokens',
    ],
    [
      'below nothing',
      { amount: -5 },
      'Amount can only contain numbers and a single decimal point. Letters, commas, and other characters are not allowed',
    ],
  ])('%s, and adds nothing', async (_, change, message) => {
    const { user } = await createPerson()
    const { status, body } = await recharge({ email: user.email, ...change })
    expect(status).toBe(400)
    expect(body).toEqual(refusal(message))
    expect(await services.ledger.balance(user.id)).toBe(100_000)
  })

  it('when its JSON says 1e309', async () => {
    const { user } = await createPerson()
    const { status } = await recharge(`{"email":"${user.email}","amount":1e309}`)
    expect(status).toBe(400)
  })

  it.each<[unknown, string]>([
    [{ amount: 1 }, 'Email is required'],
    [{ email: '  ', amount: 1 }, 'Email is required'],
    [undefined, 'Email is required'],
    [
      { email: 'nope', amount: 1 },
      'Email format is invalid. Please provide a valid email address with a proper domain',
    ],
  ])('for %j', async (json, message) => {
    const { status, body } = await recharge(json)
    expect(status).toBe(400)
    expect(body).toEqual(refusal(message))
  })

  it('for somebody unknown', async () => {
    const { status, body } = await recharge({ email: 'nobody@example.com', amount: 1 })
    expect(status).toBe(404)
    expect(body).toEqual(refusal('Target user not found'))
  })

  it('for a deleted user', async () => {
    const { user, token } = await createPerson()
    await ask('DELETE', `/api/users/${user.id}`, { token })
    expect((await recharge({ email: user.email, amount: 1 })).status).toBe(404)
  })

  it.each([
    ['', 'nothing'],
    ['a b', '3 characters'],
    ['"', '1 characters'],
    ['""', '0 characters'],
    ['"a', '2 characters'],
    ['a\\b', '3 characters'],
    ['a, b', '4 characters'],
    ['café', '4 characters'],
    ['x'.repeat(256), '256 characters'],
  ])('with the idempotency key %j', async (key, received) => {
    const { user } = await createPerson()
    const headers = { 'Idempotency-Key': key }
    const { status, body } = await recharge({ email: user.email, amount: 1 }, headers)
    expect(status).toBe(400)
    expect(body).toEqual({
      success: false,
      code: 'idempotency.key_invalid',
      message: expect.stringMatching(`1 to 255 visible ASCII .*Received: ${received}`),
      lengthMax: 255,
      documentation: expect.stringMatching(/\/docs\/errors\/idempotency\.key_invalid$/),
    })
    expect(await services.ledger.balance(user.id)).toBe(100_000)
  })

  it('to a user, even for their own account, before the body is looked at', async () => {
    const { user, token } = await createPerson()
    for (const json of [{ email: user.email, amount: 1 }, {}]) {
      const { status, body } = await ask('POST', '/api/admin/user-tokens', { token, json })
      expect(status).toBe(403)
      expect(body).toEqual(refusal('Administrator privileges required for this operation'))
    }
    expect(await services.ledger.balance(user.id)).toBe(100_000)
  })

  it('without an access token', async () => {
    const json = { email: administrator.user.email, amount: 1 }
    expect((await ask('POST', '/api/admin/user-tokens', { json })).status).toBe(401)
  })
})
