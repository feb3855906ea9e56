import { beforeAll, describe, expect, it } from 'vitest'
import { createAdministrator, createPerson, type Person, refusal } from '../support/people.ts'
import { ask } from '../support/world.ts'

let administrator: Person

beforeAll(async () => {
  administrator = await createAdministrator()
})

const tokensOf = (email: string, token = administrator.token) =>
  ask('GET', `/api/admin/users/${email}/tokens`, { token })

describe('a user’s balance, for administrators', () => {
  it('is told in both places where clients look for it, as a number', async () => {
    const { user } = await createPerson({ tokens: 210.55 })
    const { status, body } = await tokensOf(user.email)
    expect(status).toBe(200)
    const { id, name, surname, email, role } = user
    const holder = { id, name, surname, email, currentBalance: 210.55, role }
    expect(body).toMatchObject({
      success: true,
      message: 'User token information retrieved successfully',
      data: { ...holder, user: holder },
    })
    expect(body.transactions).toEqual(body.data.transactions)
  })

  it('comes with the latest transactions, newest first, their amounts as numbers', async () => {
    const { user } = await createPerson()
    const json = { email: user.email, amount: 10.5 }
    await ask('POST', '/api/admin/user-tokens', { token: administrator.token, json })
    const { body } = await tokensOf(user.email)
    expect(body.data.currentBalance).toBe(110.5)
    expect(body.transactions[0]).toMatchObject({
      operationType: 'admin_recharge',
      amount: 10.5,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    })
  })

  it('is the account’s own word, not the projection’s', async () => {
    const { user } = await createPerson({ tokens: 3 })
    const json = { email: user.email, amount: 1 }
    await ask('POST', '/api/admin/user-tokens', { token: administrator.token, json })
    expect((await tokensOf(user.email)).body.data.currentBalance).toBe(4)
  })

  it('is found by an encoded address and in any case', async () => {
    const { user } = await createPerson({ email: `A+b${crypto.randomUUID()}@example.com` })
    expect((await tokensOf(encodeURIComponent(user.email.toUpperCase()))).body.data.id).toBe(
      user.id,
    )
    expect((await tokensOf(user.email)).body.data.id).toBe(user.id)
  })

  it.each(['nobody@example.com', 'x', "'%20OR%201=1", '%E0%A4%A'])(
    'is refused for %s',
    async (email) => {
      const { status, body } = await tokensOf(email)
      expect(status).toBe(404)
      expect(body).toEqual(refusal('User not found.'))
    },
  )

  it('is refused for a deleted user', async () => {
    const { user } = await createPerson({ deletedAt: 1 })
    expect((await tokensOf(user.email)).status).toBe(404)
  })

  it('is refused to users, even for their own address', async () => {
    const { user, token } = await createPerson()
    const { status, body } = await tokensOf(user.email, token)
    expect(status).toBe(403)
    expect(body).toEqual(refusal('Administrator privileges required for this operation'))
  })
})
