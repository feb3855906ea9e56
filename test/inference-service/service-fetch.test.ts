import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createServices, type Outside } from '../../src/services.ts'
import { silentLogger } from '../support/people.ts'

/** Services whose network tells what it was asked, with or without a Worker that runs the inference service. */
function createStage({ isBound }: { isBound: boolean }) {
  const asked: string[] = []
  const answerAs =
    (way: string): typeof fetch =>
    async (input, init) => {
      const request = new Request(input, init)
      asked.push(`${way} ${request.method} ${new URL(request.url).pathname}`)
      expect(request.headers.get('authorization')).toMatch(/^Bearer /)
      return Response.json({ default: null, models: [] })
    }
  const outside: Outside = {
    clock: { nowMs: () => Date.now() },
    createId: () => crypto.randomUUID(),
    sleep: async () => undefined,
    fetch: answerAs('network'),
    logger: silentLogger,
  }
  const bound = isBound ? { INFERENCE: { fetch: answerAs('Worker') } } : {}
  return { services: createServices({ ...env, ...bound } as Env, outside), asked }
}

describe('the inference service', () => {
  it('is asked over the network where no Worker runs it', async () => {
    const { services, asked } = createStage({ isBound: false })
    await services.serviceCall.getJson('/v1/models', { signal: AbortSignal.timeout(1000) })
    expect(asked).toEqual(['network GET /v1/models'])
  })

  it('is asked by the Worker that runs it in containers where one is bound, and never by an address', async () => {
    const { services, asked } = createStage({ isBound: true })
    const { signal } = new AbortController()
    await services.serviceCall.getJson('/v1/models', { signal })
    await services.serviceCall.postJson('/v1/probe', {}, { signal })
    expect(asked).toEqual(['Worker GET /v1/models', 'Worker POST /v1/probe'])
  })
})
