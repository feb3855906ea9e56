import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { sweepInferences } from '../../src/inferences/sweep-inferences.ts'
import type { Services } from '../../src/services.ts'
import {
  consumerWith,
  deliver,
  end,
  failed,
  ndjson,
  startWith,
  succeeded,
} from '../support/inferences.ts'
import {
  breakAt,
  createKey,
  endLease,
  isReplayed,
  later,
  post,
  type Sent,
} from '../support/keyed.ts'
import { silentLogger } from '../support/people.ts'
import { balanceOf, createUser, services, type TestUser } from '../support/world.ts'

let administrator: TestUser

beforeAll(async () => {
  administrator = await createUser({ role: 'admin' })
})

const held = { sendTasks: async () => undefined }
const send = (sent: Sent, using: Services = services) => post(sent, { ...using, ...held })

/** An inference of two pictures, of which one failed; 2.75 tokens are paid. */
async function createFailed() {
  const { mario, started } = await startWith(2)
  const service = consumerWith((call) =>
    ndjson([...call.items.map(({ id }) => (id === '0' ? failed(id) : succeeded(id))), end]),
  )
  await deliver(service, started.messages)
  const path = `/api/admin/inferences/${started.id}/retry`
  return { mario, id: started.id, sent: { path, token: administrator.accessToken } }
}

async function expectOnce(mario: TestUser, id: string, step?: string): Promise<void> {
  await services.ledger.flush(mario.id)
  await sweepInferences({ ...later(10), ...held, logger: silentLogger })
  const retries = await env.DB.prepare(
    'SELECT count(*) AS count FROM inferences WHERE retry_of = ?',
  )
    .bind(id)
    .first<{ count: number }>()
  expect(retries?.count, step).toBe(1)
  expect(await balanceOf(mario), step).toBe(94.5)
}

describe('a retry under an Idempotency-Key', () => {
  it('that sixteen requests send at once is made and charged once', async () => {
    const { mario, id, sent } = await createFailed()
    const key = createKey()
    const answers = await Promise.all(Array.from({ length: 16 }, () => send({ ...sent, key })))
    const done = answers.filter(({ status }) => status === 201)
    expect(done.filter((answer) => !isReplayed(answer))).toHaveLength(1)
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([])
    await expectOnce(mario, id)
  })

  it('of one inference is refused with 422 for another', async () => {
    const [first, second] = [await createFailed(), await createFailed()]
    const key = createKey()
    await send({ ...first.sent, key })
    const refused = await send({ ...second.sent, key })
    expect([refused.status, refused.body.code]).toEqual([422, 'idempotency.key_reused'])
    expect(await balanceOf(second.mario)).toBe(97.25)
  })

  it.each(['fails', 'answer is lost', 'dies'] as const)(
    'is made and charged once whatever step breaks (%s), when it is sent again',
    async (mode) => {
      const steps: string[] = []
      for (let at = 2; ; at += 1) {
        const { mario, id, sent } = await createFailed()
        const key = createKey()
        const { using, calls, died } = breakAt({ at, mode })
        await Promise.race([send({ ...sent, key }, using), died])
        if (calls.length < at) break
        const step = `step ${at}: ${calls[at - 1]}`
        steps.push(step)
        await services.ledger.flush(mario.id)
        await endLease(key)
        const again = await send({ ...sent, key })
        expect(again.status, `${step} ${JSON.stringify(again.body)}`).toBe(201)
        expect((await send({ ...sent, key })).body, step).toEqual(again.body)
        await expectOnce(mario, id, step)
      }
      expect(steps.join()).toContain('ledger.reserveOrThrow')
    },
    120_000,
  )
})
