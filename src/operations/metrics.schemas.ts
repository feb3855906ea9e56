import { z } from '@hono/zod-openapi'
import {
  exampleReconciliation,
  reconciliationSchema,
} from '../reconciliation/reconciliations.schemas.ts'
import { answerSchema, countSchema, timeSchema, tokensSchema } from '../shared/answer.schemas.ts'

const formats = ['json', 'prometheus'] as const

export const metricsQuerySchema = z.object({
  format: z
    .enum(formats, { error: `Invalid format. Allowed values: ${formats.join(', ')}` })
    .optional()
    .openapi({ param: { description: 'Comes before what `Accept` says' } }),
})

const countsByState = z
  .record(z.string(), countSchema)
  .openapi({ description: 'How many, by their state' })
const seconds = z
  .number()
  .min(0)
  .nullable()
  .openapi({ description: 'Seconds ago; null where there is none' })
const tokensByType = z
  .record(z.string(), tokensSchema)
  .openapi({ description: 'Tokens, by the kind of transaction' })

const metrics = z
  .object({
    at: timeSchema,
    queue: z.object({
      oldestMessageSeconds: seconds,
      oldestWaitingInferenceSeconds: seconds,
      tasks: z
        .array(z.object({ kind: z.string(), state: z.string(), count: countSchema }))
        .openapi({ description: 'Tasks that have not ended' }),
    }),
    inferences: z.object({
      open: countsByState,
      endedLastDay: countsByState,
      unsettled: countSchema.openapi({
        description: 'Ended, and their accounts were not told yet what they cost',
      }),
      oldestUnsettledSeconds: seconds,
    }),
    uploads: z.object({
      ingestions: countsByState,
      filesInParts: countSchema.openapi({ description: 'That no upload has taken' }),
    }),
    ledger: z.object({
      reservations: z
        .array(
          z.object({
            operationType: z.string(),
            count: countSchema,
            tokens: tokensSchema,
            oldestSeconds: seconds,
          }),
        )
        .openapi({ description: 'Tokens that are held for work which has not ended' }),
      lastDay: z.object({
        in: tokensByType,
        out: tokensByType,
        denied: countSchema.openapi({ description: 'Requests that could not be paid' }),
      }),
      outbox: z
        .object({
          accountsAsked: countSchema,
          accountsUnanswered: countSchema,
          entriesWaiting: countSchema,
          oldestSeconds: seconds,
          reservationsUndelivered: countSchema,
          oldestUndeliveredSeconds: seconds,
        })
        .openapi({ description: 'What accounts have not told the lists of transactions yet' }),
    }),
    failuresLastDay: z.array(z.object({ part: z.string(), code: z.string(), count: countSchema })),
    sweep: z
      .object({
        startedAt: timeSchema,
        secondsAgo: seconds,
        ms: z.number().openapi({ description: 'How long it took' }),
        parts: z.array(
          z.object({
            part: z.string(),
            ms: z.number(),
            failed: z.boolean(),
            errors: z.array(z.string()),
          }),
        ),
      })
      .nullable()
      .openapi({ description: 'The last one; null before the first' }),
    reconciliation: reconciliationSchema
      .nullable()
      .openapi({ description: 'The last one; null before the first' }),
  })
  .openapi('Metrics')

export const metricsSchema = answerSchema(metrics)

export const exampleMetrics: z.output<typeof metrics> = {
  at: '2026-11-21T09:30:00.000Z',
  queue: {
    oldestMessageSeconds: 3,
    oldestWaitingInferenceSeconds: null,
    tasks: [{ kind: 'inpaint', state: 'PENDING', count: 2 }],
  },
  inferences: {
    open: { RUNNING: 1 },
    endedLastDay: { COMPLETED: 57, FAILED: 1 },
    unsettled: 0,
    oldestUnsettledSeconds: null,
  },
  uploads: { ingestions: {}, filesInParts: 0 },
  ledger: {
    reservations: [{ operationType: 'inference', count: 1, tokens: 5.5, oldestSeconds: 4 }],
    lastDay: { in: { initial_grant: 300 }, out: { inference: 156.75 }, denied: 2 },
    outbox: {
      accountsAsked: 20,
      accountsUnanswered: 0,
      entriesWaiting: 0,
      oldestSeconds: null,
      reservationsUndelivered: 0,
      oldestUndeliveredSeconds: null,
    },
  },
  failuresLastDay: [{ part: 'item', code: 'media.corrupt', count: 1 }],
  sweep: {
    startedAt: '2026-11-21T09:29:45.000Z',
    secondsAgo: 15,
    ms: 41,
    parts: [{ part: 'inferences', ms: 12, failed: false, errors: [] }],
  },
  reconciliation: exampleReconciliation,
}
