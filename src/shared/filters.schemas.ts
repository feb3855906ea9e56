import { z } from '@hono/zod-openapi'
import { isUuid } from './ids.ts'

/** A filter of a list's query: one that is missing or empty filters nothing. */
export function createFilter<Schema extends z.ZodType>(schema: Schema, description: string) {
  return z
    .preprocess((value) => (value === '' ? undefined : value), schema.optional())
    .optional()
    .openapi({ param: { description } })
}

export function createChoiceFilter<const Values extends Record<string, string>>(
  name: string,
  values: z.ZodEnum<Values>,
  description: string,
) {
  const error = `Invalid ${name}. Allowed values: ${values.options.join(', ')}`
  return createFilter(z.enum(values.enum, { error }), description)
}

export function createIdFilter(name: string, description: string) {
  const id = z.string().refine(isUuid, `Invalid ${name} format. It must be a UUID`).toLowerCase()
  return createFilter(id.openapi({ format: 'uuid' }), description)
}
