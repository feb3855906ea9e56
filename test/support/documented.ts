import { Validator } from '@cfworker/json-schema'
import type { ApiDocument, Operation } from '../../src/documentation/openapi/create-document.ts'
import { isPage } from './pages.ts'
import { createStrictSchema, type JsonSchema } from './strict-schema.ts'

/** An answer as a client got it, with what it was asked. */
export interface Answered {
  readonly method: string
  /** With or without the query. */
  readonly path: string
  readonly status: number
  readonly contentType: string | null
  /** The parsed JSON, where the answer is JSON. */
  readonly body?: unknown
}

/** Why the document does not allow an answer, as a sentence; null where it does. */
export type FindProblem = (answered: Answered) => string | null

interface Candidate {
  readonly pattern: RegExp
  readonly method: string
  readonly operation: Operation
}

const isJson = (contentType: string | null) => /\bjson\b/.test(contentType ?? '')

/** Answers that have no body to describe, or are given before any route is looked for; and pages. */
const isOfNoRoute = ({ method, path }: Answered) =>
  method === 'OPTIONS' || method === 'HEAD' || (method === 'GET' && isPage(readPathname(path)))

const notFoundSchema: JsonSchema = {
  type: 'object',
  required: ['success', 'message', 'code', 'documentation'],
  properties: {
    success: { const: false },
    message: { type: 'string' },
    code: { const: 'request.route_not_found' },
    documentation: { type: 'string' },
  },
  additionalProperties: false,
}

/**
 * Holds answers against the document: the route must be in it, the status declared, and a JSON body as its schema says,
 * without a property that the schema does not name unless it is open to more on purpose.
 */
export function createDocumentCheck(document: ApiDocument): FindProblem {
  const candidates = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      pattern: patternOf(path, operation),
      method: method.toUpperCase(),
      operation,
    })),
  )
  const validators = new Map<unknown, Validator>()
  const validatorOf = (schema: JsonSchema) => {
    const known = validators.get(schema)
    if (known) return known
    // One error is enough to fail; which of them says most is chosen below.
    const validator = new Validator(createStrictSchema(schema, document), '2020-12', true)
    validators.set(schema, validator)
    return validator
  }

  return (answered) => {
    if (isOfNoRoute(answered)) return null
    const found = findCandidates(candidates, answered)
    if (isRouteNotFound(answered)) {
      return findWrongValue(validatorOf(notFoundSchema), answered.body, 'No route')
    }
    if (found.length === 0) {
      // A page for people is no answer of the API.
      if (!isJson(answered.contentType)) return null
      return `${answered.method} ${answered.path} answered ${answered.status}, and the document has no such route.`
    }
    const problems = found.map(({ operation }) => findProblem(operation, answered, validatorOf))
    return problems.includes(null) ? null : (problems[0] ?? null)
  }
}

/** As a client sends it: without `..` and without the query. */
const readPathname = (path: string) => new URL(path, 'http://localhost').pathname

/** Addresses that the document tells with fewer names stand first. */
function findCandidates(all: readonly Candidate[], { method, path }: Answered): Candidate[] {
  const pathname = readPathname(path)
  // Media are served by their signature alone, whatever the method and the key.
  const isMedia = pathname.startsWith('/media/')
  const address = isMedia ? pathname : pathname.replace(/(?<=.)\/$/, '')
  const asked = isMedia ? 'GET' : method
  return all
    .filter((candidate) => candidate.method === asked && candidate.pattern.test(address))
    .sort((a, b) => namesIn(a.pattern) - namesIn(b.pattern))
}

const namesIn = (pattern: RegExp) => pattern.source.split('[^').length

function patternOf(path: string, operation: Operation): RegExp {
  const source = path.replace(/[.]/g, '\\.').replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const parameter = operation.parameters?.find((each) => each.name === name)
    const { enum: values } = (parameter?.schema ?? {}) as { enum?: string[] }
    if (values) return `(?:${values.join('|')})`
    return path === '/media/{key}' ? '[^?]*' : '[^/]+'
  })
  return new RegExp(`^${source}$`)
}

const isRouteNotFound = ({ status, body }: Answered) =>
  status === 404 && (body as { code?: unknown } | undefined)?.code === 'request.route_not_found'

function findProblem(
  operation: Operation,
  { status, contentType, body }: Answered,
  validatorOf: (schema: JsonSchema) => Validator,
): string | null {
  const name = operation.operationId ?? 'A route without a name'
  const declared = operation.responses[status]
  if (!declared) {
    const told = JSON.stringify(body ?? null).slice(0, 500)
    return `${name} answered ${status}, and the document has no such status of it: ${told}`
  }
  if (!isJson(contentType)) return null
  const schema = declared.content?.['application/json']?.schema
  if (schema === undefined) return `${name} answered ${status} with JSON, which is not declared.`
  return findWrongValue(validatorOf(schema as JsonSchema), body, `${name} answered ${status}`)
}

function findWrongValue(validator: Validator, body: unknown, asked: string): string | null {
  const { valid, errors } = validator.validate(body)
  if (valid) return null
  const [deepest] = [...errors].sort(
    (a, b) =>
      b.instanceLocation.split('/').length - a.instanceLocation.split('/').length ||
      Number(a.keyword === 'false') - Number(b.keyword === 'false'),
  )
  const { instanceLocation = '#', error = '' } = deepest ?? {}
  const value = JSON.stringify(valueAt(body, instanceLocation))?.slice(0, 300)
  const hint = errors.some(({ keyword }) => keyword === 'additionalProperties')
    ? ' (a property that is not declared, or a value of another kind)'
    : ''
  return `${asked} with something at ${instanceLocation} that the document does not allow: ${error}${hint} It is ${value}`
}

function valueAt(body: unknown, pointer: string): unknown {
  let value = body
  for (const part of pointer.split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    value = (value as Record<string, unknown> | null | undefined)?.[key]
  }
  return value
}
