import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createHeldApp } from './support/held-app.ts'

const app = createHeldApp()

describe('the root', () => {
  it('says what this is', async () => {
    const answer = await app.request('/', {}, env)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ status: 'running', version: '1.0.0' })
  })

  it('leads to its document and its pages, for programs and for people', async () => {
    const { headers } = await app.request('/', {}, env)
    const links = [...(headers.get('link') ?? '').matchAll(/<([^>]+)>; rel="([^"]+)"/g)]
    expect(links.map(([, address, rel]) => [rel, address])).toEqual([
      ['service-desc', '/openapi.json'],
      ['service-doc', '/docs'],
    ])
    for (const [, address = ''] of links) {
      expect((await app.request(address, {}, env)).status).toBe(200)
    }
  })

  it('answers an unknown route with its method and address', async () => {
    const answer = await app.request('/api/nope?x=1', {}, env)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toEqual({
      success: false,
      message: 'Route not found: GET /api/nope?x=1',
      code: 'request.route_not_found',
      documentation: `${env.PUBLIC_BASE_URL}/docs/errors/request.route_not_found`,
    })
  })
})
