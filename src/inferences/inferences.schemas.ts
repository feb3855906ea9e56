import { z } from '@hono/zod-openapi'
import { builtInIds, defaultAlias } from '../models/choose-model.rules.ts'

const time = z.iso.datetime()
const state = z.enum(['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'ABORTED'])

/** Declared as what is documented; the rules, with the messages people see, are in parameters.rules.ts. */
export const startInferenceBody = z
  .object({
    datasetName: z.unknown().openapi({ type: 'string', example: 'Inpainting dataset' }),
    modelId: z.unknown().openapi({
      type: 'string',
      description: `A model of \`GET /api/models\` that is ready: ${builtInIds.join(', ')} or a learned one`,
      example: defaultAlias,
    }),
    parameters: z.unknown().openapi({
      type: 'object',
      description:
        'quality, blendMode, outputFormat, customParameter, temporal, and the parameters of the model',
      example: { quality: 'high', outputFormat: 'png' },
    }),
  })
  .partial()
  .openapi('StartInference')

export const idParams = z.object({ id: z.string() })
export const jobParams = z.object({ jobId: z.string() })
export const downloadParams = z.object({ id: z.string(), filename: z.string() })
export const pageQuery = z.object({
  page: z.string().optional().openapi({ example: '1' }),
  limit: z.string().optional().openapi({ example: '10' }),
})

export const startedSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  inference: z.object({
    id: z.uuid(),
    status: state,
    modelId: z.string(),
    datasetName: z.string(),
    createdAt: time,
  }),
  jobId: z.number(),
})

export const endReason = z
  .enum(['aborted_by_owner', 'aborted_by_administrator', 'deadline_passed'])
  .nullable()

const resolvedModelId = z
  .string()
  .nullable()
  .openapi({ description: 'The model behind the alias; null where it was not known at the start' })

const image = z.object({ originalPath: z.string(), outputPath: z.string() })
const video = z.object({ originalVideoId: z.string(), outputPath: z.string() })
const result = z.object({ success: z.boolean(), images: z.array(image), videos: z.array(video) })
const failures = z.array(
  z.object({
    originalPath: z.string(),
    imageName: z.string(),
    code: z.string(),
    message: z.string(),
  }),
)

/** Of the results as a whole; the footprint is in grams of CO2. */
const overview = {
  carbonFootprint: z.number(),
  imageZip: z
    .url()
    .nullable()
    .openapi({ description: 'Every result in one ZIP, for whoever has an access token' }),
  resultsDeletedAt: time.nullable(),
}

const energyMethod = z.string().nullable().openapi({
  description:
    'How the energy behind `carbonGrams` was found, such as `cpu-time-estimate` or `rapl`',
})

const resultItem = z.object({
  position: z.number(),
  kind: z.enum(['image', 'frame']),
  originalPath: z.string(),
  imageName: z.string(),
  outputPath: z.string().nullable(),
  status: z.enum(['PENDING', 'SUCCEEDED', 'FAILED', 'ABORTED']),
  width: z.number().nullable(),
  height: z.number().nullable(),
  sizeBytes: z.number().nullable(),
  sha256: z.string().nullable(),
  inpaintMs: z.number().nullable(),
  carbonGrams: z.number().nullable(),
  energyMethod,
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
})

export const jobSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: z.object({
    jobId: z.number(),
    status: z.enum(['waiting', 'active', 'completed', 'failed']),
    progress: z.number(),
    inferenceId: z.uuid(),
    inferenceStatus: state,
    totalItems: z.number(),
    succeededItems: z.number(),
    failedItems: z.number(),
    result: z.object({ success: z.boolean(), result }).nullable(),
    failures,
  }),
})

export const listedSchema = z.object({
  id: z.uuid(),
  status: state,
  modelId: z.string(),
  datasetId: z.uuid(),
  datasetName: z.string(),
  jobId: z.number(),
  progress: z.number(),
  createdAt: time,
  updatedAt: time,
})

export const inferenceListSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: z.object({
    inferences: z.array(listedSchema),
    totalItems: z.number(),
    currentPage: z.number(),
    totalPages: z.number(),
    itemsPerPage: z.number(),
  }),
})

export const describedSchema = listedSchema.extend({
  userId: z.uuid(),
  resolvedModelId,
  parameters: z
    .object({
      tokenCost: z.number(),
      costBreakdown: z.object({ singleImages: z.number(), videoFrames: z.number() }),
      tokenReservationId: z.string(),
    })
    .loose(),
  itemCount: z.number(),
  succeededItems: z.number(),
  failedItems: z.number(),
  abortedItems: z.number().openapi({ description: 'Without an outcome when it was aborted' }),
  endReason: endReason.openapi({
    description: 'Why it ended before its items did; null otherwise',
  }),
  retryOf: z
    .uuid()
    .nullable()
    .openapi({ description: 'The inference whose failed items it tries again' }),
  tokensSpent: z.number().nullable(),
  carbonGrams: z.number(),
  ...overview,
  result: result.nullable(),
  failures,
})

export const inferenceSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: describedSchema,
})

export const resultsSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: z.object({
    inferenceId: z.uuid(),
    status: state,
    modelId: z.string(),
    resolvedModelId,
    ...overview,
    images: z.array(image.extend({ downloadUrl: z.url() })),
    videos: z.array(
      video.extend({
        downloadUrl: z.url(),
        status: z.literal('SUCCEEDED'),
        width: z.number().nullable(),
        height: z.number().nullable(),
        frameCount: z.number(),
        fps: z.number().nullable(),
        durationSeconds: z.number().nullable(),
        sizeBytes: z.number().nullable(),
        replacedFrames: z
          .array(z.number())
          .openapi({ description: 'Indexes of the frames that are shown as they were uploaded' }),
        notes: z.array(z.string()),
        carbonGrams: z
          .number()
          .openapi({ description: 'Of putting the video together; its frames have their own' }),
        energyMethod,
      }),
    ),
    items: z.array(resultItem),
    failures,
  }),
})

export const resultsDeletedSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: z.object({
    inferenceId: z.uuid(),
    resultsDeletedAt: time,
    deletedObjects: z.number(),
  }),
})
