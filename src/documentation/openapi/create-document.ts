import type { Settings } from '../../config.ts'
import { errorPageUrl } from '../../shared/errors.ts'
import { allErrors } from '../errors/all-errors.ts'
import { tags } from './tags.ts'

export type HttpMethod = 'get' | 'put' | 'post' | 'delete'

/** A declared route in the document, as far as this code reads it. */
export interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly Readonly<Record<string, unknown>>[]
  readonly requestBody?: { readonly content: Readonly<Record<string, MediaType>> }
  readonly responses: Readonly<Record<string, Answer>>
}

interface MediaType {
  readonly schema?: unknown
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, unknown>>
}

export interface Answer {
  readonly description: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Readonly<Record<string, MediaType>>
}

export type Paths = Readonly<Record<string, Readonly<Partial<Record<HttpMethod, Operation>>>>>

/** An OpenAPI 3.1 document. */
export interface ApiDocument {
  readonly openapi: string
  readonly info: Readonly<Record<string, unknown>>
  readonly servers: readonly { readonly url: string }[]
  readonly externalDocs: { readonly description: string; readonly url: string }
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Paths
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** What knows the declared routes: the app. */
export interface Declarations {
  getOpenAPI31Document(config: { openapi: string; info: typeof info }): object
}

export const apiVersion = '1.0.0'

const info = {
  title: 'P.A. Inpainting',
  version: apiVersion,
  summary: 'Removes things from pictures and videos.',
  description:
    'Upload pictures or videos with masks of what is to go into a dataset, start a model over it, and download the repaired files. ' +
    'Work is paid for with tokens; a new account has 100.',
}

const securitySchemes = {
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The `token` of `POST /api/users/login`',
  },
}

const headers = {
  'X-Request-Id': {
    description: 'What the request is found by in the logs: name it when you ask for help',
    schema: { type: 'string' },
  },
}

/** A slash at the end of an address says nothing. */
const withoutLastSlash = (path: string) => (path.length > 1 ? path.replace(/\/$/, '') : path)

/**
 * The OpenAPI 3.1 document of every route that the app declares.
 *
 * Every declaration (`createRoute`) has: an `operationId` in camel case that no other has and that never changes, since
 * clients are generated from it; a `summary` of a few words; one of the `tags`; `security` unless it is for everybody; an
 * example for its body and for what it answers; and its refusals by code, with `refusedWith`.
 */
export function createDocument(
  app: Declarations,
  { PUBLIC_BASE_URL: baseUrl }: Pick<Settings, 'PUBLIC_BASE_URL'>,
): ApiDocument {
  const declared = app.getOpenAPI31Document({ openapi: '3.1.0', info }) as ApiDocument
  const { paths = {}, components = {} } = declared
  return {
    openapi: declared.openapi,
    info: declared.info,
    servers: [{ url: baseUrl }],
    externalDocs: { description: 'First steps, guides and error codes', url: `${baseUrl}/docs` },
    tags,
    paths: mapOperations(paths, completeOperation),
    components: {
      ...components,
      securitySchemes,
      headers,
      examples: createExamples(paths, baseUrl),
    },
  }
}

/** Paths without a slash at their end; what two paths said of one address is said together. */
function mapOperations(paths: Paths, change: (operation: Operation) => Operation): Paths {
  const mapped: Record<string, Partial<Record<HttpMethod, Operation>>> = {}
  for (const [path, methods] of Object.entries(paths)) {
    const changed = Object.entries(methods).map(([method, operation]) => [
      method,
      change(operation),
    ])
    const address = withoutLastSlash(path)
    mapped[address] = { ...mapped[address], ...Object.fromEntries(changed) }
  }
  return mapped
}

/** Says what is true of every route: its answers have an id, and it is for everybody unless it says otherwise. */
function completeOperation(operation: Operation): Operation {
  const requestId = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } }
  const responses = Object.entries(operation.responses).map(([status, answer]) => [
    status,
    { ...answer, headers: { ...answer.headers, ...requestId } },
  ])
  return { security: [], ...operation, responses: Object.fromEntries(responses) }
}

/** A refusal with each code that a route declares: the routes refer to them by the code. */
function createExamples(paths: Paths, baseUrl: string) {
  const declared = new Set(listOperations(paths).flatMap(listExamples))
  return Object.fromEntries(
    allErrors
      .filter(({ code }) => declared.has(code))
      .map(({ code, meaning: message }) => {
        const documentation = errorPageUrl(baseUrl, code)
        return [code, { value: { success: false, message, code, documentation } }]
      }),
  )
}

const listExamples = ({ responses }: Operation) =>
  Object.values(responses).flatMap(({ content }) =>
    Object.keys(content?.['application/json']?.examples ?? {}),
  )

/** Every declared route of a document. */
function listOperations(paths: Paths): Operation[] {
  return Object.values(paths).flatMap((methods) => Object.values(methods))
}
