import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { inferenceDeadlineMs, taskLeaseMs } from '../../src/inferences/inferences.lifecycle.ts'
import { createSettleInference } from '../../src/inferences/settle-inference.ts'
import { sweepInferences } from '../../src/inferences/sweep-inferences.ts'
import { createAmount } from '../../src/ledger/amounts.ts'
import {
  consumerWith,
  createDatasetWithItems,
  deliver,
  end,
  ndjson,
  startHeld,
  succeeded,
} from '../support/inferences.ts'
import { balanceOf, createUser, request, services } from '../support/world.ts'

const allSucceed = consumerWith((call) =>
  ndjson([...call.items.map((item) => succeeded(item.id)), end]),
)

const minute = 60_000

/** Runs the sweep as if that much time had passed; answers the tasks that it sent again. */
async function sweepLater(passedMs: number, overrides: Partial<typeof services> = {}) {
  const sent: string[] = []
  await sweepInferences({
    ...services,
    ...overrides,
    clock: { nowMs: () => Date.now() + passedMs },
    sendTasks: async (messages) => void sent.push(...messages.map((message) => message.taskId)),
  })
  return sent
}

async function startOne() {
  const mario = await createUser()
  const started = await startHeld(mario, await createDatasetWithItems(mario, { images: 1 }))
  const look = async () => (await request(mario, 'GET', `/api/inferences/${started.id}`)).body.data
  return { mario, started, look, taskId: started.messages[0]?.taskId ?? '' }
}

describe('the sweep', () => {
  it('sends a task again whose message was lost, and not one that was just sent', async () => {
    const { taskId } = await startOne()
    expect(await sweepLater(minute / 2)).not.toContain(taskId)
    expect(await sweepLater(2 * minute)).toContain(taskId)
    expect(await sweepLater(2 * minute)).not.toContain(taskId)
  })

  it('frees a task whose holder died, when its lease is over', async () => {
    const { started, taskId, look } = await startOne()
    const hanging = consumerWith(() => new Promise<Response>(() => undefined))
    void deliver(hanging, started.messages)
    await expect.poll(async () => (await look()).status).toBe('RUNNING')
    expect(await sweepLater(taskLeaseMs - 5000)).not.toContain(taskId)
    expect(await sweepLater(taskLeaseMs + minute)).toContain(taskId)
  })

  it('settles an ended inference that a crash left unsettled, once', async () => {
    const { mario, started } = await startOne()
    const crashed = createSettleInference({
      ...services,
      ledger: { settle: () => Promise.reject(new Error('the object was overloaded')) },
    })
    const half = consumerWith((call) =>
      ndjson([...call.items.map((item) => succeeded(item.id)), end]),
    )
    await deliver({ ...half, settleInference: crashed }, started.messages)
    await sweepLater(0)
    await sweepLater(0)
    const { balance, entries } = await services.ledger.statement(mario.id, { limit: 10 })
    expect(balance).toBe(97_250)
    expect(entries[0]).toMatchObject({ status: 'completed', amount: -2750 })
  })

  it('ends an inference whose deadline has passed, and refunds what did not run', async () => {
    const { mario, look } = await startOne()
    await sweepLater(inferenceDeadlineMs - minute)
    expect((await look()).status).toBe('PENDING')
    await sweepLater(inferenceDeadlineMs + minute)
    expect(await look()).toMatchObject({ status: 'FAILED', failedItems: 1, tokensSpent: 0 })
    expect(await balanceOf(mario)).toBe(100)
  })

  it('returns a reservation whose inference was never written, and keeps the late writer out', async () => {
    const mario = await createUser()
    const datasetName = await createDatasetWithItems(mario, { images: 1 })
    let sweptMidway = false
    const slow = {
      ...services,
      ledger: {
        ...services.ledger,
        reserveOrThrow: async (...reserve: Parameters<typeof services.ledger.reserveOrThrow>) => {
          const granted = await services.ledger.reserveOrThrow(...reserve)
          await services.ledger.flush(mario.id)
          await sweepLater(6 * minute)
          sweptMidway = true
          return granted
        },
      },
      nowMs: Date.now(),
    }
    const { startInference } = await import('../../src/inferences/start-inference.ts')
    const attempt = startInference(slow, {
      userId: mario.id,
      datasetName,
      modelId: undefined,
      parameters: undefined,
    })
    await expect(attempt).rejects.toMatchObject({ status: 404 })
    expect(sweptMidway).toBe(true)
    expect(await balanceOf(mario)).toBe(100)
  })

  it('leaves the reservation of an inference that is running alone', async () => {
    const { mario } = await startOne()
    await services.ledger.flush(mario.id)
    await sweepLater(6 * minute)
    expect(await balanceOf(mario)).toBe(97.25)
  })

  it('leaves a young reservation alone, for its request may be under way', async () => {
    const mario = await createUser()
    await services.ledger.reserve(mario.id, {
      operationId: `inference_${crypto.randomUUID()}`,
      operationType: 'inference',
      amount: createAmount(1000),
    })
    await services.ledger.flush(mario.id)
    await sweepLater(minute)
    expect(await balanceOf(mario)).toBe(99)
    await sweepLater(6 * minute)
    expect(await balanceOf(mario)).toBe(100)
  })

  it('goes on with its other steps when one fails', async () => {
    const { taskId } = await startOne()
    const { mario, started } = await startOne()
    await deliver({ ...allSucceed, settleInference: async () => undefined }, started.messages)
    const broken = { settleInference: () => Promise.reject(new Error('broken')) }
    expect(await sweepLater(2 * minute, broken)).toContain(taskId)
    await sweepLater(0)
    const row = await env.DB.prepare('SELECT settled_at AS at FROM inferences WHERE id = ?')
      .bind(started.id)
      .first<{ at: number | null }>()
    expect(row?.at).not.toBeNull()
    expect(await balanceOf(mario)).toBe(97.25)
  })
})
