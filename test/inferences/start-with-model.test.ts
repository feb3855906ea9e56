import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  consumerWith,
  createDatasetWithItems,
  deliver,
  end,
  ndjson,
  startHeld,
  succeeded,
} from '../support/inferences.ts'
import { catalogueOf, stageModels, told, toldList } from '../support/models.ts'
import { app, balanceOf, createUser, request, type TestUser } from '../support/world.ts'

afterEach(() => vi.restoreAllMocks())

/** Starts in an isolate that has just begun. */
async function startFresh(user: TestUser, json: object) {
  const answer = await app.request(
    '/api/inferences',
    {
      method: 'POST',
      headers: { authorization: `Bearer ${user.accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(json),
    },
    { ...env },
  )
  // biome-ignore lint/suspicious/noExplicitAny: a test names the very keys that it expects
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as any }
}

async function prepare(images = 1) {
  const mario = await createUser()
  return { mario, datasetName: await createDatasetWithItems(mario, { images }) }
}

const models = catalogueOf()
const allSucceed = () =>
  consumerWith((call) => ndjson([...call.items.map(({ id }) => succeeded(id)), end]))

describe('an inference with parameters of its model', () => {
  it('hands them to the service with their types, and those of the product to nobody', async () => {
    const { mario, datasetName } = await prepare()
    const started = await startHeld(mario, datasetName, {
      modelId: 'telea',
      parameters: { radius: '5', quality: 'low', outputFormat: 'webp', temporal: 'false' },
      models,
    })
    const context = allSucceed()
    await deliver(context, started.messages)
    expect(context.calls).toMatchObject([
      { model: 'telea', output: { format: 'webp', quality: 75 } },
    ])
    expect(context.calls[0]?.parameters).toEqual({ radius: 5 })
    const { body } = await request(mario, 'GET', `/api/inferences/${started.id}`)
    expect(body.data.parameters).toMatchObject({
      radius: 5,
      quality: 'low',
      outputFormat: 'webp',
      temporal: false,
      tokenCost: 2.75,
    })
  })

  it('stays with the model that the alias stood for, whatever the default is later', async () => {
    const { mario, datasetName } = await prepare()
    const started = await startHeld(mario, datasetName, {
      modelId: 'default_inpainting',
      parameters: { seed: 7 },
      models,
    })
    const context = allSucceed()
    await deliver(context, started.messages)
    expect(context.calls).toMatchObject([{ model: 'patchmatch', parameters: { seed: 7 } }])
    const facts = { modelId: 'default_inpainting', resolvedModelId: 'patchmatch' }
    const inference = (await request(mario, 'GET', `/api/inferences/${started.id}`)).body.data
    expect(inference).toMatchObject(facts)
    expect(inference.parameters).not.toHaveProperty('resolvedModelId')
    const results = await request(mario, 'GET', `/api/inferences/${started.id}/results`)
    expect(results.body.data).toMatchObject(facts)
  })

  it('is cut into smaller tasks where the service measured a slow model', async () => {
    const speed = { milliseconds: 5000, picture: '256x256, hole 64x64', device: 'cpu' }
    const slow = {
      default: 'lama',
      models: [...toldList.models.slice(0, 3), told('lama', { speed })],
    }
    const { mario, datasetName } = await prepare(8)
    const started = await startHeld(mario, datasetName, {
      modelId: 'default_inpainting',
      models: catalogueOf(slow),
    })
    expect(started.messages).toHaveLength(3)
  })
})

describe('while the inference service is away', () => {
  const away = () => stageModels(() => Promise.reject(new TypeError('Network connection lost')))

  it.each<[{ modelId?: string; parameters?: object }]>([
    [{}],
    [{ modelId: 'patchmatch' }],
    [
      {
        modelId: 'navier-stokes',
        parameters: { quality: 'low', outputFormat: 'source', temporal: false },
      },
    ],
  ])('%j is taken, and waits', async (wanted) => {
    away()
    const { mario, datasetName } = await prepare()
    const { status, body } = await startFresh(mario, { datasetName, ...wanted })
    expect([status, body.inference?.status]).toEqual([201, 'PENDING'])
    expect(await balanceOf(mario)).toBe(97.25)
    const { data } = (await request(mario, 'GET', `/api/inferences/${body.inference.id}`)).body
    expect(data.resolvedModelId).toBe(wanted.modelId ?? null)
  })

  it.each([
    [
      { modelId: 'lama' },
      /The model lama cannot be used now: the inference service does not answer/,
    ],
    [{ parameters: { seed: 7 } }, /What parameters default_inpainting takes is not known/],
    [{ modelId: 'telea', parameters: { radius: 5 } }, /or without radius\.$/],
  ])('%j is sent away with a time to come back, and charged nothing', async (wanted, message) => {
    away()
    const { mario, datasetName } = await prepare()
    const { status, headers, body } = await startFresh(mario, { datasetName, ...wanted })
    expect([status, headers.get('retry-after'), body.code]).toEqual([
      503,
      '2',
      'models.unavailable',
    ])
    expect(body.message).toMatch(message)
    expect(await balanceOf(mario)).toBe(100)
    expect((await request(mario, 'GET', '/api/inferences')).body.data.totalItems).toBe(0)
  })

  it('what is wrong whatever the models is refused all the same', async () => {
    away()
    const { mario, datasetName } = await prepare()
    for (const wrong of [{ modelId: 7 }, { parameters: [] }, { parameters: { temporal: 3 } }]) {
      expect((await startFresh(mario, { datasetName, ...wrong })).status).toBe(400)
    }
    expect(await balanceOf(mario)).toBe(100)
  })
})

describe('results in the format of their source', () => {
  it('have their pictures’ endings and types, each its own', async () => {
    const { mario, datasetName } = await prepare(3)
    for (const [position, ending] of [
      [1, 'jpg'],
      [2, 'webp'],
    ] as const) {
      await env.DB.prepare(
        `UPDATE dataset_items SET image_key = replace(image_key, '.png', '.' || ?1),
           image_name = replace(image_name, '.png', '.' || upper(?1))
         WHERE position = ?2 AND dataset_id = (SELECT id FROM datasets WHERE name = ?3)`,
      )
        .bind(ending, position, datasetName)
        .run()
    }
    const started = await startHeld(mario, datasetName, {
      parameters: { outputFormat: 'source', quality: '80' },
    })
    const context = allSucceed()
    await deliver(context, started.messages)
    const [call] = context.calls
    expect(call?.output).toEqual({ format: 'source', quality: 80 })
    const endings = call?.items.map(({ resultUrl }) =>
      new URL(resultUrl).pathname.split('.').at(-1),
    )
    expect(endings).toEqual(['png', 'jpg', 'webp'])
    const { body } = await request(mario, 'GET', `/api/inferences/${started.id}/results`)
    const names = body.data.images.map((image: { downloadUrl: string }) => image.downloadUrl)
    expect(names).toEqual([
      expect.stringContaining('0_inpainted.png'),
      expect.stringContaining('1_inpainted.jpg'),
      expect.stringContaining('2_inpainted.webp'),
    ])
  })

  it('are PNG for the frames of a video', async () => {
    const mario = await createUser()
    const datasetName = await createDatasetWithItems(mario, { frames: 1 })
    const started = await startHeld(mario, datasetName, { parameters: { outputFormat: 'source' } })
    const context = allSucceed()
    await deliver(context, started.messages)
    expect(new URL(context.calls[0]?.items[0]?.resultUrl ?? '').pathname).toMatch(/\.png$/)
  })
})
