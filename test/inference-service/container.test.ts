import { describe, expect, it, vi } from 'vitest'
import worker, { InferenceContainer } from '../../inference-container/cloudflare/container.ts'
import { createServiceCall } from '../../src/inference-service/service-call.ts'

/*
 * The Worker in front of the containers, with a stand-in for what the platform gives an object that has one: there is no
 * Docker where the tests run.
 */

const settings = {
  INFERENCE_SECRET: 'container-secret-0123456789-0123456789',
  INFERENCE_MEDIA_ORIGINS: 'https://0.r2.cloudflarestorage.com',
}

/** A container that refuses connections until it has been asked for its health so often. */
function createContainer({ refusals = 0, onRefusal = () => {} } = {}) {
  const starts: unknown[] = []
  const asked: string[] = []
  let left = refusals
  const container = {
    running: false,
    start(options: unknown) {
      starts.push(options)
      this.running = true
    },
    setInactivityTimeout: async () => undefined,
    getTcpPort: (port: number) => ({
      async fetch(input: string | Request) {
        const request = new Request(input)
        const { pathname } = new URL(request.url)
        if (pathname === '/health' && left > 0) {
          left -= 1
          onRefusal()
          throw new Error('connection refused')
        }
        asked.push(`${port} ${request.method} ${pathname} ${await request.text()}`)
        return Response.json({ default: null, models: [] })
      },
    }),
  }
  // Only the platform makes objects: what is tried is the method, with what it finds of its object.
  const object = { ctx: { container }, env: settings } as unknown as InferenceContainer
  const fetchOf = (request: Request) => InferenceContainer.prototype.fetch.call(object, request)
  return { object: { fetch: fetchOf }, starts, asked }
}

describe('a container of the inference service', () => {
  it('is started by its first request, with its secret and the media origins, and once', async () => {
    const { object, starts, asked } = createContainer()
    const post = () =>
      new Request('https://inference.internal/v1/probe', { method: 'POST', body: '{}' })
    await object.fetch(post())
    await object.fetch(post())
    expect(starts).toEqual([
      { enableInternet: true, env: { ...settings, INFERENCE_SECRET_PREVIOUS: '' } },
    ])
    expect(asked.filter((line) => line.includes('/v1/'))).toEqual([
      '8788 POST /v1/probe {}',
      '8788 POST /v1/probe {}',
    ])
  })

  it('gets a request when it listens, and not before', async () => {
    const { object, asked } = createContainer({ refusals: 2 })
    await object.fetch(new Request('https://inference.internal/v1/models'))
    expect(asked).toEqual(['8788 GET /health ', '8788 GET /v1/models '])
  })

  it('that does not come up is told as a service that is busy, whose task comes again', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const { object } = createContainer({
        refusals: 10,
        onRefusal: () => vi.setSystemTime(Date.now() + 25_000),
      })
      const call = createServiceCall({
        baseUrl: 'https://inference.internal',
        secret: settings.INFERENCE_SECRET,
        clock: { nowMs: () => Date.now() },
        fetch: (input, init) => object.fetch(new Request(input, init)),
      })
      const { signal } = new AbortController()
      expect(await call.getJson('/v1/models', { signal })).toEqual({
        kind: 'busy',
        retryAfterSeconds: 5,
      })
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('the Worker in front of the containers', () => {
  it('passes each request to one of as many containers as it is told of', async () => {
    const names = new Set<string>()
    const CONTAINERS = {
      getByName(name: string) {
        names.add(name)
        return { fetch: async () => new Response('from a container') }
      },
    }
    for (let request = 0; request < 100; request += 1) {
      const env = { CONTAINERS, INSTANCES: '3' }
      const answer = await worker.fetch(
        new Request('https://inference.internal/health'),
        env as never,
      )
      expect(await answer.text()).toBe('from a container')
    }
    expect([...names].sort()).toEqual(['inference-0', 'inference-1', 'inference-2'])
  })
})
