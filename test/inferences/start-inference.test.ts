import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createDatasetWithItems, startHeld } from '../support/inferences.ts'
import { stageModels, toldList } from '../support/models.ts'
import { balanceOf, createUser, request, services } from '../support/world.ts'

beforeAll(async () => {
  stageModels(() => Response.json(toldList))
  // A service that did not answer the file before is not asked again at once.
  const told = async () => expect(await services.models.find()).not.toBeNull()
  await vi.waitFor(told, { timeout: 20_000, interval: 200 })
})
afterAll(() => vi.restoreAllMocks())

const start = (user: Parameters<typeof request>[0], json: unknown) =>
  request(user, 'POST', '/api/inferences/', { json })

const countInferences = async (userId: string) =>
  (
    await env.DB.prepare('SELECT count(*) AS n FROM inferences WHERE user_id = ?')
      .bind(userId)
      .first<{ n: number }>()
  )?.n

describe('starting an inference', () => {
  it('reserves the price of every image and frame and answers a job number', async () => {
    const mario = await createUser()
    const datasetName = await createDatasetWithItems(mario, { images: 2, frames: 9 })
    const answer = await start(mario, {
      datasetName,
      parameters: { quality: 'high', outputFormat: 'png' },
    })
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({
      success: true,
      message: 'Inference created and queued successfully',
      inference: { status: 'PENDING', modelId: 'default_inpainting', datasetName },
    })
    expect(Number.isSafeInteger(answer.body.jobId)).toBe(true)
    expect(await balanceOf(mario)).toBe(81)
    const got = await request(mario, 'GET', `/api/inferences/${answer.body.inference.id}`)
    expect(got.body.data.parameters).toMatchObject({
      quality: 'high',
      outputFormat: 'png',
      tokenCost: 19,
      costBreakdown: { singleImages: 5.5, videoFrames: 13.5 },
    })
  })

  it('refuses with 401 and the shortfall when the balance is too small, and leaves nothing behind', async () => {
    const poor = await createUser({ tokens: 1 })
    const datasetName = await createDatasetWithItems(poor, { images: 2 })
    const answer = await start(poor, { datasetName })
    expect(answer.status).toBe(401)
    expect(answer.body).toMatchObject({
      code: 'tokens.insufficient',
      message:
        'Insufficient tokens. Required: 5.5 tokens, Current balance: 1 tokens, Shortfall: 4.5 tokens',
      required: 5.5,
      balance: 1,
      shortfall: 4.5,
    })
    expect(await balanceOf(poor)).toBe(1)
    expect(await countInferences(poor.id)).toBe(0)
  })

  it.each([
    ['no dataset', {}, 400, 'Dataset name is required and cannot be empty or contain only spaces.'],
    [
      'a blank dataset',
      { datasetName: '  ' },
      400,
      'Dataset name is required and cannot be empty or contain only spaces.',
    ],
    ['an unknown dataset', { datasetName: 'nope' }, 404, 'The specified dataset was not found.'],
    ['an empty dataset', { datasetName: 'EMPTY' }, 400, 'The selected dataset is empty.'],
    [
      'parameters that are a list',
      { datasetName: 'FULL', parameters: [] },
      400,
      '"parameters" must be a JSON object if provided.',
    ],
    [
      'an unknown parameter',
      { datasetName: 'FULL', parameters: { foo: 'x' } },
      400,
      'Invalid parameter: foo. Allowed parameters are: quality, blendMode, outputFormat, customParameter',
    ],
    [
      'a parameter that is no text',
      { datasetName: 'FULL', parameters: { quality: 5 } },
      400,
      'Parameters must be a string value. Received: number',
    ],
    [
      'an unknown format',
      { datasetName: 'FULL', parameters: { outputFormat: 'gif' } },
      400,
      'Parameter "outputFormat" must be one of the supported formats: .png, .jpg, .jpeg, .mp4, .avi, .webp, source. Received: gif',
    ],
    [
      'parameters of more than 1000 bytes',
      { datasetName: 'FULL', parameters: { quality: 'x'.repeat(1001) } },
      400,
      'Parameters JSON exceeds maximum size of 1000 bytes (current: 1015 bytes)',
    ],
    [
      'an unknown model',
      { datasetName: 'FULL', modelId: 'dall-e' },
      400,
      'Unknown model: dall-e. Available models are: default_inpainting, patchmatch, telea, navier-stokes',
    ],
    [
      'a model that is not ready',
      { datasetName: 'FULL', modelId: 'lama' },
      400,
      'Unknown model: lama. Available models are: default_inpainting, patchmatch, telea, navier-stokes',
    ],
    [
      'a value out of the range of the default model',
      { datasetName: 'FULL', parameters: { seed: -1 } },
      400,
      'Parameter "seed" of patchmatch must be an integer from 0 to 4294967295, 1 if left out. Received: -1',
    ],
    [
      'a parameter of another model',
      { datasetName: 'FULL', parameters: { radius: 5 } },
      400,
      'Invalid parameter: radius. Allowed parameters are: quality',
    ],
    [
      'temporal that is neither true nor false',
      { datasetName: 'FULL', parameters: { temporal: 'maybe' } },
      400,
      'Parameter "temporal" must be true or false. Received: "maybe"',
    ],
    [
      '__proto__ as a parameter',
      JSON.parse('{"datasetName":"FULL","parameters":{"__proto__":"x"}}'),
      400,
      'Invalid parameter: __proto__',
    ],
  ])('refuses %s and charges nothing', async (_case, wanted, status, message) => {
    const mario = await createUser()
    const json = { ...wanted }
    if (json.datasetName === 'EMPTY') json.datasetName = await createDatasetWithItems(mario, {})
    if (json.datasetName === 'FULL') {
      json.datasetName = await createDatasetWithItems(mario, { images: 1 })
    }
    const answer = await start(mario, json)
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(message)])
    expect(await balanceOf(mario)).toBe(100)
    expect(await countInferences(mario.id)).toBe(0)
  })

  it('hides the dataset of another user', async () => {
    const [mario, luigi] = [await createUser(), await createUser()]
    const datasetName = await createDatasetWithItems(mario, { images: 1 })
    const answer = await start(luigi, { datasetName })
    expect([answer.status, answer.body.message]).toEqual([
      404,
      'The specified dataset was not found.',
    ])
  })

  it('lets sixteen starts at once spend exactly what the balance holds', async () => {
    const mario = await createUser({ tokens: 11 })
    const datasetName = await createDatasetWithItems(mario, { images: 1 })
    const started = await Promise.allSettled(
      Array.from({ length: 16 }, () => startHeld(mario, datasetName)),
    )
    expect(started.filter((result) => result.status === 'fulfilled')).toHaveLength(4)
    expect(await balanceOf(mario)).toBe(0)
    expect(await countInferences(mario.id)).toBe(4)
  })

  it('returns the tokens when the dataset is deleted while the inference is being written', async () => {
    const mario = await createUser()
    const datasetName = await createDatasetWithItems(mario, { images: 1 })
    const ledger = {
      ...services.ledger,
      reserveOrThrow: async (...reserve: Parameters<typeof services.ledger.reserveOrThrow>) => {
        const granted = await services.ledger.reserveOrThrow(...reserve)
        await request(mario, 'DELETE', `/api/datasets/${encodeURIComponent(datasetName)}`)
        return granted
      },
    }
    const { startInference } = await import('../../src/inferences/start-inference.ts')
    const attempt = startInference(
      { ...services, ledger, nowMs: Date.now() },
      { userId: mario.id, datasetName, modelId: undefined, parameters: undefined },
    )
    await expect(attempt).rejects.toMatchObject({ code: 'inferences.dataset_not_found' })
    expect(await balanceOf(mario)).toBe(100)
  })
})

