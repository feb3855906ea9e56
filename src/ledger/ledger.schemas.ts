import { z } from '@hono/zod-openapi'
import { timeSchema, tokensSchema } from '../shared/answer.schemas.ts'
import { tokenTransactions } from './ledger.table.ts'

const tokens = tokensSchema

export const operationTypeSchema = z.enum(tokenTransactions.operationType.enumValues)

/** What the reservation of an operation came to, or `completed` where nothing was reserved. */
export const transactionStatusSchema = z.enum(tokenTransactions.status.enumValues)

export const transactionSchema = z
  .object({
    id: z.uuid(),
    operationType: operationTypeSchema,
    operationId: z
      .string()
      .openapi({ description: 'What it was for, and what it is done once by' }),
    amount: tokens.openapi({
      description: 'Tokens, to the thousandth: below 0 where they were spent',
    }),
    balanceBefore: tokens,
    balanceAfter: tokens,
    status: transactionStatusSchema,
    description: z.string(),
    createdAt: timeSchema,
  })
  .openapi('Transaction')

export const exampleTransaction: z.output<typeof transactionSchema> = {
  id: '9b1d1e36-3d8a-4a3e-8f0c-5d7c2b4e6a10',
  operationType: 'initial_grant',
  operationId: 'open:98ba966c-595a-4c79-9ac3-4285400a126a',
  amount: 100,
  balanceBefore: 0,
  balanceAfter: 100,
  status: 'completed',
  description: 'Initial grant',
  createdAt: '2026-11-21T09:30:00.000Z',
}

const pricingSchema = z
  .object({
    dataset_upload: z.object({ single_image: tokens, video_frame: tokens, zip_file: tokens }),
    inference: z.object({ single_image: tokens, video_frame: tokens }),
  })
  .openapi('TokenPricing')

export const tokenBalanceSchema = z
  .object({
    success: z.literal(true),
    message: z.literal('Token balance retrieved successfully'),
    data: z.object({
      balance: tokens,
      recentTransactions: z.array(transactionSchema),
      tokenPricing: pricingSchema,
    }),
  })
  .openapi('TokenBalance')
