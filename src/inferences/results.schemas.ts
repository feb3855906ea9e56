import { z } from '@hono/zod-openapi'
import { answerSchema, countSchema, timeSchema } from '../shared/answer.schemas.ts'
import {
  failures,
  inferenceStateSchema,
  overview,
  resolvedModelId,
  resultImage,
  resultVideo,
} from './inferences.schemas.ts'

const pixels = z.int().min(1).nullable()
const bytes = countSchema.nullable()
const energyMethod = z.string().nullable().openapi({
  description:
    'How the energy behind `carbonGrams` was found: `rapl` is measured, `cpu-time-estimate` is not',
})
const downloadUrl = z.url().openapi({
  description: 'A signed URL: whoever has it gets the file until it expires; no header is needed',
})

const resultItem = z
  .object({
    position: countSchema.openapi({ description: "The item's place in the dataset, from 0" }),
    kind: z.enum(['image', 'frame']),
    originalPath: z.string(),
    imageName: z.string(),
    outputPath: z.string().nullable(),
    status: z.enum(['PENDING', 'SUCCEEDED', 'FAILED', 'ABORTED']),
    width: pixels,
    height: pixels,
    sizeBytes: bytes,
    sha256: z.string().nullable().openapi({ description: 'Lower-case hexadecimal' }),
    inpaintMs: z.number().min(0).nullable().openapi({ description: 'Milliseconds in the model' }),
    carbonGrams: z.number().min(0).nullable(),
    energyMethod,
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .openapi('ResultItem')

const videoSchema = resultVideo
  .extend({
    downloadUrl,
    status: z.literal('SUCCEEDED'),
    width: pixels,
    height: pixels,
    frameCount: countSchema,
    fps: z.number().min(0).nullable().openapi({ description: 'Frames a second, on average' }),
    durationSeconds: z.number().min(0).nullable(),
    sizeBytes: bytes,
    replacedFrames: z
      .array(countSchema)
      .openapi({ description: 'Indexes of the frames that are shown as they were uploaded' }),
    notes: z.array(z.string()),
    carbonGrams: z
      .number()
      .min(0)
      .openapi({ description: 'Of putting the video together; its frames have their own' }),
    energyMethod,
  })
  .openapi('ResultVideo')

export const resultsSchema = answerSchema(
  z.object({
    inferenceId: z.uuid(),
    status: inferenceStateSchema,
    modelId: z.string(),
    resolvedModelId,
    ...overview,
    images: z
      .array(resultImage.extend({ downloadUrl }).openapi('ResultImage'))
      .openapi({ description: 'Pictures that succeeded' }),
    videos: z.array(videoSchema).openapi({ description: 'Videos that were made' }),
    items: z.array(resultItem).openapi({
      description: 'What became of every picture and frame, in the order of the dataset',
    }),
    failures,
  }),
).openapi('Results')

export const resultsDeletedSchema = answerSchema(
  z.object({
    inferenceId: z.uuid(),
    resultsDeletedAt: timeSchema,
    deletedObjects: countSchema,
  }),
).openapi('ResultsDeleted')
