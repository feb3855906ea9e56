import type { ApiDocument } from '../../src/documentation/openapi/create-document.ts'

export type JsonSchema = { readonly [keyword: string]: unknown }

/** Keywords that tell of values and describe none. */
const ofValues = ['const', 'enum', 'example', 'examples', 'default', 'required']

/**
 * The schema with its references written out, in which an object has no properties but those that it names. One that
 * says of itself that it is open to more stays open.
 */
export function createStrictSchema(schema: JsonSchema, document: ApiDocument): JsonSchema {
  const { allOf, ...own } = resolve(schema, document)
  const whole = Array.isArray(allOf) ? joinParts([...allOf, own], document) : own
  const entries = Object.entries(whole).map(([keyword, value]) => [
    keyword,
    ofValues.includes(keyword) ? value : strictPart(keyword, value, document),
  ])
  const strict = Object.fromEntries(entries) as JsonSchema
  const isClosed = strict.properties !== undefined && strict.additionalProperties === undefined
  return isClosed ? { ...strict, additionalProperties: false } : strict
}

function strictPart(keyword: string, value: unknown, document: ApiDocument): unknown {
  if (keyword === 'properties') {
    return Object.fromEntries(
      Object.entries(value as Record<string, JsonSchema>).map(([name, property]) => [
        name,
        createStrictSchema(property, document),
      ]),
    )
  }
  if (Array.isArray(value)) {
    return value.map((part) => (isSchema(part) ? createStrictSchema(part, document) : part))
  }
  return isSchema(value) ? createStrictSchema(value, document) : value
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function resolve(schema: JsonSchema, document: ApiDocument): JsonSchema {
  const { $ref, ...own } = schema
  if (typeof $ref !== 'string') return schema
  const [, kind = '', name = ''] = /^#\/components\/(\w+)\/(.+)$/.exec($ref) ?? []
  const named = document.components[kind]?.[name] as JsonSchema | undefined
  if (named === undefined) throw new Error(`The document has no ${$ref}.`)
  return { ...resolve(named, document), ...own }
}

/** Parts of one object, such as what it takes over from another and what it adds, as one schema. */
function joinParts(parts: readonly JsonSchema[], document: ApiDocument): JsonSchema {
  const whole = parts.map((part) => {
    const { allOf, ...own } = resolve(part, document)
    return Array.isArray(allOf) ? joinParts([...allOf, own], document) : own
  })
  return {
    ...Object.assign({}, ...whole),
    ...(whole.some(({ properties }) => properties !== undefined) && {
      properties: Object.assign({}, ...whole.map(({ properties }) => properties)),
      required: whole.flatMap(({ required }) => (required as string[] | undefined) ?? []),
    }),
  }
}
