import { z } from '@hono/zod-openapi'
import { describedSchema, endReason, listedSchema } from '../../inferences/inferences.schemas.ts'
import {
  answer,
  filter,
  filterByOneOf,
  pageSchema,
  paging,
  userIdFilter,
} from '../admin.schemas.ts'

const time = z.iso.datetime()
const statuses = z.enum(['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'ABORTED'])

/** A day, from its beginning in UTC, or a moment. */
const momentPattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/

function timeFilter(name: string) {
  const message = `Invalid ${name}. Give a day, such as 2026-11-30, or a time, such as 2026-11-30T12:00:00Z`
  return filter(
    z
      .string()
      .refine((text) => momentPattern.test(text) && !Number.isNaN(Date.parse(text)), message)
      .openapi({ example: '2026-11-30' }),
  )
}

export const jobQuerySchema = z.object({
  userId: userIdFilter,
  status: filterByOneOf('status', statuses),
  from: timeFilter('from'),
  to: timeFilter('to'),
  ...paging,
})

export const jobParamsSchema = z.object({ id: z.string() })
export const taskPageSchema = z.object(paging)

const owner = z
  .object({
    id: z.uuid(),
    name: z.string(),
    surname: z.string(),
    email: z.string(),
    role: z.enum(['user', 'admin']),
    isDeleted: z.boolean(),
  })
  .nullable()

const times = { endedAt: time.nullable(), settledAt: time.nullable() }

export const jobListSchema = answer(
  z.object({
    inferences: z.array(
      listedSchema.extend({
        userId: z.uuid(),
        user: owner,
        itemCount: z.int(),
        succeededItems: z.int(),
        failedItems: z.int(),
        endReason,
        retryOf: z.uuid().nullable(),
        ...times,
      }),
    ),
    pagination: pageSchema,
    filters: z.object({
      userId: z.string().optional(),
      status: statuses.optional(),
      from: z.string().optional(),
      to: z.string().optional(),
    }),
  }),
)

const task = z.object({
  id: z.uuid(),
  kind: z.enum(['inpaint', 'encode', 'assemble']),
  videoId: z.string().nullable(),
  state: z.enum(['WAITING', 'READY', ...statuses.options]),
  firstPosition: z.int(),
  itemCount: z.int(),
  attempts: z.int().openapi({ description: 'Runs that counted; a busy service is none' }),
  waitsFor: z.string().nullable(),
  lastErrorCode: z.string().nullable().openapi({ description: 'Why its last run did not end it' }),
  lease: z.object({ until: time, isOver: z.boolean() }).nullable(),
  sentAt: time,
  updatedAt: time,
})

const failedPart = z.object({
  position: z.int().nullable(),
  kind: z.enum(['image', 'frame', 'video']),
  name: z.string(),
  code: z.string(),
  message: z.string(),
})

export const jobDetailSchema = answer(
  describedSchema.extend({
    user: owner,
    ...times,
    taskCounts: z.record(z.string(), z.int()).openapi({ description: 'Tasks by their state' }),
    tasks: z.array(task),
    tasksPagination: pageSchema,
    failureCounts: z.record(z.string(), z.int()).openapi({ description: 'Failures by their code' }),
    failedParts: z.array(failedPart),
  }),
)

export const describedJobSchema = answer(describedSchema)
