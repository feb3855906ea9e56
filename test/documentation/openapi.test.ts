import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createDocument, type Operation } from '../../src/documentation/openapi/create-document.ts'
import { routes } from '../access/routes.ts'
import { app, request, services } from '../support/world.ts'

const document = createDocument(app, services.settings)
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(
    ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
  ),
)

/** Pages are for people, and no part of the API. */
const isPage = (name: string) => /^GET \/(docs(\/|$)|llms\.txt$)/.test(name)

/** What the router answers by itself; handlers for ALL methods are middleware, but for the one that serves media. */
const served = new Set(
  app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`)
    .map((name) => name.replace(/(?<=\w)\/$/, ''))
    .concat('GET /media/{key}')
    .filter((name) => !isPage(name)),
)

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
})
