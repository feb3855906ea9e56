import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { taskLeaseRenewalMs } from '../../../src/inferences/inferences.lifecycle.ts'
import { claimTask } from '../../../src/inferences/tasks/claims.repository.ts'
import { keepLease } from '../../../src/inferences/tasks/keep-lease.ts'
import { createDatasetWithItems, startHeld } from '../../support/inferences.ts'
import { createUser, services } from '../../support/world.ts'

afterEach(() => {
  vi.useRealTimers()
})

async function claim() {
  const mario = await createUser()
  const { messages } = await startHeld(mario, await createDatasetWithItems(mario, { images: 1 }))
  const taskId = messages[0]?.taskId ?? ''
  const task = await claimTask(services.database, {
    taskId,
    leaseId: crypto.randomUUID(),
    nowMs: Date.now(),
  })
  if (!task) throw new Error('The task was not claimed.')
  const leaseUntil = async () =>
    (
      await env.DB.prepare('SELECT lease_until AS until FROM inference_tasks WHERE id = ?')
        .bind(taskId)
        .first<{ until: number }>()
    )?.until ?? 0
  return { task, leaseUntil }
}

describe('a lease', () => {
  it('is made new while the work goes on, and not after it', async () => {
    const { task, leaseUntil } = await claim()
    const first = await leaseUntil()
    const renewed = vi.fn(services.database.raw.prepare.bind(services.database.raw))
    const database = {
      ...services.database,
      raw: { prepare: renewed } as unknown as D1Database,
    }
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    await keepLease({ ...services, database }, task, async () => {
      vi.advanceTimersByTime(taskLeaseRenewalMs)
      await vi.waitFor(async () => expect(await leaseUntil()).toBeGreaterThan(first))
    })
    vi.advanceTimersByTime(10 * taskLeaseRenewalMs)
    expect(renewed).toHaveBeenCalledTimes(1)
  })

  it('that another has taken stops the work', async () => {
    const { task } = await claim()
    await env.DB.prepare('UPDATE inference_tasks SET lease_id = ? WHERE id = ?')
      .bind('another', task.id)
      .run()
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const reason = await keepLease(services, task, (signal) => {
      const stopped = new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve(signal.reason.message)),
      )
      vi.advanceTimersByTime(taskLeaseRenewalMs)
      return stopped
    })
    expect(reason).toBe('The lease of the task was lost.')
  })
})
