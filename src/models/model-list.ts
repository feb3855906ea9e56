import { z } from 'zod'

const statuses = ['ready', 'starting', 'failed', 'notConfigured'] as const

/** A JSON Schema of an object, as far as it is read here. */
const objectSchema = z.looseObject({
  properties: z.record(z.string(), z.looseObject({})).default({}),
})

export type ParametersSchema = z.infer<typeof objectSchema>

const manifest = z.object({
  id: z.string().min(1),
  version: z.string(),
  title: z.string(),
  description: z.string(),
  licence: z.string(),
  commercialUse: z.boolean(),
  runtime: z.string(),
  status: z.enum(statuses).catch('failed'),
  parameters: objectSchema,
  sizes: z.object({
    rule: z.string(),
    sideMax: z.number().nullable(),
    cropPixelsMax: z.number().nullable(),
  }),
  speed: z
    .object({ milliseconds: z.number().nonnegative(), picture: z.string(), device: z.string() })
    .nullable(),
})

/**
 * A model as the inference service tells it, without where its weights lie and why it is not ready: those words are for
 * whoever runs the service.
 */
export type Model = z.infer<typeof manifest>

/** A model whose parameters cannot be read here could not be asked for rightly. */
const usableManifest = manifest.transform((model): Model => {
  return canValidate(model.parameters) ? model : { ...model, status: 'failed' }
})

const modelList = z.object({ default: z.string(), models: z.array(usableManifest) })

function canValidate(schema: ParametersSchema): boolean {
  try {
    createValidator(schema)
    return true
  } catch {
    return false
  }
}

/** What holds values to a JSON Schema; throws where the schema uses what is not understood. */
export function createValidator(schema: ParametersSchema): z.ZodType {
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
}

export interface ModelList {
  /** What `default_inpainting` stands for. */
  readonly defaultId: string
  readonly models: readonly Model[]
}

/** The answer of `GET /v1/models`; null where it is not of the contract. */
export function readModelList(answer: unknown): ModelList | null {
  const read = modelList.safeParse(answer)
  return read.success ? { defaultId: read.data.default, models: read.data.models } : null
}
