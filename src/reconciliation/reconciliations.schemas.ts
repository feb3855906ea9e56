import { z } from '@hono/zod-openapi'
import { stages } from './reconciliations.lifecycle.ts'

export const reconciliationIdSchema = z.object({ id: z.string().openapi({ format: 'uuid' }) })

export const pageQuerySchema = z.object({
  page: z.string().optional(),
  limit: z.string().optional(),
})

const reconciliationSchema = z.object({
  id: z.uuid(),
  startedBy: z.string().openapi({ description: "An administrator's id, or `system`" }),
  state: z.enum(['RUNNING', 'COMPLETED', 'FAILED']),
  stage: z.enum(stages).nullable().openapi({ description: 'What is being looked at' }),
  accountsChecked: z.int(),
  objectsChecked: z.int(),
  repairedCount: z.int(),
  unrepairedCount: z.int(),
  startedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
})

const findingSchema = z.object({
  code: z.string(),
  repaired: z.boolean(),
  count: z.int(),
  ids: z.array(z.string()).openapi({ description: 'The first of what it tells of' }),
  message: z.string(),
})

const answer = <Data extends z.ZodType>(data: Data) =>
  z.object({ success: z.literal(true), message: z.string(), data })

export const reconciliationAnswerSchema = answer(
  reconciliationSchema.extend({ findings: z.array(findingSchema) }).openapi('Reconciliation'),
)

export const reconciliationListSchema = answer(
  z.object({
    reconciliations: z.array(reconciliationSchema),
    pagination: z.object({
      totalItems: z.int(),
      currentPage: z.int(),
      totalPages: z.int(),
      itemsPerPage: z.int(),
    }),
  }),
)
