import { z } from '@hono/zod-openapi'
import {
  operationTypeSchema,
  transactionSchema,
  transactionStatusSchema,
} from '../ledger/ledger.schemas.ts'
import {
  answerSchema,
  countSchema,
  createPagingFields,
  pageSchema,
  timeSchema,
  tokensSchema,
} from '../shared/answer.schemas.ts'
import { createChoiceFilter, createFilter, createIdFilter } from '../shared/filters.schemas.ts'
import { examplePerson } from '../users/user-examples.ts'
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
          exclusiveMinimum: 0,
          maximum: 1_000_000,
          pattern: String.raw`^\s*\d+(\.\d{1,2})?\s*$`,
          description: 'Tokens, with at most two decimals; as a number or as text such as `10.5`',
          example: 200,
        }),
    },
    'The body must be a JSON object.',
  )
  .openapi('Recharge')

export const emailParamSchema = z.object({
  email: z.string().openapi({
    format: 'email',
    param: { description: 'Of a user who is not deleted', example: examplePerson.email },
  }),
})

const booleanValues = z.enum(['true', 'false'])
const paging = createPagingFields({ limitDefault: 10 })

export const transactionQuerySchema = z.object({
  userId: createIdFilter('userId', 'Of this user alone'),
  operationType: createChoiceFilter('operationType', operationTypeSchema, 'Of this kind alone'),
  status: createChoiceFilter('status', transactionStatusSchema, 'Of this status alone'),
  ...paging,
})

const datasetTypeSchema = z.enum(['empty', 'image-mask', 'video-frames'])

export const datasetQuerySchema = z.object({
  userId: createIdFilter('userId', 'Of this user alone'),
  type: createChoiceFilter('type', datasetTypeSchema, 'Of this type alone'),
  name: createFilter(
    z.string().max(255, 'name must be at most 255 characters long'),
    'With this in their name, in upper or lower case',
  ),
  tag: createFilter(
    z.string().max(100, 'tag must be at most 100 characters long'),
    'With this tag',
  ),
  includeDeleted: createChoiceFilter('includeDeleted', booleanValues, 'Deleted ones too'),
  orphaned: createChoiceFilter(
    'orphaned',
    booleanValues,
    '`true`: only those whose user is deleted; `false`: only the others',
  ),
  ...paging,
})

const tokens = tokensSchema
const role = z.enum(['user', 'admin'])
const personShape = { id: z.uuid(), name: z.string(), surname: z.string(), email: z.string(), role }
const personSchema = z.object({ ...personShape, currentTokens: tokens })
const balanceHolderShape = { ...personShape, currentBalance: tokens }

export const rechargedSchema = answerSchema(
  z.object({ userEmail: z.string(), amountAdded: tokens, newBalance: tokens }),
)

export const userTokensSchema = answerSchema(
  z.object({
    ...balanceHolderShape,
    user: z.object(balanceHolderShape),
    transactions: z.array(transactionSchema),
  }),
).extend({ transactions: z.array(transactionSchema) })

const onPage = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.object(shape).openapi({ description: 'Of what is on this page' })

export const transactionListSchema = answerSchema(
  z.object({
    transactions: z.array(transactionSchema.extend({ user: personSchema.nullable() })),
    pagination: pageSchema,
    filters: z.object({
      userId: z.string().optional(),
      operationType: operationTypeSchema.optional(),
      status: transactionStatusSchema.optional(),
    }),
    summary: onPage({
      totalTransactions: countSchema,
      statusBreakdown: z.record(transactionStatusSchema, countSchema),
      operationBreakdown: z.record(operationTypeSchema, countSchema),
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
  itemCount: countSchema.openapi({ description: 'Pictures and frames' }),
  estimatedInferenceCost: tokens.openapi({ description: 'Tokens for one inference over it' }),
  nextUploadIndex: countSchema.openapi({ description: 'The number of its next upload' }),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  isDeleted: z.boolean(),
  deletedAt: timeSchema.nullable(),
  status: datasetStatusSchema,
  isOrphaned: z.boolean().openapi({ description: 'Whether its user is deleted' }),
  user: personSchema.nullable(),
})

export const datasetListSchema = answerSchema(
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
    summary: onPage({
      totalDatasets: countSchema,
      totalDatasetItems: countSchema,
      totalEstimatedInferenceCost: tokens,
      typeBreakdown: z.partialRecord(datasetTypeSchema, countSchema),
      statusBreakdown: z.partialRecord(datasetStatusSchema, countSchema),
      orphanedDatasets: countSchema,
      averageItemsPerDataset: z.number(),
      queryInfo: z.object({
        totalFromDatabase: countSchema,
        totalAfterFiltering: countSchema,
        includeDeletedRequested: z.boolean(),
      }),
    }),
  }),
)
