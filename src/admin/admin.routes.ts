import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { answerOnce } from '../idempotency/answer-once.ts'
import { idempotencyHeaders } from '../idempotency/idempotency.schemas.ts'
import { formatTokens } from '../ledger/amounts.ts'
import { formatTransactionForApi } from '../ledger/ledger.format.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { readPageOrThrow } from '../shared/pagination.ts'
import {
  byAccessToken,
  errorResponses,
  jsonRequest,
  jsonResponse,
} from '../shared/route-declaration.ts'
import { normalizeJsonBody } from '../shared/validation.ts'
import { requireAdmin } from '../users/require-user.ts'
import { findLiveUserByEmail } from '../users/users.repository.ts'
import { adminErrors } from './admin.errors.ts'
import { formatDatasetPage } from './admin.format.ts'
import * as schemas from './admin.schemas.ts'
import { listAllDatasets } from './admin-datasets.repository.ts'
import { listAllTransactions } from './list-all-transactions.ts'
import { rechargeTokens } from './recharge-tokens.ts'

/*
 * POST /user-tokens            add tokens to a user's account
 * GET  /users/:email/tokens    a user's balance and latest transactions
 * GET  /transactions           everybody's transactions
 * GET  /datasets               everybody's datasets
 */

const shared = { tags: ['Administration'], security: byAccessToken }

/** How many of a user's latest transactions their balance comes with. */
const transactionsShown = 100

const recharge = createRoute({
  ...shared,
  operationId: 'rechargeTokens',
  summary: "Add tokens to a user's account",
  method: 'post',
  path: '/user-tokens',
  middleware: [requireAdmin, normalizeJsonBody] as const,
  request: { headers: idempotencyHeaders, ...jsonRequest(schemas.rechargeSchema) },
  responses: {
    200: jsonResponse(schemas.rechargedSchema, 'The balance after the recharge'),
    ...errorResponses(400, 401, 403, 404, 409, 413, 422, 503),
  },
})

const getUserTokens = createRoute({
  ...shared,
  operationId: 'getUserTokens',
  summary: "A user's balance and latest transactions",
  method: 'get',
  path: '/users/{email}/tokens',
  middleware: [requireAdmin] as const,
  request: { params: schemas.emailParamSchema },
  responses: {
    200: jsonResponse(schemas.userTokensSchema, 'The balance and the latest transactions'),
    ...errorResponses(401, 403, 404, 503),
  },
})

const listTransactions = createRoute({
  ...shared,
  operationId: 'listAllTransactions',
  summary: "Everybody's transactions",
  method: 'get',
  path: '/transactions',
  middleware: [requireAdmin] as const,
  request: { query: schemas.transactionQuerySchema },
  responses: {
    200: jsonResponse(schemas.transactionListSchema, 'A page of transactions, newest first'),
    ...errorResponses(400, 401, 403),
  },
})

const listDatasets = createRoute({
  ...shared,
  operationId: 'listAllDatasets',
  summary: "Everybody's datasets",
  method: 'get',
  path: '/datasets',
  middleware: [requireAdmin] as const,
  request: { query: schemas.datasetQuerySchema },
  responses: {
    200: jsonResponse(schemas.datasetListSchema, 'A page of datasets, newest first'),
    ...errorResponses(400, 401, 403),
  },
})

export const adminRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(recharge, (context) =>
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
  .openapi(getUserTokens, async (context) => {
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
  .openapi(listTransactions, async (context) => {
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
  .openapi(listDatasets, async (context) => {
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
