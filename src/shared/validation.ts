import type { z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { requestErrors } from './errors.ts'
import { findJsonProblem } from './json-problem.rules.ts'
import { BodyReader } from './request-body.ts'

const jsonBytesMax = 1_000_000

/** What a route whose address, query or headers have a schema may refuse. */
export const parameterRefusals = requestErrors.list('request.invalid')

/** What reading a body may refuse, whatever is in it. */
export const bodyRefusals = requestErrors.list('request.broken_off', 'request.too_slow')

/** What a route behind `normalizeJsonBody` may refuse. */
export const jsonBodyRefusals = [
  ...requestErrors.list('request.invalid', 'request.malformed_json', 'request.too_large'),
  ...bodyRefusals,
]

type ValidationResult = { readonly target?: string } & (
  | { readonly success: true }
  | { readonly success: false; readonly error: z.core.$ZodError }
)

/** The default answer to a request that its schema refuses: the first issue, as `request.invalid`. */
export function throwFirstIssue(result: ValidationResult): void {
  if (result.success) return
  const issue = result.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  // All of a query is text; only what is given more than once comes as a list.
  const isRepeated = result.target === 'query' && issue?.code === 'invalid_type'
  throw requestErrors.createError(
    'request.invalid',
    isRepeated
      ? `The parameter '${field}' is given more than once: send one of its values.`
      : (issue?.message ?? 'The request is invalid.'),
    field === '' ? {} : { field },
  )
}

/**
 * Reads a JSON body whatever its content type says, so that a missing body or header is answered by the schema's own
 * message. Throws `request.malformed_json`, `request.invalid` for what is no object, `request.too_large` (1 MB), and what
 * `BodyReader.readOrThrow` does.
 */
export const normalizeJsonBody: MiddlewareHandler = async (context, next) => {
  const text = await readTextOrThrow(context.req.raw)
  const body = text.trim() === '' ? '{}' : text
  ensureJsonObject(body)
  const headers = new Headers(context.req.raw.headers)
  headers.set('content-type', 'application/json')
  headers.delete('content-length')
  context.req.raw = new Request(context.req.raw.url, {
    method: context.req.raw.method,
    headers,
    body,
  })
  await next()
}

async function readTextOrThrow(request: Request): Promise<string> {
  const body = new BodyReader(request.body)
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const chunk = await body.readOrThrow()
    if (chunk === null) return text + decoder.decode()
    if (body.receivedBytes > jsonBytesMax) {
      await body.dismiss()
      throw createTooLargeError()
    }
    text += decoder.decode(chunk, { stream: true })
  }
}

/** A JSON object as a request's body. Throws as `normalizeJsonBody` does. */
export async function readJsonObjectOrThrow(request: Request): Promise<Record<string, unknown>> {
  const text = await readTextOrThrow(request)
  ensureJsonObject(text)
  return JSON.parse(text) as Record<string, unknown>
}

function createTooLargeError() {
  return requestErrors.createError(
    'request.too_large',
    `The JSON body is longer than the ${jsonBytesMax} bytes that are read. Send pictures and videos as files, not inside JSON.`,
    { limitBytes: jsonBytesMax },
  )
}

function ensureJsonObject(text: string): void {
  const value = parseJsonOrThrow(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  const received = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
  throw requestErrors.createError(
    'request.invalid',
    `The body must be a JSON object. Received: ${received}`,
  )
}

function parseJsonOrThrow(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw createMalformedJsonError(text)
  }
}

function createMalformedJsonError(text: string) {
  const found = findJsonProblem(text)
  if (found === null) {
    return requestErrors.createError('request.malformed_json', 'The body is not valid JSON.')
  }
  const { line, column, isEnd, problem } = found
  const hint = `The body is not valid JSON. At line ${line}, column ${column}, ${problem}.`
  // The original's words for a body that ends too early, which its clients know.
  return requestErrors.createError(
    'request.malformed_json',
    isEnd ? 'Unexpected end of JSON input' : hint,
    { line, column, ...(isEnd && { hint }) },
  )
}
