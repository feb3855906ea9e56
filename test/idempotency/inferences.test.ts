import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { sweepInferences } from '../../src/inferences/sweep-inferences.ts'
import type { Services } from '../../src/services.ts'
import { createDatasetWithItems } from '../support/inferences.ts'
import {
  breakAt,
  createKey,
  endLease,
  holdAfterClaim,
  isReplayed,
  later,
  post,
  type Sent,
} from '../support/keyed.ts'
import { silentLogger } from '../support/people.ts'
import { balanceOf, createUser, request, services, type TestUser } from '../support/world.ts'

/** Messages are not sent: what runs tasks is tested elsewhere. */
const held = { sendTasks: async () => undefined }
const start = (sent: Sent, using: Services = services) => post(sent, { ...using, ...held })

async function createStarter(images = 2) {
  const user = await createUser()
  const datasetName = await createDatasetWithItems(user, { images })
  const sent: Sent = {
    path: '/api/inferences',
    token: user.accessToken,
    json: { datasetName, modelId: 'telea' },
  }
  return { user, datasetName, sent }
}

async function countStarted(user: TestUser): Promise<number> {
  const { body } = await request(user, 'GET', '/api/inferences')
  return body.data.totalItems
}

/** What a crash left is given back when the sweep has run. */
async function expectOnce(
  user: TestUser,
  { step, price = 5.5 }: { step?: string; price?: number },
) {
  await services.ledger.flush(user.id)
  await sweepInferences({ ...later(10), ...held, logger: silentLogger })
  expect(await countStarted(user), step).toBe(1)
  expect(await balanceOf(user), step).toBe(100 - price)
  const { entries } = await services.ledger.statement(user.id, { limit: 20 })
  expect(
    entries.filter(({ status }) => status === 'pending'),
    step,
  ).toHaveLength(1)
}

describe('a start of an inference under an Idempotency-Key', () => {
  it('that is sent again starts and charges once, and is answered as the first time', async () => {
    const { user, sent } = await createStarter()
    const key = createKey()
    const first = await start({ ...sent, key })
    expect(first.status).toBe(201)
    const again = await start({ ...sent, key })
    expect([again.status, isReplayed(again)]).toEqual([201, true])
    expect(again.body).toEqual(first.body)
    await expectOnce(user, {})
  })

  it('with other content is refused with 422', async () => {
    const { user, sent, datasetName } = await createStarter()
    const key = createKey()
    await start({ ...sent, key })
    for (const json of [{ datasetName }, { datasetName: 'other', modelId: 'telea' }]) {
      const refused = await start({ ...sent, json, key })
      expect([refused.status, refused.body.code]).toEqual([422, 'idempotency.key_reused'])
    }
    await expectOnce(user, {})
  })

  it('that is still in flight is refused with 409', async () => {
    const { user, sent } = await createStarter()
    const key = createKey()
    const { using, claimed, release } = holdAfterClaim()
    const first = start({ ...sent, key }, using)
    await claimed
    const second = await start({ ...sent, key })
    expect([second.status, second.body.code]).toEqual([409, 'idempotency.in_flight'])
    release()
    expect((await first).status).toBe(201)
    await expectOnce(user, {})
  })

  it('that was held for dead, and sent again, starts once when it goes on', async () => {
    const { user, sent } = await createStarter()
    const key = createKey()
    const { using, claimed, release } = holdAfterClaim()
    const first = start({ ...sent, key }, using)
    await claimed
    await endLease(key)
    const second = await start({ ...sent, key })
    expect(second.status).toBe(201)
    release()
    expect((await first).status).toBeGreaterThanOrEqual(400)
    expect((await start({ ...sent, key })).body).toEqual(second.body)
    await expectOnce(user, {})
  })

  it('that sixteen requests send at once starts and charges once', async () => {
    const { user, sent } = await createStarter()
    const key = createKey()
    const answers = await Promise.all(Array.from({ length: 16 }, () => start({ ...sent, key })))
    const done = answers.filter(({ status }) => status === 201)
    expect(done.filter((answer) => !isReplayed(answer))).toHaveLength(1)
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([])
    await expectOnce(user, {})
  })

  it('is a start of its own after a day', async () => {
    const { user, sent } = await createStarter()
    const key = createKey()
    await start({ ...sent, key })
    expect(isReplayed(await start({ ...sent, key }, later(24 * 60 - 1)))).toBe(true)
    expect(isReplayed(await start({ ...sent, key }, later(24 * 60 + 1)))).toBe(false)
    expect(await countStarted(user)).toBe(2)
    expect(await balanceOf(user)).toBe(89)
  })

  it("has nothing to do with another user's of the same key", async () => {
    const [mario, anna] = [await createStarter(), await createStarter()]
    const key = createKey()
    const answers = [await start({ ...mario.sent, key }), await start({ ...anna.sent, key })]
    expect(answers.map(({ status }) => status)).toEqual([201, 201])
    expect(answers.map(isReplayed)).toEqual([false, false])
  })

  it('that was refused frees its key, and is judged anew', async () => {
    const { user, sent } = await createStarter(40)
    const key = createKey()
    const refused = await start({ ...sent, key })
    expect([refused.status, refused.body.code]).toEqual([401, 'tokens.insufficient'])
    await services.ledger.credit(user.id, {
      operationId: createKey(),
      amount: 100_000 as never,
      description: 'Recharge',
    })
    expect((await start({ ...sent, key })).status).toBe(201)
    expect(await balanceOf(user)).toBe(90)
  })

  it('costs what it costs when it runs, where its dataset is another after a crash', async () => {
    const { user, sent, datasetName } = await createStarter()
    const key = createKey()
    const { using, died } = breakAt({ at: 6, mode: 'dies' })
    await Promise.race([start({ ...sent, key }, using), died])
    // The insert was about to be sent: the tokens are reserved, and no inference is there.
    expect(await balanceOf(user)).toBe(94.5)
    await services.ledger.flush(user.id)
    await env.DB.prepare('UPDATE datasets SET item_count = 1 WHERE user_id = ? AND name = ?')
      .bind(user.id, datasetName)
      .run()
    await endLease(key)
    expect((await start({ ...sent, key })).status).toBe(201)
    await expectOnce(user, { price: 2.75 })
  })

  it.each(['fails', 'answer is lost', 'dies'] as const)(
    'starts and charges once whatever step breaks (%s), when it is sent again',
    async (mode) => {
      const steps: string[] = []
      for (let at = 2; ; at += 1) {
        const { user, sent } = await createStarter()
        const key = createKey()
        const { using, calls, died } = breakAt({ at, mode })
        await Promise.race([start({ ...sent, key }, using), died])
        if (calls.length < at) break
        const step = `step ${at}: ${calls[at - 1]}`
        steps.push(step)
        await services.ledger.flush(user.id)
        await endLease(key)
        const again = await start({ ...sent, key })
        expect(again.status, `${step} ${JSON.stringify(again.body)}`).toBe(201)
        const third = await start({ ...sent, key })
        expect(third.body, step).toEqual(again.body)
        expect(isReplayed(third), step).toBe(true)
        await expectOnce(user, { step })
      }
      expect(steps.join()).toContain('ledger.reserveOrThrow')
    },
    120_000,
  )
})
