import { describe, expect, it } from 'vitest'
import { startInference } from '../../src/inferences/start-inference.ts'
import { createDatasetWithItems, startHeld } from '../support/inferences.ts'
import { balanceOf, createUser, request, services, type TestUser } from '../support/world.ts'

const limited = (limit: number) => ({
  ...services,
  settings: { ...services.settings, JOBS_RUNNING_PER_USER_MAX: limit },
  nowMs: Date.now(),
  sendTasks: async () => undefined,
})

const startLimited = (limit: number, user: TestUser, datasetName: string) =>
  startInference(limited(limit), {
    userId: user.id,
    datasetName,
    modelId: 'telea',
    parameters: undefined,
  })

describe('the number of inferences that one account runs', () => {
  it('is at least forty, all started at once, and exact to the token', async () => {
    const mario = await createUser({ tokens: 200 })
    const datasetName = await createDatasetWithItems(mario, { images: 1 })
    const answers = await Promise.all(
      Array.from({ length: 40 }, () =>
        request(mario, 'POST', '/api/inferences', { json: { datasetName, modelId: 'telea' } }),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    expect(await balanceOf(mario)).toBe(200 - 40 * 2.75)
    const aborted = await Promise.all(
      answers.map(({ body }) =>
        request(mario, 'POST', `/api/inferences/${body.inference.id}/abort`),
      ),
    )
    const spent = aborted.map(({ body }) => body.data?.tokensSpent ?? 2.75)
    expect(await balanceOf(mario)).toBe(200 - spent.reduce((sum, tokens) => sum + tokens, 0))
  })

  it('is bounded: one too many is told the limit and what to do, and charged nothing', async () => {
    const mario = await createUser()
    const datasetName = await createDatasetWithItems(mario, { images: 1 })
    await startLimited(2, mario, datasetName)
    await startLimited(2, mario, datasetName)
    const balance = await balanceOf(mario)
    await expect(startLimited(2, mario, datasetName)).rejects.toMatchObject({
      code: 'inferences.too_many_running',
      status: 429,
      details: { running: 2, limit: 2 },
      message: expect.stringContaining('abort one'),
    })
    expect(await balanceOf(mario)).toBe(balance)
    const { entries } = await services.ledger.statement(mario.id, { limit: 10 })
    expect(entries.filter((entry) => entry.operationType === 'inference')).toHaveLength(2)
  })

  it('is not exceeded by starts at the same moment, and those refused get their tokens back', async () => {
    const mario = await createUser()
    const datasetName = await createDatasetWithItems(mario, { images: 1 })
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, () => startLimited(3, mario, datasetName)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') {
        expect(outcome.reason).toMatchObject({ code: 'inferences.too_many_running' })
      }
    }
    expect(await balanceOf(mario)).toBe(100 - 3 * 2.75)
  })

  it('counts those that have not ended, of that account alone', async () => {
    const [mario, anna] = [await createUser(), await createUser()]
    const datasetName = await createDatasetWithItems(mario, { images: 1 })
    const { id } = await startHeld(mario, datasetName)
    await expect(startLimited(1, mario, datasetName)).rejects.toMatchObject({ status: 429 })
    await startLimited(1, anna, await createDatasetWithItems(anna, { images: 1 }))
    await request(mario, 'POST', `/api/inferences/${id}/abort`)
    expect((await startLimited(1, mario, datasetName)).id).toBeTruthy()
  })
})
