import { createRoute } from '@hono/zod-openapi'
import {
  idempotencyHeaders,
  idempotencyRefusals,
  replayedHeader,
} from '../idempotency/idempotency.schemas.ts'
import { ledgerErrors } from '../ledger/ledger.errors.ts'
import { exampleTransaction } from '../ledger/ledger.schemas.ts'
import { pageRefusals } from '../shared/pagination.ts'
import {
  byAccessToken,
  jsonRequest,
  jsonResponse,
  refusedWith,
} from '../shared/route-declaration.ts'
import { jsonBodyRefusals, normalizeJsonBody } from '../shared/validation.ts'
import { adminRefusals, requireAdmin } from '../users/require-user.ts'
import { examplePerson, exampleProfile } from '../users/user-examples.ts'
import { adminErrors } from './admin.errors.ts'
import * as schemas from './admin.schemas.ts'

const shared = { tags: ['Administration'], security: byAccessToken }

const holder = { ...exampleProfile, role: 'user' as const, currentBalance: 300 }
const person = { ...exampleProfile, role: 'user' as const, currentTokens: 300 }
const onePage = { totalItems: 1, currentPage: 1, totalPages: 1, itemsPerPage: 10 }

export const recharge = createRoute({
  ...shared,
  operationId: 'rechargeTokens',
  summary: "Add tokens to a user's account",
  method: 'post',
  path: '/user-tokens',
  middleware: [requireAdmin, normalizeJsonBody] as const,
  request: {
    headers: idempotencyHeaders,
    ...jsonRequest(schemas.rechargeSchema, {
      example: { email: examplePerson.email, amount: 200 },
    }),
  },
  responses: {
    200: jsonResponse(schemas.rechargedSchema, 'The balance after the recharge', {
      headers: replayedHeader,
      example: {
        success: true,
        message: 'Tokens recharged successfully',
        data: { userEmail: examplePerson.email, amountAdded: 200, newBalance: 300 },
      },
    }),
    ...refusedWith(
      adminRefusals,
      jsonBodyRefusals,
      idempotencyRefusals,
      adminErrors.list('admin.user_not_found'),
      ledgerErrors.list(
        'tokens.amount_invalid',
        'tokens.account_closed',
        'tokens.operation_conflict',
        'tokens.unavailable',
      ),
    ),
  },
})

export const getUserTokens = createRoute({
  ...shared,
  operationId: 'getUserTokens',
  summary: "A user's balance and latest transactions",
  description: 'The 100 latest transactions, newest first. What is told twice is the same.',
  method: 'get',
  path: '/users/{email}/tokens',
  middleware: [requireAdmin] as const,
  request: { params: schemas.emailParamSchema },
  responses: {
    200: jsonResponse(schemas.userTokensSchema, 'The balance and the latest transactions', {
      example: {
        success: true,
        message: 'User token information retrieved successfully',
        data: { ...holder, user: holder, transactions: [exampleTransaction] },
        transactions: [exampleTransaction],
      },
    }),
    ...refusedWith(
      adminRefusals,
      adminErrors.list('admin.user_not_found'),
      ledgerErrors.list('tokens.unavailable'),
    ),
  },
})

export const listTransactions = createRoute({
  ...shared,
  operationId: 'listAllTransactions',
  summary: "Everybody's transactions",
  description: 'Newest first, each with its user as they are now.',
  method: 'get',
  path: '/transactions',
  middleware: [requireAdmin] as const,
  request: { query: schemas.transactionQuerySchema },
  responses: {
    200: jsonResponse(schemas.transactionListSchema, 'A page of transactions, newest first', {
      example: {
        success: true,
        message: 'All transactions retrieved successfully',
        data: {
          transactions: [{ ...exampleTransaction, user: person }],
          pagination: onePage,
          filters: { operationType: 'initial_grant' },
          summary: {
            totalTransactions: 1,
            statusBreakdown: { pending: 0, completed: 1, refunded: 0, aborted: 0 },
            operationBreakdown: {
              initial_grant: 1,
              dataset_upload: 0,
              inference: 0,
              admin_recharge: 0,
              refund: 0,
            },
          },
        },
      },
    }),
    ...refusedWith(adminRefusals, pageRefusals),
  },
})

export const listDatasets = createRoute({
  ...shared,
  operationId: 'listAllDatasets',
  summary: "Everybody's datasets",
  description: 'Newest first. Deleted ones come only where they are asked for.',
  method: 'get',
  path: '/datasets',
  middleware: [requireAdmin] as const,
  request: { query: schemas.datasetQuerySchema },
  responses: {
    200: jsonResponse(schemas.datasetListSchema, 'A page of datasets, newest first', {
      example: {
        success: true,
        message: 'All datasets retrieved successfully',
        data: {
          datasets: [
            {
              id: 'c4edbda2-2ff1-45de-af20-c615b673551a',
              userId: person.id,
              name: 'Inpainting dataset',
              tags: ['Inpainting', 'Mask'],
              datasetType: 'image-mask',
              itemCount: 11,
              estimatedInferenceCost: 30.25,
              nextUploadIndex: 3,
              createdAt: '2026-11-21T08:56:59.694Z',
              updatedAt: '2026-11-21T09:01:12.300Z',
              isDeleted: false,
              deletedAt: null,
              status: 'active',
              isOrphaned: false,
              user: person,
            },
          ],
          pagination: onePage,
          filters: { includeDeleted: false },
          summary: {
            totalDatasets: 1,
            totalDatasetItems: 11,
            totalEstimatedInferenceCost: 30.25,
            typeBreakdown: { 'image-mask': 1 },
            statusBreakdown: { active: 1 },
            orphanedDatasets: 0,
            averageItemsPerDataset: 11,
            queryInfo: {
              totalFromDatabase: 1,
              totalAfterFiltering: 1,
              includeDeletedRequested: false,
            },
          },
        },
      },
    }),
    ...refusedWith(adminRefusals, pageRefusals),
  },
})
