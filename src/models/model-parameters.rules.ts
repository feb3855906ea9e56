import { createValidator, type Model, type ParametersSchema } from './model-list.ts'

type Property = ParametersSchema['properties'][string]

export type ReadModelParameters =
  | { readonly ok: true; readonly values: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly name: string; readonly message: string }

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const textMax = 100

/** Whether the model has a parameter of that name. */
export function takesParameter(model: Model, name: string): boolean {
  return Object.hasOwn(model.parameters.properties, name)
}

/**
 * Holds values, each under a name that the model takes, to the model's schema. A number or a boolean may be given as its
 * text; what is answered has the schema's types. A refusal tells the value, the range and the model.
 */
export function readModelParameters(
  model: Model,
  given: Readonly<Record<string, unknown>>,
): ReadModelParameters {
  const { properties } = model.parameters
  const values = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, readText(value, properties[name] ?? {})]),
  )
  const read = createValidator(model.parameters).safeParse(values)
  if (read.success) return { ok: true, values }
  const name = String(read.error.issues[0]?.path[0] ?? Object.keys(given)[0] ?? '')
  const rule = describeProperty(properties[name] ?? {})
  const received = Object.hasOwn(given, name) ? `Received: ${show(given[name])}` : 'It is missing.'
  return {
    ok: false,
    name,
    message: `Parameter "${name}" of ${model.id} must be ${rule}. ${received}`,
  }
}

/** What the model takes, as people read it: `seed (an integer from 0 to 4294967295, 1 if left out)`. */
export function describeParameters(model: Model): string {
  const all = Object.entries(model.parameters.properties)
  if (all.length === 0) return 'no parameters of its own'
  return all.map(([name, property]) => `${name} (${describeProperty(property)})`).join(', ')
}

/** The number or boolean that a text stands for, where the schema wants one and no text. */
function readText(value: unknown, property: Property): unknown {
  if (typeof value !== 'string') return value
  const types = typesOf(property)
  const wants = (type: string) => types.includes(type)
  if (wants('string')) return value
  const text = value.trim()
  if ((wants('integer') || wants('number')) && decimal.test(text)) return Number(text)
  if (wants('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return value
}

function typesOf({ type, anyOf }: Property): string[] {
  const own = Array.isArray(type) ? type : [type]
  const others = Array.isArray(anyOf) ? (anyOf as Property[]).flatMap(typesOf) : []
  return [...own, ...others].filter((each) => typeof each === 'string')
}

function describeProperty(property: Property): string {
  const { enum: choices, default: fallback } = property
  const rule = Array.isArray(choices)
    ? `one of ${choices.map(show).join(', ')}`
    : describeType(property)
  return fallback === undefined || fallback === null
    ? rule
    : `${rule}, ${show(fallback)} if left out`
}

const typeWords: Readonly<Record<string, string>> = {
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  string: 'text',
}

function describeType(property: Property): string {
  const [type = ''] = typesOf(property)
  const words = typeWords[type] ?? 'as GET /api/models tells'
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = property
  if (isNumber(minimum) && isNumber(maximum)) return `${words} from ${minimum} to ${maximum}`
  const bounds = [
    ...(isNumber(minimum) ? [`at least ${minimum}`] : []),
    ...(isNumber(exclusiveMinimum) ? [`above ${exclusiveMinimum}`] : []),
    ...(isNumber(maximum) ? [`at most ${maximum}`] : []),
    ...(isNumber(exclusiveMaximum) ? [`below ${exclusiveMaximum}`] : []),
  ]
  return bounds.length === 0 ? words : `${words}, ${bounds.join(' and ')}`
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.length <= textMax ? text : `${text.slice(0, textMax)}…`
}