describe('an inference', () => {
  it('of another user is a 404, as is its job', async () => {
    const [mario, luigi] = [await createUser(), await createUser()]
    const datasetName = await createDatasetWithItems(mario, { images: 1 })
    const { id, jobId } = await startHeld(mario, datasetName)
    for (const [path, message] of [
      [`/api/inferences/${id}`, 'Inference not found'],
      [`/api/inferences/${id}/results`, 'Inference not found'],
      [`/api/inferences/job/${jobId}/status`, 'Job not found in queue.'],
      [`/api/inferences/${id}/download/x.png`, 'Inference not found or access denied'],
    ]) {
      const answer = await request(luigi, 'GET', path ?? '')
      expect([path, answer.status, answer.body.message]).toEqual([path, 404, message])
    }
    expect((await request(luigi, 'GET', '/api/inferences')).body.data.inferences).toEqual([])
  })

  it.each([
    ['/api/inferences/xyz', 400, 'Invalid id format'],
    ['/api/inferences/xyz/results', 400, 'Invalid id format'],
    ['/api/inferences/xyz/download/nope.png', 400, 'Invalid id format'],
    ['/api/inferences/00000000-0000-4000-8000-000000000000', 404, 'Inference not found'],
    ['/api/inferences/job/999999/status', 404, 'Job not found in queue.'],
    ['/api/inferences/job/1e3/status', 404, 'Job not found in queue.'],
    ['/api/inferences/job/-1/status', 404, 'Job not found in queue.'],
  ])('%s answers %i', async (path, status, message) => {
    const answer = await request(await createUser(), 'GET', path)
    expect([answer.status, answer.body.message]).toEqual([status, message])
  })

  it('has no results before it has ended', async () => {
    const mario = await createUser()
    const { id, jobId } = await startHeld(mario, await createDatasetWithItems(mario, { images: 1 }))
    const answer = await request(mario, 'GET', `/api/inferences/${id}/results`)
    expect([answer.status, answer.body.message]).toEqual([
      400,
      'Inference is not completed. Current status: PENDING',
    ])
    const job = await request(mario, 'GET', `/api/inferences/job/${jobId}/status`)
    expect(job.body.data).toMatchObject({ jobId, status: 'waiting', progress: 0, result: null })
  })

  it('is listed newest first, in pages', async () => {
    const mario = await createUser()
    const datasetName = await createDatasetWithItems(mario, { images: 1 })
    const ids: string[] = []
    for (let count = 0; count < 3; count += 1) ids.unshift((await startHeld(mario, datasetName)).id)
    const listed = await request(mario, 'GET', '/api/inferences/?limit=2')
    expect(listed.body.data).toMatchObject({
      totalItems: 3,
      currentPage: 1,
      totalPages: 2,
      itemsPerPage: 2,
    })
    expect(listed.body.data.inferences.map((row: { id: string }) => row.id)).toEqual(
      ids.slice(0, 2),
    )
  })
})
