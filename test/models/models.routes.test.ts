import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { patchmatch, secretPlace, stageModels, toldList } from '../support/models.ts'
import { app, createUser, type TestUser } from '../support/world.ts'

afterEach(() => vi.restoreAllMocks())

/** Asks an isolate that has just begun. */
function createIsolate() {
  const fresh = { ...env }
  return async (user: TestUser | null) => {
    const headers: Record<string, string> = user
      ? { authorization: `Bearer ${user.accessToken}` }
      : {}
    const answer = await app.request('/api/models', { headers }, fresh)
    // biome-ignore lint/suspicious/noExplicitAny: a test names the very keys that it expects
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as any }
  }
}

describe('GET /api/models', () => {
  it('tells every model with what it takes, how fast it is, and which is the default', async () => {
    stageModels(() => Response.json(toldList))
    const { status, body } = await createIsolate()(await createUser())
    expect(status).toBe(200)
    expect(body).toMatchObject({
      success: true,
      message: 'Models retrieved successfully',
      data: { default: 'patchmatch', isCurrent: true, asOf: expect.stringMatching(/^20.*Z$/) },
    })
    expect(body.data.models.map((model: { id: string }) => model.id)).toEqual([
      'patchmatch',
      'telea',
      'navier-stokes',
      'lama',
      'migan',
    ])
    expect(body.data.models[0]).toEqual({
      id: 'patchmatch',
      version: '1.0.0',
      title: 'The patchmatch',
      description: 'Fills holes.',
      licence: 'MIT',
      commercialUse: true,
      runtime: 'opencv',
      ready: true,
      reason: null,
      isDefault: true,
      aliases: ['default_inpainting'],
      parameters: patchmatch.parameters,
      limits: {
        picturePixelsMax: 64_000_000,
        kernelSizes: 'any',
        kernelSideMax: null,
        kernelPixelsMax: 612_244,
      },
      speed: { milliseconds: 205, picture: '256x256, hole 64x64', device: 'cpu' },
    })
  })

  it('says in words of its own why a model is not ready, and not where its weights are', async () => {
    stageModels(() => Response.json(toldList))
    const { body } = await createIsolate()(await createUser())
    expect(body.data.models.slice(3)).toMatchObject([
      { id: 'lama', ready: false, reason: 'It could not be set up on this installation.' },
      { id: 'migan', ready: false, reason: 'This installation has no weights for it.' },
    ])
    expect(body.data.models[3]).toMatchObject({ parameters: null, speed: null, isDefault: false })
    const text = JSON.stringify(body)
    for (const internal of [secretPlace, env.INFERENCE_BASE_URL, 'sha256', 'source']) {
      expect(text).not.toContain(internal)
    }
  })

  it('is asked of the service once for many people', async () => {
    const asked = stageModels(() => Response.json(toldList))
    const ask = createIsolate()
    for (let count = 0; count < 3; count += 1) {
      expect((await ask(await createUser())).status).toBe(200)
    }
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['is away', () => Promise.reject(new TypeError('Network connection lost'))],
    ['answers an error', () => new Response('oops', { status: 500 })],
    ['answers something else', () => Response.json({ hello: 'world' })],
  ])(
    'is 503 with a time to come back where the service %s and never told any',
    async (_case, answer) => {
      stageModels(answer)
      const { status, headers, body } = await createIsolate()(await createUser())
      expect([status, headers.get('retry-after')]).toEqual([503, '2'])
      expect(body).toMatchObject({ success: false, code: 'models.unavailable' })
      expect(JSON.stringify(body)).not.toContain(new URL(env.INFERENCE_BASE_URL).host)
    },
  )

  it('is for people who are logged in', async () => {
    const asked = stageModels(() => Response.json(toldList))
    const { status, body } = await createIsolate()(null)
    expect([status, body.code]).toEqual([401, 'auth.missing'])
    expect(asked).toEqual([])
  })
})
