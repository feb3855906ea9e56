import type { OpenAPIHono } from '@hono/zod-openapi'
import { answerOnce } from '../idempotency/answer-once.ts'
import { formatTokens } from '../ledger/amounts.ts'
import { formatTransactionForApi } from '../ledger/ledger.format.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { readPageOrThrow } from '../shared/pagination.ts'
import { findLiveUserByEmail } from '../users/users.repository.ts'
import * as declarations from './admin.declarations.ts'
import { adminErrors } from './admin.errors.ts'
import { formatDatasetPage } from './admin.format.ts'
import { listAllDatasets } from './admin-datasets.repository.ts'
import { listAllTransactions } from './list-all-transactions.ts'
import { rechargeTokens } from './recharge-tokens.ts'

/*
 * POST /user-tokens            add tokens to a user's account
 * GET  /users/:email/tokens    a user's balance and latest transactions
 * GET  /transactions           everybody's transactions
 * GET  /datasets               everybody's datasets
 */

/** How many of a user's latest transactions their balance comes with. */
const transactionsShown = 100

export const adminRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(declarations.recharge, (context) =>
    answerOnce(context, async ({ id }) => {
      const { email, amount } = context.req.valid('json')
      const { user, newBalance } = await rechargeTokens(context.get('services'), {
        administrator: context.get('user'),
        recharge: { id, email, amount },
        requestId: context.get('requestId'),
      })
      const data = {
        userEmail: user.email,
        amountAdded: formatTokens(amount),
        newBalance: formatTokens(newBalance),
      }
      return context.json(
        { success: true as const, message: 'Tokens recharged successfully', data },
        200,
      )
    }),
  )
  .openapi(declarations.getUserTokens, async (context) => {
    const { database, ledger } = context.get('services')
    const user = await findLiveUserByEmail(database, context.req.valid('param').email.trim())
    if (user === undefined) throw adminErrors.createError('admin.user_not_found', 'User not found.')

    const { id, name, surname, email, role } = user
    const statement = await ledger.statement(id, { limit: transactionsShown })
    const holder = {
      id,
      name,
      surname,
      email,
      currentBalance: formatTokens(statement.balance),
      role,
    }
    const transactions = statement.entries.map(formatTransactionForApi)
    // Clients read the balance and the transactions in either of two places.
    const data = { ...holder, user: holder, transactions }
    return context.json(
      {
        success: true as const,
        message: 'User token information retrieved successfully',
        data,
        transactions,
      },
      200,
    )
  })
  .openapi(declarations.listTransactions, async (context) => {
    const { page, limit, ...filters } = context.req.valid('query')
    const data = await listAllTransactions(context.get('services').database, {
      filters,
      page: readPageOrThrow({ page, limit }),
    })
    return context.json(
      { success: true as const, message: 'All transactions retrieved successfully', data },
      200,
    )
  })
  .openapi(declarations.listDatasets, async (context) => {
    const { database, pricePlan } = context.get('services')
    const { page: pageText, limit, includeDeleted, orphaned, ...rest } = context.req.valid('query')
    const page = readPageOrThrow({ page: pageText, limit })
    const filters = {
      ...rest,
      orphaned: orphaned === undefined ? undefined : orphaned === 'true',
      includeDeleted: includeDeleted === 'true',
    }
    const listed = await listAllDatasets(database, { filters, page })
    const data = formatDatasetPage(listed, { filters, page, plan: pricePlan })
    return context.json(
      { success: true as const, message: 'All datasets retrieved successfully', data },
      200,
    )
  })
