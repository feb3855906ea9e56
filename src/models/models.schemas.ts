import { z } from '@hono/zod-openapi'
import { answerSchema, timeSchema } from '../shared/answer.schemas.ts'

const parameters = z.record(z.string(), z.unknown()).nullable().openapi({
  description: 'A JSON Schema of what `parameters` may hold; null while the model is not ready',
})

const model = z
  .object({
    id: z.string().openapi({ description: 'What `modelId` names' }),
    version: z.string(),
    title: z.string(),
    description: z.string(),
    licence: z.string().openapi({ description: 'Of the model, as its makers give it' }),
    commercialUse: z.boolean().openapi({ description: 'Whether the licence allows it' }),
    runtime: z
      .string()
      .openapi({ description: 'What it runs on, such as `opencv` or `onnxruntime`' }),
    ready: z.boolean(),
    reason: z.string().nullable().openapi({ description: 'Why the model is not ready' }),
    isDefault: z.boolean(),
    aliases: z.array(z.string()).openapi({ description: 'Other names that `modelId` may give' }),
    parameters,
    limits: z.object({
      picturePixelsMax: z.int().openapi({ description: 'Width times height of a picture' }),
      kernelSizes: z
        .string()
        .openapi({ description: 'Other sizes are scaled and padded to these' }),
      kernelSideMax: z
        .number()
        .nullable()
        .openapi({ description: 'Pixels of the longer side; null for any' }),
      kernelPixelsMax: z
        .number()
        .nullable()
        .openapi({ description: 'Pixels in all; null for any' }),
    }),
    speed: z
      .object({
        milliseconds: z.number(),
        picture: z.string().openapi({ description: 'What was filled' }),
        device: z.string(),
      })
      .nullable()
      .openapi({ description: 'Measured when the model was set up' }),
  })
  .openapi('Model')

export const modelsSchema = answerSchema(
  z.object({
    default: z.string().openapi({ description: 'The model that is taken where none is named' }),
    models: z.array(model),
    asOf: timeSchema,
    isCurrent: z
      .boolean()
      .openapi({ description: 'False where the inference service is away: this was known last' }),
  }),
)

export const exampleModel: z.output<typeof model> = {
  id: 'patchmatch',
  version: '0.1',
  title: 'PatchMatch',
  description:
    'Fills holes with patches that fit from elsewhere in the picture. Keeps texture sharp.',
  licence: 'MIT',
  commercialUse: true,
  runtime: 'pypatchmatch',
  ready: true,
  reason: null,
  isDefault: true,
  aliases: ['default_inpainting'],
  parameters: {
    type: 'object',
    properties: { seed: { type: 'integer', minimum: 0, default: 1 } },
    additionalProperties: false,
  },
  limits: {
    picturePixelsMax: 64_000_000,
    kernelSizes: 'any',
    kernelSideMax: null,
    kernelPixelsMax: null,
  },
  speed: { milliseconds: 182.5, picture: '256x256, hole 64x64', device: 'cpu' },
}
