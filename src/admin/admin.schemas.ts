import { z } from '@hono/zod-openapi'
import {
  operationTypeSchema,
  transactionSchema,
  transactionStatusSchema,
} from '../ledger/ledger.schemas.ts'
import { isUuid } from '../shared/ids.ts'
import { createEmailField } from '../users/users.schemas.ts'
import { parseRechargeAmount } from './recharge-amount.rules.ts'

export const rechargeSchema = z
  .object(
    {
      email: createEmailField('Email is required'),
      amount: z
        .unknown()
        .transform((value, { addIssue }) => {
          const parsed = parseRechargeAmount(value)
          if (parsed.ok) return parsed.amount
          addIssue({ code: 'custom', message: parsed.problem })
          return z.NEVER
        })
        .openapi({
          type: ['number', 'string'],
          description: 'Tokens: more than 0, at most 1000000, with at most two decimals',
          example: 200,
        }),
    },
    'The body must be a JSON object.',
  )
  .openapi('Recharge')

export const emailParamSchema = z.object({ email: z.string().openapi({ format: 'email' }) })

/** A filter that is missing or empty filters nothing. */
export function filter<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (value === '' ? undefined : value), schema.optional()).optional()
}

export function filterByOneOf<const Values extends Record<string, string>>(
  name: string,
  values: z.ZodEnum<Values>,
) {
  const error = `Invalid ${name}. Allowed values: ${values.options.join(', ')}`
  return filter(z.enum(values.enum, { error }))
}

export const paging = { page: z.string().optional(), limit: z.string().optional() }
export const userIdFilter = filter(z.string().refine(isUuid, 'Invalid userId format').toLowerCase())
const booleanValues = z.enum(['true', 'false'])

export const transactionQuerySchema = z.object({
  userId: userIdFilter,
  operationType: filterByOneOf('operationType', operationTypeSchema),
  status: filterByOneOf('status', transactionStatusSchema),
  ...paging,
})

const datasetTypeSchema = z.enum(['empty', 'image-mask', 'video-frames'])

export const datasetQuerySchema = z.object({
  userId: userIdFilter,
  type: filterByOneOf('type', datasetTypeSchema),
  name: filter(z.string().max(255, 'name must be at most 255 characters long')),
  tag: filter(z.string().max(100, 'tag must be at most 100 characters long')),
  includeDeleted: filterByOneOf('includeDeleted', booleanValues),
  orphaned: filterByOneOf('orphaned', booleanValues),
  ...paging,
})

const tokens = z.number().openapi({ description: 'Tokens, to the thousandth' })
const role = z.enum(['user', 'admin'])
const personShape = { id: z.uuid(), name: z.string(), surname: z.string(), email: z.string(), role }
const personSchema = z.object({ ...personShape, currentTokens: tokens })
const balanceHolderShape = { ...personShape, currentBalance: tokens }

export const pageSchema = z.object({
  totalItems: z.int(),
  currentPage: z.int(),
  totalPages: z.int(),
  itemsPerPage: z.int(),
})

export const answer = <Data extends z.ZodType>(data: Data) =>
  z.object({ success: z.literal(true), message: z.string(), data })

export const rechargedSchema = answer(
  z.object({ userEmail: z.string(), amountAdded: tokens, newBalance: tokens }),
)

export const userTokensSchema = answer(
  z.object({
    ...balanceHolderShape,
    user: z.object(balanceHolderShape),
    transactions: z.array(transactionSchema),
  }),
).extend({ transactions: z.array(transactionSchema) })

export const transactionListSchema = answer(
  z.object({
    transactions: z.array(transactionSchema.extend({ user: personSchema.nullable() })),
    pagination: pageSchema,
    filters: z.object({
      userId: z.string().optional(),
      operationType: operationTypeSchema.optional(),
      status: transactionStatusSchema.optional(),
    }),
    summary: z.object({
      totalTransactions: z.int(),
      statusBreakdown: z.record(transactionStatusSchema, z.int()),
      operationBreakdown: z.record(operationTypeSchema, z.int()),
    }),
  }),
)

const datasetStatusSchema = z.enum(['active', 'deleted'])

const adminDatasetSchema = z.object({
  id: z.uuid(),
  userId: z.uuid().nullable(),
  name: z.string(),
  tags: z.array(z.string()),
  datasetType: datasetTypeSchema,
  itemCount: z.int(),
  estimatedInferenceCost: tokens,
  nextUploadIndex: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  isDeleted: z.boolean(),
  deletedAt: z.iso.datetime().nullable(),
  status: datasetStatusSchema,
  isOrphaned: z.boolean(),
  user: personSchema.nullable(),
})

export const datasetListSchema = answer(
  z.object({
    datasets: z.array(adminDatasetSchema),
    pagination: pageSchema,
    filters: z.object({
      userId: z.string().optional(),
      type: datasetTypeSchema.optional(),
      name: z.string().optional(),
      tag: z.string().optional(),
      orphaned: z.boolean().optional(),
      includeDeleted: z.boolean(),
    }),
    summary: z.object({
      totalDatasets: z.int(),
      totalDatasetItems: z.int(),
      totalEstimatedInferenceCost: tokens,
      typeBreakdown: z.partialRecord(datasetTypeSchema, z.int()),
      statusBreakdown: z.partialRecord(datasetStatusSchema, z.int()),
      orphanedDatasets: z.int(),
      averageItemsPerDataset: z.number(),
      queryInfo: z.object({
        totalFromDatabase: z.int(),
        totalAfterFiltering: z.int(),
        includeDeletedRequested: z.boolean(),
      }),
    }),
  }),
)
