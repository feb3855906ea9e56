import { z } from '@hono/zod-openapi'
import {
  answerSchema,
  countSchema,
  createPagingFields,
  pageSchema,
  timeSchema,
} from '../shared/answer.schemas.ts'
import { stages } from './reconciliations.lifecycle.ts'

export const reconciliationIdSchema = z.object({
  id: z.string().openapi({
    format: 'uuid',
    param: { description: 'Of the answer that started it, or of the list' },
  }),
})

export const pageQuerySchema = z.object(createPagingFields({ limitDefault: 10 }))

export const reconciliationSchema = z.object({
  id: z.uuid(),
  startedBy: z.string().openapi({ description: "An administrator's id, or `system`" }),
  state: z.enum(['RUNNING', 'COMPLETED', 'FAILED']),
  stage: z
    .enum(stages)
    .nullable()
    .openapi({ description: 'What is being looked at; null once it is completed' }),
  accountsChecked: countSchema,
  objectsChecked: countSchema,
  repairedCount: countSchema,
  unrepairedCount: countSchema,
  startedAt: timeSchema,
  updatedAt: timeSchema,
  endedAt: timeSchema.nullable(),
})

const findingSchema = z.object({
  code: z.string(),
  repaired: z.boolean(),
  count: countSchema,
  ids: z.array(z.string()).openapi({ description: 'The first of what it tells of' }),
  message: z.string(),
})

export const reconciliationAnswerSchema = answerSchema(
  reconciliationSchema.extend({ findings: z.array(findingSchema) }).openapi('Reconciliation'),
)

export const reconciliationListSchema = answerSchema(
  z.object({ reconciliations: z.array(reconciliationSchema), pagination: pageSchema }),
)

export const exampleReconciliation: z.output<typeof reconciliationSchema> = {
  id: '0b7c8f34-1f5e-4f0a-8c56-2a9d3e4b5c61',
  startedBy: '5d3b1c0e-8f4a-4c26-9b7d-2e6f1a0c9d84',
  state: 'COMPLETED',
  stage: null,
  accountsChecked: 120,
  objectsChecked: 4310,
  repairedCount: 1,
  unrepairedCount: 0,
  startedAt: '2026-11-21T09:30:00.000Z',
  updatedAt: '2026-11-21T09:30:04.120Z',
  endedAt: '2026-11-21T09:30:04.120Z',
}
