import fc, { type Arbitrary } from 'fast-check'
import { encodeStrictly } from '../../src/media/file-names.ts'
import type { Things } from '../access/people.ts'
import type { RouteCase } from '../access/routes.ts'
import { app } from '../support/world.ts'
import { headerText, jsonObjectText, oddBytes, rangeText, text } from './rubbish.ts'

/** A request as it is sent, in a form that a failing run can print. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string | Uint8Array<ArrayBuffer> | null
}

/** What the API's document says of a route: the names of what it takes. */
export interface Declared {
  readonly method: string
  readonly path: string
  readonly parameters: readonly string[]
  readonly queryNames: readonly string[]
  /** Of a JSON body; null where there is none. */
  readonly bodyNames: readonly string[] | null
}

const namesOf = (schema: unknown): string[] =>
  typeof schema === 'object' && schema !== null && 'shape' in schema
    ? Object.keys(schema.shape as object)
    : []

/** Every route of the API's document, by its name in the table of routes. */
export function listDeclared(): ReadonlyMap<string, Declared> {
  const routes = app.openAPIRegistry.definitions.flatMap((definition) => {
    if (definition.type !== 'route') return []
    const { method, path, request } = definition.route
    const content = request?.body?.content['application/json']
    const json = content && 'schema' in content ? content.schema : undefined
    const declared: Declared = {
      method: method.toUpperCase(),
      path,
      parameters: namesOf(request?.params),
      queryNames: namesOf(request?.query),
      bodyNames: json === undefined ? null : namesOf(json),
    }
    return [[`${declared.method} ${path.replace(/(?<=\w)\/$/, '')}`, declared] as const]
  })
  return new Map(routes)
}

