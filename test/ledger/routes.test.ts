import { env } from 'cloudflare:workers'
import { OpenAPIHono } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { createAmount } from '../../src/ledger/amounts.ts'
import { createLedgerClient } from '../../src/ledger/ledger.client.ts'
import { createLedgerRoutes, type LedgerEnv } from '../../src/ledger/ledger.routes.ts'
import { tokenBalanceSchema } from '../../src/ledger/ledger.schemas.ts'
import type { PricePlan } from '../../src/ledger/pricing.ts'
import { openAccount, reserveOrFail } from './account/account-fixtures.ts'

const ledger = createLedgerClient(env.TOKEN_ACCOUNTS)

/** The routes as they are mounted, behind a check that let this user in. */
function createApp(userId: string, pricePlan: PricePlan = 'standard') {
  const app = new OpenAPIHono<LedgerEnv>()
  app.use(async (context, next) => {
    context.set('user', { id: userId })
    context.set('services', { ledger, pricePlan })
    await next()
  })
  app.route('/api/users', createLedgerRoutes([]))
  return app
}

async function getTokens(userId: string, pricePlan?: PricePlan) {
  const answer = await createApp(userId, pricePlan).request('/api/users/tokens', {}, env)
  expect(answer.status).toBe(200)
  return tokenBalanceSchema.strict().parse(await answer.json())
}

describe('GET /api/users/tokens', () => {
  it('tells a new user their grant, where it came from, and what things cost', async () => {
    const { userId } = await openAccount(100_000)
    const { message, data } = await getTokens(userId)
    expect(message).toBe('Token balance retrieved successfully')
    expect(data.balance).toBe(100)
    expect(data.recentTransactions).toMatchObject([
      { operationType: 'initial_grant', amount: 100, balanceBefore: 0, balanceAfter: 100 },
    ])
    expect(data.tokenPricing).toEqual({
      dataset_upload: { single_image: 0.65, video_frame: 0.4, zip_file: 0.7 },
      inference: { single_image: 2.75, video_frame: 1.5 },
    })
  })

  it('shows a reservation at once, before the projection knows of it', async () => {
    const { userId, account } = await openAccount(100_000)
    const reservationId = await reserveOrFail(account, 650, { operationId: 'upload-1' })
    const { data } = await getTokens(userId)
    expect(data.balance).toBe(99.35)
    expect(data.recentTransactions[0]).toMatchObject({
      id: reservationId,
      amount: -0.65,
      status: 'pending',
      description: 'Token reservation for dataset_upload: upload-1',
    })
  })

  it('shows the latest ten transactions, newest first', async () => {
    const { userId, account } = await openAccount(1_000)
    for (let n = 1; n <= 12; n += 1) {
      const amount = createAmount(n)
      await account.credit({ operationId: `c-${n}`, amount, description: 'Recharge' })
    }
    const { data } = await getTokens(userId)
    expect(data.recentTransactions.map(({ amount }) => amount)).toEqual(
      [12, 11, 10, 9, 8, 7, 6, 5, 4, 3].map((n) => n / 1_000),
    )
  })

  it('tells the prices of the plan that is selected', async () => {
    const { userId } = await openAccount(1_000)
    const { data } = await getTokens(userId, 'specification')
    expect(data.tokenPricing.inference).toEqual({ single_image: 0.002, video_frame: 0.002 })
  })
})
