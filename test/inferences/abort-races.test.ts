import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { allSucceed, deliver, startWith } from '../support/inferences.ts'
import { type Answer, balanceOf, request, services, type TestUser } from '../support/world.ts'

async function statesOfTasks(id: string) {
  const { results } = await env.DB.prepare(
    'SELECT DISTINCT state FROM inference_tasks WHERE inference_id = ?',
  )
    .bind(id)
    .all<{ state: string }>()
  return results.map((row) => row.state)
}

/** An inference whose abort is begun when its run comes to that point. */
async function raceAt(
  point: 'claim' | 'finish' | 'settle',
  begin: (run: () => Promise<void>) => Promise<void>,
) {
  const inference = await startWith(2)
  const { mario, started } = inference
  const answer = Promise.withResolvers<Answer>()
  const run = async () =>
    answer.resolve(await request(mario, 'POST', `/api/inferences/${started.id}/abort`))
  const batches = point === 'claim' ? 1 : 2
  let count = 0
  const raw = new Proxy(services.database.raw, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'batch' || point === 'settle') return value.bind(target)
      return async (...statements: unknown[]) => {
        count += 1
        if (count === batches) await begin(run)
        return Reflect.apply(value, target, statements)
      }
    },
  })
  const settleInference: typeof services.settleInference = async (ended) => {
    if (point === 'settle') await begin(run)
    await services.settleInference(ended)
  }
  const context = { ...allSucceed, database: { ...services.database, raw }, settleInference }
  return { ...inference, context, aborted: () => answer.promise }
}

async function expectRightMoney(
  user: TestUser,
  inference: { succeededItems: number; tokensSpent: number },
) {
  expect(inference.tokensSpent).toBe(inference.succeededItems * 2.75)
  expect(await balanceOf(user)).toBe(100 - inference.tokensSpent)
}

describe('an abort of an inference whose last task runs', () => {
  it.each([
    ['before it is claimed', 'claim', 'ABORTED'],
    ['before its end is written', 'finish', 'ABORTED'],
    ['after its end is written', 'settle', 'COMPLETED'],
  ] as const)('%s decides how it ends', async (_when, point, state) => {
    const { context, started, mario, look, aborted } = await raceAt(point, async (run) => run())
    await deliver(context, started.messages)
    expect((await aborted()).status).toBe(state === 'ABORTED' ? 200 : 409)
    expect((await look()).status).toBe(state)
    await expectRightMoney(mario, await look())
  })

  it('and its last end at the same moment: exactly one of them ends it, and the money is right', async () => {
    const ends = new Set<string>()
    for (let round = 0; round < 40; round += 1) {
      const point = (['claim', 'finish', 'settle'] as const)[round % 3] ?? 'claim'
      // Not waited for: what is asked of the database first is done first, however that falls.
      const race = await raceAt(point, async (run) => {
        void run()
        await scheduler.wait((round % 8) * 6)
      })
      await deliver(race.context, race.started.messages)
      const answer = await race.aborted()
      const inference = await race.look()
      ends.add(inference.status)
      expect(answer.status).toBe(inference.status === 'ABORTED' ? 200 : 409)
      expect(inference.succeededItems).toBe(inference.status === 'ABORTED' ? 0 : 2)
      await expectRightMoney(race.mario, inference)
      expect(await statesOfTasks(race.started.id)).toEqual([inference.status])
    }
    expect([...ends].sort()).toEqual(['ABORTED', 'COMPLETED'])
  }, 120_000)
})
