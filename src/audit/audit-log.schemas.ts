import { z } from '@hono/zod-openapi'
import {
  answerSchema,
  countSchema,
  createPagingFields,
  pageSchema,
  timeSchema,
} from '../shared/answer.schemas.ts'
import { createChoiceFilter, createIdFilter } from '../shared/filters.schemas.ts'
import { auditActions } from './audit-log.repository.ts'

const actionSchema = z.enum(auditActions)

export const auditQuerySchema = z.object({
  actorId: createIdFilter('actorId', 'What this person did'),
  ownerId: createIdFilter('ownerId', 'What was done to what this person has'),
  action: createChoiceFilter('action', actionSchema, 'This action alone'),
  ...createPagingFields({ limitDefault: 10 }),
})

const entrySchema = z
  .object({
    id: countSchema,
    at: timeSchema,
    actorId: z.string().nullable().openapi({ description: 'Null for the system' }),
    actorRole: z.enum(['user', 'admin', 'system']),
    action: z.string(),
    subjectKind: z.string().openapi({ description: 'What was changed, such as `inference`' }),
    subjectId: z.string(),
    ownerId: z.string().nullable().openapi({ description: 'Whose it is; null for nobody’s' }),
    requestId: z
      .string()
      .nullable()
      .openapi({ description: 'The `X-Request-Id` of the answer; null for the system' }),
    details: z
      .record(z.string(), z.unknown())
      .openapi({ description: 'Figures and names, by the action; never a secret' }),
  })
  .openapi('AuditEntry')

export const exampleEntry: z.output<typeof entrySchema> = {
  id: 42,
  at: '2026-11-21T09:30:00.000Z',
  actorId: '5d3b1c0e-8f4a-4c26-9b7d-2e6f1a0c9d84',
  actorRole: 'admin',
  action: 'tokens.recharged',
  subjectKind: 'account',
  subjectId: '98ba966c-595a-4c79-9ac3-4285400a126a',
  ownerId: '98ba966c-595a-4c79-9ac3-4285400a126a',
  requestId: '0f8c7a52-0c7e-4f5e-9a43-6d1b2e3c4f50',
  details: { tokens: 200, balance: 300 },
}

export const auditListSchema = answerSchema(
  z.object({
    entries: z.array(entrySchema),
    pagination: pageSchema,
    filters: z.object({
      actorId: z.string().optional(),
      ownerId: z.string().optional(),
      action: actionSchema.optional(),
    }),
  }),
)
