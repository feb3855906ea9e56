import { z } from '@hono/zod-openapi'
import {
  describedSchema,
  endReason,
  idParams,
  inferenceStateSchema,
  listedSchema,
} from '../../inferences/inferences.schemas.ts'
import {
  answerSchema,
  countSchema,
  createPagingFields,
  pageSchema,
  timeSchema,
} from '../../shared/answer.schemas.ts'
import { createChoiceFilter, createFilter, createIdFilter } from '../../shared/filters.schemas.ts'

/** A day, from its beginning in UTC, or a moment. */
const momentPattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/

function createTimeFilter(name: string, description: string) {
  const message = `Invalid ${name}. Give a day, such as 2026-11-30, or a time, such as 2026-11-30T12:00:00Z`
  return createFilter(
    z
      .string()
      .refine((text) => momentPattern.test(text) && !Number.isNaN(Date.parse(text)), message)
      .openapi({ example: '2026-11-30' }),
    description,
  )
}

const paging = createPagingFields({ limitDefault: 10 })

export const jobQuerySchema = z.object({
  userId: createIdFilter('userId', 'Of this user alone'),
  status: createChoiceFilter('status', inferenceStateSchema, 'In this state alone'),
  from: createTimeFilter(
    'from',
    'Started then or later: a day, from its beginning in UTC, or a time',
  ),
  to: createTimeFilter('to', 'Started before then: a day, from its beginning in UTC, or a time'),
  ...paging,
})

export const jobParamsSchema = idParams
export const taskPageSchema = z.object({
  page: paging.page.openapi({ param: { description: 'Which page of its tasks, from 1' } }),
  limit: paging.limit.openapi({ param: { description: 'Tasks a page' } }),
})

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

const times = {
  endedAt: timeSchema.nullable(),
  settledAt: timeSchema
    .nullable()
    .openapi({ description: 'When the account was told what it cost; null before' }),
}

export const jobListSchema = answerSchema(
  z.object({
    inferences: z.array(
      listedSchema.extend({
        userId: z.uuid(),
        user: owner,
        itemCount: countSchema,
        succeededItems: countSchema,
        failedItems: countSchema,
        endReason,
        retryOf: z.uuid().nullable(),
        ...times,
      }),
    ),
    pagination: pageSchema,
    filters: z.object({
      userId: z.string().optional(),
      status: inferenceStateSchema.optional(),
      from: z.string().optional(),
      to: z.string().optional(),
    }),
  }),
)

const task = z.object({
  id: z.uuid(),
  kind: z.enum(['inpaint', 'encode', 'assemble']),
  videoId: z.string().nullable(),
  state: z.enum(['WAITING', 'READY', ...inferenceStateSchema.options]),
  firstPosition: countSchema.openapi({ description: 'Of its first item, from 0' }),
  itemCount: countSchema,
  attempts: countSchema.openapi({ description: 'Runs that counted; a busy service is none' }),
  waitsFor: z
    .string()
    .nullable()
    .openapi({ description: 'What it waits for, as a sentence; null once it has ended' }),
  lastErrorCode: z.string().nullable().openapi({ description: 'Why its last run did not end it' }),
  lease: z.object({ until: timeSchema, isOver: z.boolean() }).nullable(),
  sentAt: timeSchema,
  updatedAt: timeSchema,
})

const failedPart = z.object({
  position: countSchema.nullable().openapi({ description: 'Null for a video' }),
  kind: z.enum(['image', 'frame', 'video']),
  name: z.string(),
  code: z.string(),
  message: z.string(),
})

export const jobDetailSchema = answerSchema(
  describedSchema.extend({
    user: owner,
    ...times,
    taskCounts: z.record(z.string(), countSchema).openapi({ description: 'Tasks by their state' }),
    tasks: z.array(task),
    tasksPagination: pageSchema,
    failureCounts: z
      .record(z.string(), countSchema)
      .openapi({ description: 'Failures by their code' }),
    failedParts: z.array(failedPart),
  }),
)

export const describedJobSchema = answerSchema(describedSchema)
