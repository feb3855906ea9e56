import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import type { ListedError } from '../shared/errors.ts'
import { byAccessToken, jsonResponse, refusedWith } from '../shared/route-declaration.ts'
import { throwFirstIssue } from '../shared/validation.ts'
import { formatTokens } from './amounts.ts'
import type { LedgerClient } from './ledger.client.ts'
import { ledgerErrors } from './ledger.errors.ts'
import { formatTransactionForApi } from './ledger.format.ts'
import { exampleTransaction, tokenBalanceSchema } from './ledger.schemas.ts'
import { formatPricing, type PricePlan } from './pricing.ts'

/*
 * GET /tokens    what the user has, the latest entries, and what things cost
 */

/** What must be in the context of a request that comes here: these routes are mounted behind a check of the user. */
export interface LedgerEnv {
  Bindings: Env
  Variables: {
    services: { readonly ledger: Pick<LedgerClient, 'statement'>; readonly pricePlan: PricePlan }
    user: { readonly id: string }
  }
}

const recentTransactionsCount = 10

/**
 * The user's own tokens, from one call to their account.
 * @param refusals what the check of the user may refuse
 */
export function createLedgerRoutes(refusals: readonly ListedError[]) {
  const getTokens = createRoute({
    operationId: 'getTokenBalance',
    summary: 'My balance',
    description: 'What I have, my 10 latest transactions, and what things cost.',
    method: 'get',
    path: '/tokens',
    tags: ['Users'],
    security: byAccessToken,
    responses: {
      200: jsonResponse(tokenBalanceSchema, 'The balance, the latest transactions and the prices', {
        example: {
          success: true,
          message: 'Token balance retrieved successfully',
          data: {
            balance: 100,
            recentTransactions: [exampleTransaction],
            tokenPricing: formatPricing('standard'),
          },
        },
      }),
      ...refusedWith(refusals, ledgerErrors.list('tokens.unavailable')),
    },
  })

  const routes = new OpenAPIHono<LedgerEnv>({ defaultHook: (result) => throwFirstIssue(result) })
  return routes.openapi(getTokens, async (context) => {
    const { ledger, pricePlan } = context.get('services')
    const statement = await ledger.statement(context.get('user').id, {
      limit: recentTransactionsCount,
    })
    return context.json(
      {
        success: true as const,
        message: 'Token balance retrieved successfully' as const,
        data: {
          balance: formatTokens(statement.balance),
          recentTransactions: statement.entries.map(formatTransactionForApi),
          tokenPricing: formatPricing(pricePlan),
        },
      },
      200,
    )
  })
}
