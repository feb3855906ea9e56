import { z } from '@hono/zod-openapi'
import { isUuid } from '../shared/ids.ts'
import { auditActions } from './audit-log.repository.ts'

/** A filter that is missing or empty filters nothing. */
function filter<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (value === '' ? undefined : value), schema.optional()).optional()
}

const userId = (name: string) =>
  filter(z.string().refine(isUuid, `Invalid ${name} format`).toLowerCase())

const actionSchema = z.enum(auditActions, {
  error: `Invalid action. Allowed values: ${auditActions.join(', ')}`,
})

export const auditQuerySchema = z.object({
  actorId: userId('actorId'),
  ownerId: userId('ownerId'),
  action: filter(actionSchema),
  page: z.string().optional(),
  limit: z.string().optional(),
})

const entrySchema = z.object({
  id: z.int(),
  at: z.iso.datetime(),
  actorId: z.string().nullable().openapi({ description: 'Null for the system' }),
  actorRole: z.enum(['user', 'admin', 'system']),
  action: z.string(),
  subjectKind: z.string(),
  subjectId: z.string(),
  ownerId: z.string().nullable(),
  requestId: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
})

export const auditListSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: z.object({
    entries: z.array(entrySchema),
    pagination: z.object({
      totalItems: z.int(),
      currentPage: z.int(),
      totalPages: z.int(),
      itemsPerPage: z.int(),
    }),
    filters: z.object({
      actorId: z.string().optional(),
      ownerId: z.string().optional(),
      action: actionSchema.optional(),
    }),
  }),
})
