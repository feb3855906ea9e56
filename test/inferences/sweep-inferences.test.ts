import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { inferenceDeadlineMs, taskLeaseMs } from '../../src/inferences/inferences.lifecycle.ts'
import { createSettleInference } from '../../src/inferences/settle-inference.ts'
import { sweepInferences } from '../../src/inferences/sweep-inferences.ts'
import { createAmount } from '../../src/ledger/amounts.ts'
import {
  allSucceed,
  consumerWith,
  createDatasetWithItems,
  deliver,
  startWith,
} from '../support/inferences.ts'
import { balanceOf, createUser, services } from '../support/world.ts'

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
  const inference = await startWith(1)
  return { ...inference, taskId: inference.started.messages[0]?.taskId ?? '' }
}

/** Reserves a token for an inference that is never written. */
async function reserveForNothing(userId: string) {
  await services.ledger.reserve(userId, {
    operationId: `inference_${crypto.randomUUID()}`,
    operationType: 'inference',
    amount: createAmount(1000),
  })
  await services.ledger.flush(userId)
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
    await deliver({ ...allSucceed, settleInference: crashed }, started.messages)
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

  it('ends the other inferences whose deadline has passed when one cannot be ended', async () => {
    const [first, second] = [await startOne(), await startOne()]
    const settleInference: typeof services.settleInference = (ended) =>
      ended.id === first.started.id
        ? Promise.reject(new Error('broken'))
        : services.settleInference(ended)
    await sweepLater(inferenceDeadlineMs + minute, { settleInference })
    expect((await second.look()).status).toBe('FAILED')
    expect(await balanceOf(second.mario)).toBe(100)
  })

  it('deletes what was stored late for the other inferences when one’s cannot be deleted', async () => {
    const started = [await startOne(), await startOne(), await startOne()]
    const ids = started.map(({ started }) => started.id)
    await sweepLater(inferenceDeadlineMs + minute)
    const late = async () => {
      const { results } = await env.DB.prepare(
        'SELECT operation_id AS id FROM abandoned_operations WHERE operation_id IN (?, ?, ?)',
      )
        .bind(...ids.map((id) => `late_writes_${id}`))
        .all()
      return results.length
    }
    expect(await late()).toBe(3)
    let tries = 0
    const deleteMany: typeof services.media.deleteMany = async (keys) => {
      if (keys.some((key) => ids.some((id) => key.includes(id))) && ++tries === 1) {
        throw new Error('the store is away')
      }
      return services.media.deleteMany(keys)
    }
    const later = inferenceDeadlineMs + 20 * minute
    await sweepLater(later, { media: { ...services.media, deleteMany } })
    expect(await late()).toBe(1)
    await sweepLater(later)
    expect(await late()).toBe(0)
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
    await expect(attempt).rejects.toMatchObject({
      status: 409,
      code: 'inferences.start_given_up',
    })
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
    await reserveForNothing(mario.id)
    await sweepLater(minute)
    expect(await balanceOf(mario)).toBe(99)
    await sweepLater(6 * minute)
    expect(await balanceOf(mario)).toBe(100)
  })

  it('returns a lost reservation behind however many inferences that are running', async () => {
    const mario = await createUser()
    await reserveForNothing(mario.id)
    const older = Date.now() - minute
    const many = JSON.stringify(Array.from({ length: 120 }, (_, index) => index))
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO token_transactions (id, user_id, sequence, operation_type, operation_id, amount,
           balance_before, balance_after, status, description, version, created_at)
         SELECT 'running ' || value, 'busy', value, 'inference', 'inference_busy' || value, -1, 1, 0,
           'pending', '', 1, ?1 FROM json_each(?2)`,
      ).bind(older, many),
      env.DB.prepare(
        `INSERT INTO inferences (id, user_id, dataset_id, dataset_name, model_id, parameters, state,
           reservation_id, image_unit_price, frame_unit_price, item_count, frame_count, created_at, updated_at)
         SELECT 'busy' || value, 'busy', 'd', 'd', 'telea', '{}', 'RUNNING', 'running ' || value, 1, 1, 1, 0, ?1, ?1
         FROM json_each(?2)`,
      ).bind(older, many),
    ])
    await sweepLater(6 * minute)
    expect(await balanceOf(mario)).toBe(100)
  })

  it('returns the other reservations when one account is away', async () => {
    const [mario, anna] = [await createUser(), await createUser()]
    for (const { id } of [mario, anna]) await reserveForNothing(id)
    const release: typeof services.ledger.release = (userId, command) =>
      userId === mario.id
        ? Promise.reject(new Error('the object is away'))
        : services.ledger.release(userId, command)
    await sweepLater(6 * minute, { ledger: { ...services.ledger, release } })
    expect(await balanceOf(mario)).toBe(99)
    expect(await balanceOf(anna)).toBe(100)
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
