import { describe, expect, test } from 'vitest'
import { createApp } from '../src/app.ts'
import { createDocument } from '../src/documentation/openapi/create-document.ts'
import { request, services } from './support/world.ts'

interface Operation {
  readonly tags?: readonly string[]
  readonly security?: readonly Record<string, readonly string[]>[]
  readonly responses: Readonly<Record<string, unknown>>
}

const app = createApp()
const document = createDocument(app, services.settings)
const operations = new Map(
  Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  ),
)

/** What the router answers by itself; handlers for ALL methods are middleware, but for the one that serves media. */
const served = new Set(
  app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`)
    .map((name) => name.replace(/(?<=\w)\/$/, ''))
    .concat('GET /media/{key}'),
)

/** Routes for people who have no access token, or whose signed URL stands for one. */
const open = [
  'GET /',
  'GET /health',
  'GET /health/ready',
  'GET /openapi.json',
  'GET /media/{key}',
  'POST /api/users/user',
  'POST /api/users/login',
]

describe('The document of the API', () => {
  test('tells every route that is served, and no other', () => {
    expect([...operations.keys()].sort()).toEqual([...served].sort())
  })

  test('names the access token for every route but those that need none', () => {
    const unprotected = [...operations].filter(([, { security }]) => security === undefined)
    expect(unprotected.map(([name]) => name).sort()).toEqual([...open].sort())
    for (const [, { security }] of operations) {
      if (security !== undefined) expect(security).toEqual([{ accessToken: [] }])
    }
    expect(document.components?.securitySchemes).toMatchObject({
      accessToken: { type: 'http', scheme: 'bearer' },
    })
  })

  test('tells the truth: a protected route refuses whoever brings no access token, an open one does not', async () => {
    for (const [name, { security, responses }] of operations) {
      const [method = '', path = ''] = name.split(' ')
      const address = path.replace('{type}', 'image').replace(/\{\w+\}/g, crypto.randomUUID())
      const { status, body } = await request(null, method, address)
      expect(`${name}: ${body.code === 'auth.missing'}`).toBe(`${name}: ${security !== undefined}`)
      expect(Object.keys(responses), name).toContain(String(status))
    }
  })

  test('puts every route under a heading', () => {
    for (const [name, { tags }] of operations) expect(tags, name).toHaveLength(1)
  })
})
