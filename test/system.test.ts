import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createApp } from '../src/app.ts'

const app = createApp()

describe('the root', () => {
  it('says what this is', async () => {
    const answer = await app.request('/', {}, env)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ status: 'running', version: '1.0.0' })
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
