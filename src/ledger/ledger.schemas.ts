import { z } from '@hono/zod-openapi'
import { tokenTransactions } from './ledger.table.ts'

const tokens = z.number().openapi({ description: 'Tokens, to the thousandth' })

export const operationTypeSchema = z.enum(tokenTransactions.operationType.enumValues)

/** What the reservation of an operation came to, or `completed` where nothing was reserved. */
export const transactionStatusSchema = z.enum(tokenTransactions.status.enumValues)

export const transactionSchema = z
  .object({
    id: z.uuid(),
    operationType: operationTypeSchema,
    operationId: z.string(),
    amount: tokens,
    balanceBefore: tokens,
    balanceAfter: tokens,
    status: transactionStatusSchema,
    description: z.string(),
    createdAt: z.iso.datetime(),
  })
  .openapi('Transaction')

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
