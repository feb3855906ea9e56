import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { taskAttemptsMax, taskLeaseMs } from '../../../src/inferences/inferences.lifecycle.ts'
import { createSettleInference } from '../../../src/inferences/settle-inference.ts'
import {
  allSucceed,
  consumerWith,
  deliver,
  ndjson,
  startWith,
  succeeded,
} from '../../support/inferences.ts'
import { balanceOf, services } from '../../support/world.ts'

describe('a task that cannot end by itself', () => {
  it('fails when the queue gives its message up, and what it had finished is kept and paid', async () => {
    const { mario, started, look } = await startWith(2)
    await deliver(
      consumerWith((call) => ndjson([succeeded(call.items[0]?.id ?? '')])),
      started.messages,
    )
    expect(await deliver(allSucceed, started.messages, { dead: true })).toEqual({
      acked: 1,
      retried: 0,
    })
    expect(await look()).toMatchObject({
      status: 'COMPLETED',
      succeededItems: 1,
      failedItems: 1,
      tokensSpent: 2.75,
    })
    expect(await balanceOf(mario)).toBe(97.25)
  })

  it('that is held by a dead consumer is free again when the lease is over, not before', async () => {
    const { started, look } = await startWith(1)
    const hanging = consumerWith(() => new Promise<Response>(() => undefined))
    void deliver(hanging, started.messages)
    await expect.poll(async () => (await look()).status).toBe('RUNNING')
    await deliver(allSucceed, started.messages)
    expect((await look()).status).toBe('RUNNING')
    const later = { ...allSucceed, clock: { nowMs: () => Date.now() + taskLeaseMs + 1000 } }
    await deliver(later, started.messages)
    expect((await look()).status).toBe('COMPLETED')
  })

  it('that takes its consumer down every time is given up and refunded', async () => {
    const { mario, started, look } = await startWith(1)
    await env.DB.prepare('UPDATE inference_tasks SET attempts = ? WHERE inference_id = ?')
      .bind(taskAttemptsMax, started.id)
      .run()
    await deliver(allSucceed, started.messages)
    const inference = await look()
    expect(inference.status).toBe('FAILED')
    expect(inference.failures[0].code).toBe('task.attempts_exhausted')
    expect(await balanceOf(mario)).toBe(100)
  })

  it('a message that is none of ours is acknowledged and does nothing', async () => {
    expect(await deliver(allSucceed, [null, { taskId: 'x' }, 'text'])).toEqual({
      acked: 3,
      retried: 0,
    })
    const unknown = { taskId: crypto.randomUUID(), inferenceId: crypto.randomUUID() }
    expect(await deliver(allSucceed, [unknown])).toEqual({ acked: 1, retried: 0 })
  })

  it('an inference that ended but was not settled stays so until the ledger answers', async () => {
    const { mario, started, look } = await startWith(1)
    const failing = createSettleInference({
      ...services,
      ledger: { settle: () => Promise.reject(new Error('overloaded')) },
    })
    await deliver({ ...allSucceed, settleInference: failing }, started.messages)
    expect((await look()).status).toBe('COMPLETED')
    const row = await env.DB.prepare('SELECT settled_at AS at FROM inferences WHERE id = ?')
      .bind(started.id)
      .first<{ at: number | null }>()
    expect(row?.at).toBeNull()
    expect(await balanceOf(mario)).toBe(97.25)
  })
})
