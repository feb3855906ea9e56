import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { createAdministrator, createPerson, type Person, refusal } from '../support/people.ts'
import { app, ask, services } from '../support/world.ts'

let administrator: Person
let rich: Person
let poor: Person

beforeAll(async () => {
  administrator = await createAdministrator()
  rich = await createPerson({ tokens: 200 })
  poor = await createPerson({ tokens: 1 })
  const { ledger } = services
  const amount = await ledger.balance(poor.user.id)
  await ledger.reserveOrThrow(rich.user.id, {
    operationId: 'an inference',
    operationType: 'inference',
    amount,
  })
  const upload = await ledger.reserveOrThrow(rich.user.id, {
    operationId: 'an upload',
    operationType: 'dataset_upload',
    amount,
  })
  await ledger.settle(rich.user.id, { reservationId: upload.reservationId, spent: amount })
  const json = { email: poor.user.email, amount: 10.5 }
  await ask('POST', '/api/admin/user-tokens', { token: administrator.token, json })
  for (const { user } of [administrator, rich, poor]) await ledger.flush(user.id)
})

const list = (query = '', token = administrator.token) =>
  ask('GET', `/api/admin/transactions${query}`, { token })

describe('everybody’s transactions', () => {
  it('come newest first, each with its user and what they have now', async () => {
    const { status, body } = await list('?limit=1&operationType=admin_recharge')
    expect(status).toBe(200)
    const { id, name, surname, email, role } = poor.user
    expect(body).toEqual({
      success: true,
      message: 'All transactions retrieved successfully',
      data: {
        transactions: [
          expect.objectContaining({
            operationType: 'admin_recharge',
            amount: 10.5,
            description: `Admin recharge by ${administrator.user.email}: +10.5 tokens`,
            user: { id, name, surname, email, currentTokens: 11.5, role },
          }),
        ],
        pagination: { totalItems: 1, currentPage: 1, totalPages: 1, itemsPerPage: 1 },
        filters: { operationType: 'admin_recharge' },
        summary: {
          totalTransactions: 1,
          statusBreakdown: { pending: 0, completed: 1, refunded: 0, aborted: 0 },
          operationBreakdown: {
            initial_grant: 0,
            dataset_upload: 0,
            inference: 0,
            admin_recharge: 1,
            refund: 0,
          },
        },
      },
    })
  })

  it('are filtered by user, operation and status together', async () => {
    const query = `?userId=${rich.user.id}&operationType=inference&status=pending`
    const { body } = await list(query)
    expect(body.data.transactions).toHaveLength(1)
    expect(body.data.transactions[0]).toMatchObject({ amount: -1, operationId: 'an inference' })
    expect(body.data.filters).toEqual({
      userId: rich.user.id,
      operationType: 'inference',
      status: 'pending',
    })
    expect(body.data.summary.statusBreakdown.pending).toBe(1)
  })

  it('are nobody’s for a user who has none', async () => {
    const { status, body } = await list(`?userId=${crypto.randomUUID()}`)
    expect(status).toBe(200)
    expect(body.data).toMatchObject({ transactions: [], pagination: { totalItems: 0 } })
  })

  it('are not filtered by an empty filter', async () => {
    const { body } = await list('?userId=&status=&operationType=')
    expect(body.data.filters).toEqual({})
    expect(body.data.pagination.totalItems).toBeGreaterThan(4)
  })

  it('fall into pages without a gap or a repeat', async () => {
    const all = (await list('?limit=100')).body.data
    const ids: string[] = []
    for (let page = 1; page <= Math.ceil(all.pagination.totalItems / 2); page += 1) {
      const { body } = await list(`?limit=2&page=${page}`)
      ids.push(...body.data.transactions.map(({ id }: { id: string }) => id))
    }
    expect(ids).toEqual(all.transactions.map(({ id }: { id: string }) => id))
    expect(new Set(ids).size).toBe(all.pagination.totalItems)
  })

  it('take as many questions to the database for a hundred as for one', async () => {
    const count = async (limit: number) => {
      let statements = 0
      const DB = new Proxy(env.DB, {
        get(target, name) {
          if (name === 'prepare') {
            return (text: string) => {
              statements += 1
              return target.prepare(text)
            }
          }
          const value = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
      const headers = { authorization: `Bearer ${administrator.token}` }
      const path = `/api/admin/transactions?limit=${limit}`
      expect((await app.request(path, { headers }, { ...env, DB })).status).toBe(200)
      return statements
    }
    expect(await count(100)).toBe(await count(1))
  })

  it('of a deleted user stay, with who it was', async () => {
    const { user, token } = await createPerson()
    await services.ledger.flush(user.id)
    await ask('DELETE', `/api/users/${user.id}`, { token })
    const { body } = await list(`?userId=${user.id}`)
    expect(body.data.transactions.at(-1).user).toMatchObject({ id: user.id, email: user.email })
  })
})

describe('a list of transactions is refused', () => {
  it.each([
    ['?userId=xyz', 'Invalid userId format. It must be a UUID'],
    ['?userId=%27%20OR%201=1', 'Invalid userId format. It must be a UUID'],
    ['?status=done', 'Invalid status. Allowed values: pending, completed, refunded, aborted'],
    [
      '?operationType=theft',
      'Invalid operationType. Allowed values: initial_grant, dataset_upload, inference, admin_recharge, refund',
    ],
    ['?page=0', "Invalid pagination parameters: 'page' must be 1-1000000."],
    ['?page=1000001', "Invalid pagination parameters: 'page' must be 1-1000000."],
    ['?page=x', "Invalid pagination parameters: 'page' must be 1-1000000."],
    ['?limit=101', "Invalid pagination parameters: 'limit' must be 1-100."],
    ['?limit=-1', "Invalid pagination parameters: 'limit' must be 1-100."],
    ['?page=1&page=2', "The parameter 'page' is given more than once: send one of its values."],
  ])('for %s', async (query, message) => {
    const { status, body } = await list(query)
    expect(status).toBe(400)
    expect(body).toEqual(refusal(message))
  })

  it('to a user, even of their own', async () => {
    const { status } = await list(`?userId=${rich.user.id}`, rich.token)
    expect(status).toBe(403)
  })

  it('without an access token', async () => {
    expect((await ask('GET', '/api/admin/transactions')).status).toBe(401)
  })
})
