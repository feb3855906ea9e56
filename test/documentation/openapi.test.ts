import { env } from 'cloudflare:workers'
import { Validator } from '@cfworker/json-schema'
import { describe, expect, it } from 'vitest'
import { allErrors } from '../../src/documentation/errors/all-errors.ts'
import { createDocument, type Operation } from '../../src/documentation/openapi/create-document.ts'
import { isPage, routes } from '../access/routes.ts'
import { createStrictSchema, type JsonSchema } from '../support/strict-schema.ts'
import { app, request, services } from '../support/world.ts'

const document = createDocument(app, services.settings)
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(
    ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
  ),
)

/** What the router answers by itself; handlers for ALL methods are middleware, but for the one that serves media. */
const served = new Set(
  app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`)
    .map((name) => name.replace(/(?<=\w)\/$/, ''))
    .concat('GET /media/{key}')
    .filter((name) => !isPage(name)),
)

/** Codes that no request is refused with, and why. */
const codesOfNoRoute: Readonly<Record<string, string>> = {
  'tokens.account_already_open': 'an account is opened by a registration, which takes it for done',
  'tokens.reservation_not_found': 'reservations are ended by the product itself',
  'tokens.reservation_already_ended': 'reservations are ended by the product itself',
  'upload.kind_mismatch': 'of an entry of an archive, in the report of its upload',
  'archive.entry_damaged': 'of an entry of an archive, in the report of its upload',
}

/** They tell of the API itself, whatever comes with the request. */
const refusesNobody = ['GET /', 'GET /health', 'GET /health/ready', 'GET /openapi.json']

const isForEverybody = (name: string) =>
  ['everybody', 'signed URLs'].includes(routes[name]?.gate ?? '')

describe('the document', () => {
  it('tells every route that is served, and no other', () => {
    expect(operations.map(([name]) => name).sort()).toEqual([...served].sort())
  })

  it('says where the API is, and what an access token is', () => {
    expect(document.servers).toEqual([{ url: services.settings.PUBLIC_BASE_URL }])
    expect(document.components.securitySchemes).toMatchObject({
      accessToken: { type: 'http', scheme: 'bearer' },
    })
  })

  it('names each route once, for ever, as a program may', () => {
    const names = operations.map(([, { operationId }]) => operationId ?? '')
    for (const name of names) expect(name).toMatch(/^[a-z]+([A-Z][a-z]+)*$/)
    expect(new Set(names).size).toBe(names.length)
  })

  it('says what its headings are, and uses each', () => {
    const used = new Set(operations.flatMap(([, { tags }]) => tags))
    expect([...used].sort()).toEqual(document.tags.map(({ name }) => name).sort())
  })

  it('is served to whoever asks, and only when it has changed', async () => {
    const first = await request(null, 'GET', '/openapi.json')
    expect(first.status).toBe(200)
    expect(first.body).toEqual(JSON.parse(JSON.stringify(document)))
    const etag = first.headers.get('etag') ?? ''
    const headers = { 'if-none-match': `"other", W/${etag}` }
    const again = await app.request('/openapi.json', { headers }, env)
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
    expect(again.headers.get('cache-control')).toBe('public, max-age=300')
  })
})

describe('the codes of the document', () => {
  const declared = new Set(
    operations.flatMap(([, { responses }]) =>
      Object.values(responses).flatMap(({ content }) =>
        Object.keys(content?.['application/json']?.examples ?? {}),
      ),
    ),
  )

  it('are all that a request can be refused with', () => {
    const refusing = allErrors.filter(({ status }) => status !== null).map(({ code }) => code)
    const undeclared = refusing.filter((code) => !declared.has(code))
    expect(undeclared.sort()).toEqual(Object.keys(codesOfNoRoute).sort())
  })

  it('each have an example, with their meaning and the page that says more', () => {
    for (const { code, meaning } of allErrors.filter((error) => declared.has(error.code))) {
      const documentation = `${services.settings.PUBLIC_BASE_URL}/docs/errors/${code}`
      expect(document.components.examples?.[code]).toEqual({
        value: { success: false, message: meaning, code, documentation },
      })
    }
  })
})

describe.each(operations)('%s', (name, operation: Operation) => {
  it('stands under one heading, with a few words of what it does', () => {
    expect(operation.tags).toHaveLength(1)
    expect(operation.summary).toMatch(/^\S.{2,70}[^.]$/)
  })

  it('wants an access token unless it is for everybody', async () => {
    expect(operation.security).toEqual(isForEverybody(name) ? [] : [{ accessToken: [] }])
    const [method = '', path = ''] = name.split(' ')
    const address = path.replace('{type}', 'image').replace(/\{\w+\}/g, crypto.randomUUID())
    const { body } = await request(null, method, address)
    expect(body.code === 'auth.missing').toBe(!isForEverybody(name))
  })

  it('shows a body to send, and what is answered', () => {
    const { requestBody, responses } = operation
    const shown = [requestBody?.content, ...successesOf(responses).map(({ content }) => content)]
    for (const [kind, media] of shown.flatMap((content) => Object.entries(content ?? {}))) {
      if (!isBytes.test(kind)) expect(hasExample(media), kind).toBe(true)
    }
  })

  it('has examples of JSON that are as it says, with nothing beside', () => {
    const { requestBody, responses } = operation
    const contents = [requestBody?.content, ...Object.values(responses).map((one) => one.content)]
    for (const media of contents.flatMap((content) => content?.['application/json'] ?? [])) {
      const schema = createStrictSchema(media.schema as JsonSchema, document)
      const validator = new Validator(schema, '2020-12', false)
      for (const value of listExamples(media)) expect(validator.validate(value).errors).toEqual([])
    }
  })

  it('says how it refuses', () => {
    const refusals = Object.keys(operation.responses).filter((status) => /^4/.test(status))
    expect(refusals.length > 0).toBe(!refusesNobody.includes(name))
    expect(operation.responses).toHaveProperty('500')
    expect('401' in operation.responses).toBe(!isForEverybody(name) || name.endsWith('/login'))
    expect('403' in operation.responses).toBe(/admin|userId|media/.test(name))
  })
})

function successesOf(responses: Operation['responses']) {
  return Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, answer]) => answer)
}

/** Nobody learns from the bytes of a file in a document. */
const isBytes = /^(image|video)\/|zip$/

type Shown = NonNullable<Operation['requestBody']>['content'][string]

/** A form shows what its texts are like. */
function hasExample({ schema, example, examples }: Shown): boolean {
  const { properties = {} } = schema as { properties?: Record<string, JsonSchema> }
  const texts = Object.values(properties).filter(({ format }) => format !== 'binary')
  const isForm = texts.length < Object.keys(properties).length
  return isForm
    ? texts.every((text) => 'example' in text || 'default' in text)
    : (example ?? examples) !== undefined
}

function listExamples({ example, examples = {} }: Shown): unknown[] {
  const shared = document.components.examples ?? {}
  const several = Object.entries(examples).map(([name, each]) =>
    '$ref' in (each as object) ? shared[name] : each,
  ) as readonly { readonly value: unknown }[]
  const values = several.map(({ value }) => value)
  return example === undefined ? values : [example, ...values]
}
