import { z } from '@hono/zod-openapi'
import { builtInIds, defaultAlias } from '../models/choose-model.rules.ts'
import {
  answerSchema,
  countSchema,
  createPagingFields,
  pageFields,
  timeSchema,
  tokensSchema,
} from '../shared/answer.schemas.ts'

export const inferenceStateSchema = z.enum(['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'ABORTED'])

const text = { type: 'string' as const }

/** Declared as what is documented; the rules, with the messages people see, are in parameters.rules.ts. */
export const startInferenceBody = z
  .object({
    datasetName: z
      .unknown()
      .openapi({ ...text, minLength: 1, maxLength: 255, description: 'What to repair' }),
    modelId: z.unknown().openapi({
      ...text,
      description: `A model of \`GET /api/models\` that is ready: ${builtInIds.join(', ')} or a learned one; \`${defaultAlias}\` is the default, whichever it is then`,
      default: defaultAlias,
    }),
    parameters: z.unknown().openapi({
      type: 'object',
      description:
        "How to repair it, at most 1000 bytes as JSON. Beside these stand the model's own, as its `parameters` in `GET /api/models` say",
      properties: {
        outputFormat: {
          ...text,
          description:
            'The format of the results: `png`, `jpg`, `jpeg`, `webp`, or `source` for that of each picture',
          default: 'png',
        },
        quality: {
          ...text,
          description: 'Of JPEG and WebP: `low` (75), `medium` (85), `high` (95), or 1 to 100',
          default: 'high',
        },
        temporal: {
          type: ['boolean', 'string'],
          description: 'Whether videos are filled from what other frames show',
          default: true,
        },
        blendMode: { ...text, description: 'Is kept and changes nothing' },
        customParameter: { ...text, description: 'Is kept and changes nothing' },
      },
      additionalProperties: true,
    }),
  })
  .partial()
  .openapi('StartInference', { required: ['datasetName'] })

const inferenceId = z
  .string()
  .openapi({ param: { description: "The inference's id" }, format: 'uuid' })

export const idParams = z.object({ id: inferenceId })
export const jobParams = z.object({
  jobId: z.string().openapi({
    param: { description: 'The number that the start answered' },
    type: 'integer',
    minimum: 1,
  }),
})
export const downloadParams = z.object({
  id: inferenceId,
  filename: z.string().openapi({
    param: { description: 'The last part of an `outputPath`' },
    example: 'processed_1715ddf7-c718-42a3-bbc0-a1fb9628ef8f_0.png',
  }),
})
export const pageQuery = z.object(createPagingFields({ limitDefault: 10 }))

const jobId = z.int().min(1)
const modelId = z.string().openapi({ description: 'As it was asked for', example: defaultAlias })
const progress = z
  .int()
  .min(0)
  .max(100)
  .openapi({ description: 'Percent of the items that have ended; 100 once the inference has' })

export const startedSchema = z
  .object({
    success: z.literal(true),
    message: z.string(),
    inference: z.object({
      id: z.uuid(),
      status: inferenceStateSchema,
      modelId,
      datasetName: z.string(),
      createdAt: timeSchema,
    }),
    jobId,
  })
  .openapi('StartedInference')

export const endReason = z
  .enum(['aborted_by_owner', 'aborted_by_administrator', 'deadline_passed'])
  .nullable()
  .openapi({ description: 'Why it ended before its items did; null otherwise' })

export const resolvedModelId = z
  .string()
  .nullable()
  .openapi({ description: 'The model behind the alias; null where it was not known at the start' })

export const resultImage = z.object({ originalPath: z.string(), outputPath: z.string() })
export const resultVideo = z.object({
  originalVideoId: z.string().openapi({ description: 'The `uploadIndex` of its frames, as text' }),
  outputPath: z.string(),
})
const result = z
  .object({ success: z.boolean(), images: z.array(resultImage), videos: z.array(resultVideo) })
  .openapi('InferenceResult')

export const failures = z
  .array(
    z
      .object({
        originalPath: z.string(),
        imageName: z.string(),
        code: z.string().openapi({ description: 'Its page is `/docs/errors/{code}`' }),
        message: z.string(),
      })
      .openapi('InferenceFailure'),
  )
  .openapi({ description: 'The items and the videos that could not be made. They were refunded' })

/** Of the results as a whole. */
export const overview = {
  carbonFootprint: z.number().min(0).openapi({ description: 'Grams of CO₂' }),
  imageZip: z
    .url()
    .nullable()
    .openapi({ description: 'Every result in one ZIP, for whoever has an access token' }),
  resultsDeletedAt: timeSchema.nullable(),
}

export const jobSchema = answerSchema(
  z.object({
    jobId,
    status: z.enum(['waiting', 'active', 'completed', 'failed']).openapi({
      description: 'A job ends as `completed`, with what succeeded, or as `failed`',
    }),
    progress,
    inferenceId: z.uuid(),
    inferenceStatus: inferenceStateSchema,
    totalItems: countSchema,
    succeededItems: countSchema,
    failedItems: countSchema,
    result: z
      .object({ success: z.boolean(), result })
      .nullable()
      .openapi({ description: 'Once it is completed' }),
    failures,
  }),
).openapi('Job')

const listedFields = {
  id: z.uuid(),
  status: inferenceStateSchema,
  modelId,
  datasetId: z.uuid(),
  datasetName: z.string(),
  jobId,
  progress,
  createdAt: timeSchema,
  updatedAt: timeSchema,
}

export const listedSchema = z.object(listedFields).openapi('InferenceSummary')

export const inferenceListSchema = answerSchema(
  z.object({ inferences: z.array(listedSchema), ...pageFields }),
).openapi('InferenceList')

export const describedSchema = z
  .object({
    ...listedFields,
    userId: z.uuid(),
    resolvedModelId,
    parameters: z
      .object({
        tokenCost: tokensSchema,
        costBreakdown: z.object({ singleImages: tokensSchema, videoFrames: tokensSchema }),
        tokenReservationId: z.string(),
      })
      .loose()
      .openapi({ description: 'What was asked for, and what all of it costs' }),
    itemCount: countSchema,
    succeededItems: countSchema,
    failedItems: countSchema,
    abortedItems: countSchema.openapi({ description: 'Without an outcome when it was aborted' }),
    endReason,
    retryOf: z
      .uuid()
      .nullable()
      .openapi({ description: 'The inference whose failed items it tries again' }),
    tokensSpent: tokensSchema
      .nullable()
      .openapi({ description: 'For what succeeded; null until it has ended' }),
    carbonGrams: z.number().min(0),
    ...overview,
    result: result.nullable().openapi({ description: 'Once it is completed or aborted' }),
    failures,
  })
  .openapi('Inference')

export const inferenceSchema = answerSchema(describedSchema).openapi('InferenceAnswer')
