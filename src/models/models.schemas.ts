import { z } from '@hono/zod-openapi'

const parameters = z
  .record(z.string(), z.unknown())
  .nullable()
  .openapi({ description: 'A JSON Schema; null while the model is not ready' })

const model = z
  .object({
    id: z.string().openapi({ example: 'patchmatch' }),
    version: z.string(),
    title: z.string(),
    description: z.string(),
    licence: z.string(),
    commercialUse: z.boolean(),
    runtime: z.string(),
    ready: z.boolean(),
    reason: z.string().nullable().openapi({ description: 'Why the model is not ready' }),
    isDefault: z.boolean(),
    aliases: z.array(z.string()),
    parameters,
    limits: z.object({
      picturePixelsMax: z.number(),
      kernelSizes: z
        .string()
        .openapi({ description: 'Other sizes are scaled and padded to these' }),
      kernelSideMax: z.number().nullable(),
      kernelPixelsMax: z.number().nullable(),
    }),
    speed: z
      .object({ milliseconds: z.number(), picture: z.string(), device: z.string() })
      .nullable()
      .openapi({ description: 'Measured when the model was set up' }),
  })
  .openapi('Model')

export const modelsSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: z.object({
    default: z.string(),
    models: z.array(model),
    asOf: z.iso.datetime(),
    isCurrent: z
      .boolean()
      .openapi({ description: 'False where the inference service is away: this was known last' }),
  }),
})