/** A text in an address: encoded as it should be, or as it comes. */
const pathPart = fc.oneof(
  text.map((value) => encodeStrictly(value.toWellFormed())),
  text.map((value) => value.replace(/[?#]/g, '')),
  fc.constantFrom(
    '%',
    '%zz',
    '%E0%A4%A',
    '%00',
    '%2F',
    '%2F..%2F',
    '%2e',
    '%5c',
    '%C0%AF',
    ';a=b',
    '*',
    ':id',
  ),
)

function addressOf(declared: Declared, route: RouteCase): Arbitrary<string> {
  const parts = declared.parameters.map((name) => {
    const thing = route.names?.[name]
    if (thing === undefined) return pathPart
    const right = fc.constant(placeholderOf(thing))
    return fc.oneof(
      { weight: 3, arbitrary: right },
      { weight: 3, arbitrary: pathPart },
      { weight: 1, arbitrary: fc.constant(placeholderOf(thing.toUpperCase())) },
      { weight: 1, arbitrary: fc.tuple(right, pathPart).map((two) => two.join('')) },
    )
  })
  return fc
    .tuple(...parts)
    .map((values) =>
      declared.parameters.reduce(
        (path, name, index) => path.replace(`{${name}}`, () => values[index] ?? ''),
        declared.path,
      ),
    )
}

const queryValues = [
  'true',
  'false',
  'empty',
  'user',
  'admin',
  'COMPLETED',
  'pending',
  'completed',
  '2026-01-01',
]
const queryValue = fc.oneof(
  { weight: 2, arbitrary: text },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '1',
      '2',
      '100',
      '101',
      '0',
      '-1',
      '1000000',
      '1000001',
      ...queryValues,
    ),
  },
)

function queryOf({ queryNames }: Declared): Arbitrary<string> {
  const name = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(...queryNames, ...(queryNames.length === 0 ? ['page'] : [])),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('__proto__', 'constructor', '', 'page[]', 'page[a]', 'token', '%'),
    },
  )
  const pair = fc
    .tuple(name, queryValue, fc.boolean())
    .map(([key, value, isRaw]) =>
      isRaw
        ? `${key}=${value.replace(/[&#]/g, '')}`
        : `${encodeURIComponent(key)}=${encodeURIComponent(value.toWellFormed())}`,
    )
  return fc
    .array(pair, { maxLength: 4 })
    .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.join('&')}`))
}

const contentTypes = [
  'application/json',
  'application/json; charset=utf-16',
  'application/json; charset="',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'application/xml',
  'application/json, text/plain',
  ';',
  'é',
]

const headers: Arbitrary<[string, string][]> = fc.array(
  fc.oneof(
    fc.tuple(fc.constant('content-type'), fc.constantFrom(...contentTypes)),
    fc.tuple(fc.constant('range'), rangeText),
    fc.tuple(
      fc.constantFrom(
        'idempotency-key',
        'prefer',
        'if-none-match',
        'if-match',
        'if-range',
        'if-modified-since',
        'accept',
        'accept-encoding',
        'content-encoding',
        'content-length',
        'transfer-encoding',
        'origin',
        'cf-connecting-ip',
        'cf-ray',
        'x-forwarded-for',
        'x-request-id',
        'x-http-method-override',
        'cookie',
        'expect',
      ),
      headerText,
    ),
  ),
  { maxLength: 3 },
)

/** Mostly the right one, so that what comes behind it is reached. */
function authorizationOf(token: string): Arbitrary<[string, string][]> {
  const right = fc.constant<[string, string][]>([['authorization', `Bearer ${token}`]])
  const odd = fc
    .oneof(
      headerText,
      headerText.map((value) => `Bearer ${value}`),
      fc.constantFrom(
        `bearer  ${token}`,
        `Basic ${token}`,
        `Bearer ${token}x`,
        `Bearer ${token.slice(0, -5)}`,
        token,
      ),
    )
    .map((value): [string, string][] => [['authorization', value]])
  return fc.oneof({ weight: 14, arbitrary: right }, { weight: 1, arbitrary: odd })
}

/** Stands for a thing, or for the access token, in a request that chance alone makes up; `fillIn` puts the thing there. */
const placeholderOf = (name: string) => `~${name}~`

const placeholders = new Proxy({} as Things, { get: (_, name) => placeholderOf(String(name)) })

/** A request about these things; where a name stands in capitals, so does the thing. */
export function fillIn(sent: Sent, things: Things & { readonly token: string }): Sent {
  const all: Readonly<Record<string, string>> = { ...things }
  const capitals = Object.fromEntries(
    Object.entries(all).map(([name, thing]) => [name.toUpperCase(), thing.toUpperCase()]),
  )
  const fill = (text: string, write = (thing: string) => thing) =>
    text.replace(/~(\w+)~/g, (whole, name: string) => {
      const thing = all[name] ?? capitals[name]
      return thing === undefined ? whole : write(thing)
    })
  return {
    method: sent.method,
    path: fill(sent.path, encodeStrictly),
    headers: sent.headers.map(([name, value]) => [name, fill(value)]),
    body: typeof sent.body === 'string' ? fill(sent.body) : sent.body,
  }
}

/** Requests to one route, each of which is wrong somewhere or nowhere; their things are for `fillIn`. */
export function requestsTo(declared: Declared, route: RouteCase): Arbitrary<Sent> {
  const token = placeholderOf('token')
  const things = placeholders
  const right = (route.json?.(things) ?? {}) as Readonly<Record<string, unknown>>
  const members = {
    ...Object.fromEntries((declared.bodyNames ?? []).map((name) => [name, 'x'])),
    ...right,
  }
  const json: Arbitrary<Sent['body']> = fc.oneof(
    { weight: 12, arbitrary: jsonObjectText(members) },
    { weight: 1, arbitrary: oddBytes },
  )
  const takesBody = declared.method === 'POST' || declared.method === 'PUT'
  return fc
    .record({
      address: addressOf(declared, route),
      query: queryOf(declared),
      headers,
      authorization: authorizationOf(token),
      body: takesBody ? json : fc.constant(null),
    })
    .map(({ address, query, headers: more, authorization, body }) => ({
      method: declared.method,
      path: address + query,
      headers: [...more, ...authorization],
      body,
    }))
}
