import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { abortInference } from '../../src/inferences/abort-inference.ts'
import { lateWritesMs, taskLeaseRenewalMs } from '../../src/inferences/inferences.lifecycle.ts'
import { findInferenceById } from '../../src/inferences/inferences.repository.ts'
import { createSettleInference } from '../../src/inferences/settle-inference.ts'
import { sweepInferences } from '../../src/inferences/sweep-inferences.ts'
import {
  allSucceed,
  consumerWith,
  createDatasetWithItems,
  deliver,
  end,
  ndjson,
  startHeld,
  startWith,
  succeeded,
} from '../support/inferences.ts'
import { deliverAll, startVideos, videoConsumer } from '../support/videos.ts'
import { balanceOf, createUser, request, services, type TestUser } from '../support/world.ts'

afterEach(() => {
  vi.useRealTimers()
})

const abort = (user: TestUser | null, id: string) =>
  request(user, 'POST', `/api/inferences/${id}/abort`)

const sweepLater = (passedMs: number) =>
  sweepInferences({ ...services, clock: { nowMs: () => Date.now() + passedMs } })

async function statesOf(table: 'inference_tasks' | 'inference_items', id: string) {
  const { results } = await env.DB.prepare(
    `SELECT DISTINCT state FROM ${table} WHERE inference_id = ? ORDER BY state`,
  )
    .bind(id)
    .all<{ state: string }>()
  return results.map((row) => row.state)
}

/** An inference of which two of three items have succeeded, and whose task waits to be run again. */
async function startHalfDone() {
  const inference = await startWith(3)
  const broken = consumerWith((call) =>
    ndjson([succeeded(call.items[0]?.id ?? ''), succeeded(call.items[1]?.id ?? '')]),
  )
  await deliver(broken, inference.started.messages)
  return inference
}

describe('an abort', () => {
  it('before anything ran refunds everything', async () => {
    const { mario, started, look } = await startWith(2)
    const { status, body } = await abort(mario, started.id)
    expect(status).toBe(200)
    expect(body).toMatchObject({ success: true, message: 'Inference aborted successfully' })
    expect(body.data).toMatchObject({
      status: 'ABORTED',
      progress: 100,
      succeededItems: 0,
      failedItems: 0,
      abortedItems: 2,
      tokensSpent: 0,
      endReason: 'aborted_by_owner',
      failures: [],
    })
    expect(body.data).toEqual(await look())
    expect(await balanceOf(mario)).toBe(100)
  })

  it('keeps and charges what had succeeded, and refunds the rest', async () => {
    const { mario, started } = await startHalfDone()
    const { body } = await abort(mario, started.id)
    expect(body.data).toMatchObject({
      status: 'ABORTED',
      succeededItems: 2,
      abortedItems: 1,
      tokensSpent: 5.5,
    })
    expect(body.data.result.images).toHaveLength(2)
    expect(await balanceOf(mario)).toBe(94.5)
    const results = await request(mario, 'GET', `/api/inferences/${started.id}/results`)
    expect(results.body.data.images).toHaveLength(2)
    expect(results.body.data.items.map((item: { status: string }) => item.status)).toEqual([
      'SUCCEEDED',
      'SUCCEEDED',
      'ABORTED',
    ])
    expect(results.body.data.items[2].error.code).toBe('inference.aborted')
    expect(results.body.data.imageZip).toContain('results.zip')
    const [image] = results.body.data.images
    await env.MEDIA.put(image.outputPath, 'png')
    const file = `/api/inferences/${started.id}/download/${image.outputPath.split('/').at(-1)}`
    expect((await request(mario, 'GET', file)).status).toBe(200)
  })

  it('tells a client that waits for the original’s words that the job failed', async () => {
    const { mario, started } = await startWith(1)
    await abort(mario, started.id)
    const job = await request(mario, 'GET', `/api/inferences/job/${started.jobId}/status`)
    expect(job.body.data).toMatchObject({
      status: 'failed',
      inferenceStatus: 'ABORTED',
      progress: 100,
      result: null,
    })
  })

  it('that is repeated answers the same and charges and logs nothing twice', async () => {
    const { mario, started } = await startHalfDone()
    const first = await abort(mario, started.id)
    const repeats = await Promise.all([abort(mario, started.id), abort(mario, started.id)])
    for (const { status, body } of repeats) {
      expect(status).toBe(200)
      expect(body.data).toEqual(first.body.data)
    }
    expect(await balanceOf(mario)).toBe(94.5)
    const { results } = await env.DB.prepare('SELECT * FROM audit_log WHERE subject_id = ?')
      .bind(started.id)
      .all()
    expect(results).toEqual([
      expect.objectContaining({
        action: 'inference.aborted',
        actor_id: mario.id,
        actor_role: 'user',
        owner_id: mario.id,
        request_id: expect.stringMatching(/./),
      }),
    ])
  })

  it.each([
    ['COMPLETED', allSucceed],
    [
      'FAILED',
      consumerWith(() =>
        Response.json({ error: { code: 'model.unknown', message: 'x' } }, { status: 400 }),
      ),
    ],
  ])('after the end, which was %s, is refused and changes nothing', async (state, context) => {
    const { mario, started, look } = await startWith(1)
    await deliver(context, started.messages)
    const before = await look()
    const { status, body } = await abort(mario, started.id)
    expect(status).toBe(409)
    expect(body).toMatchObject({ success: false, code: 'inferences.ended', status: state })
    expect(body.message).toContain(`The inference is ${state}`)
    expect(await look()).toEqual(before)
  })

  it('of another user’s inference finds none, and ends nothing', async () => {
    const { started, look } = await startWith(1)
    const anna = await createUser()
    expect((await abort(anna, started.id)).status).toBe(404)
    expect((await abort(null, started.id)).status).toBe(401)
    expect((await abort(anna, 'no-id')).status).toBe(400)
    expect((await look()).status).toBe('PENDING')
  })

  it('by an administrator says so', async () => {
    const { started, look } = await startWith(1)
    const { status } = await abort(await createUser({ role: 'admin' }), started.id)
    expect(status).toBe(200)
    expect(await look()).toMatchObject({
      status: 'ABORTED',
      endReason: 'aborted_by_administrator',
    })
  })

  it('leaves its messages nothing to do', async () => {
    const { mario, started } = await startWith(20)
    await abort(mario, started.id)
    const context = consumerWith(() => ndjson([end]))
    expect(await deliver(context, started.messages)).toEqual({ acked: 2, retried: 0 })
    expect(await deliver(context, started.messages, { dead: true })).toMatchObject({ acked: 2 })
    expect(context.calls).toEqual([])
    expect(await statesOf('inference_tasks', started.id)).toEqual(['ABORTED'])
    expect(await statesOf('inference_items', started.id)).toEqual(['ABORTED'])
  })

  it('is settled by the sweep when the account was away', async () => {
    const { mario, started } = await startHalfDone()
    const inference = await findInferenceById(services.database, started.id)
    if (!inference) throw new Error('There is no inference.')
    const settleInference = createSettleInference({
      ...services,
      ledger: { settle: () => Promise.reject(new Error('the object was overloaded')) },
    })
    const by = { id: mario.id, role: 'user' as const, requestId: null }
    await abortInference({ ...services, settleInference }, inference, by)
    expect(await balanceOf(mario)).toBe(91.75)
    await sweepLater(0)
    expect(await balanceOf(mario)).toBe(94.5)
  })

  it('gives the places of its tasks to the user’s other inferences', async () => {
    const { mario, started } = await startWith(200, { tokens: 2000 })
    expect(started.messages).toHaveLength(services.settings.TASKS_QUEUED_PER_USER)
    const second = await startHeld(mario, await createDatasetWithItems(mario, { images: 1 }))
    expect(second.messages).toEqual([])
    const sent: string[] = []
    const inference = await findInferenceById(services.database, started.id)
    if (!inference) throw new Error('There is no inference.')
    await abortInference(
      {
        ...services,
        sendTasks: async (messages) => void sent.push(...messages.map((one) => one.inferenceId)),
      },
      inference,
      { id: mario.id, role: 'user', requestId: null },
    )
    expect(sent).toEqual([second.id])
  })
})

describe('an abort while a task runs', () => {
  it('cuts the call off within seconds, and refuses its outcomes', async () => {
    const { mario, started, look } = await startWith(2)
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const cutOff = Promise.withResolvers<string>()
    const context = {
      ...allSucceed,
      service: {
        inpaint: (_request: unknown, { signal }: { signal: AbortSignal }) =>
          new Promise<{ kind: 'broken'; reason: string }>((resolve) => {
            signal.addEventListener('abort', () => {
              cutOff.resolve(String(signal.reason))
              resolve({ kind: 'broken', reason: String(signal.reason) })
            })
          }),
      },
    }
    const delivered = deliver(context, started.messages)
    await vi.waitFor(async () => expect((await look()).status).toBe('RUNNING'))
    await abort(mario, started.id)
    vi.advanceTimersByTime(taskLeaseRenewalMs)
    expect(await cutOff.promise).toContain('lease')
    expect(await delivered).toEqual({ acked: 1, retried: 0 })
    expect(await look()).toMatchObject({ status: 'ABORTED', succeededItems: 0, tokensSpent: 0 })
    expect(await balanceOf(mario)).toBe(100)
  })

  it('is noticed at the next outcome, which is not recorded', async () => {
    const { mario, started, look } = await startWith(3)
    let nowMs = Date.now()
    const context = {
      ...allSucceed,
      clock: { nowMs: () => nowMs },
      service: {
        async inpaint(
          asked: { items: readonly { id: string }[] },
          { onItem }: { onItem: (outcome: never) => Promise<void> },
        ) {
          const told: string[] = []
          for (const { id } of asked.items) {
            // The outcomes are written down every 0.4 s.
            nowMs += 500
            if (told.length === 1) await abort(mario, started.id)
            try {
              await onItem(succeeded(id) as never)
            } catch (error) {
              return { kind: 'broken' as const, reason: String(error) }
            }
            told.push(id)
          }
          return { kind: 'ended' as const }
        },
      },
    }
    expect(await deliver(context, started.messages)).toEqual({ acked: 1, retried: 0 })
    expect(await look()).toMatchObject({
      status: 'ABORTED',
      succeededItems: 1,
      abortedItems: 2,
      tokensSpent: 2.75,
    })
    expect(await balanceOf(mario)).toBe(97.25)
  })
})

describe('an aborted video', () => {
  it('keeps its frames that succeeded, which are paid, and is not made', async () => {
    const { mario, started, look } = await startVideos([{ frames: 20 }])
    const context = videoConsumer()
    await deliver(context, started.messages.slice(0, 1))
    const { body } = await abort(mario, started.id)
    expect(body.data).toMatchObject({ succeededItems: 16, abortedItems: 4, tokensSpent: 24 })
    await deliverAll(context, started.messages)
    expect(await look('/results')).toMatchObject({ status: 'ABORTED', videos: [] })
    expect(context.asked('/v1/segments')).toEqual([])
    expect(await balanceOf(mario)).toBe(76)
  })

  it('whose last stretch is being encoded is not made, and its stretches are deleted', async () => {
    const { mario, started, look } = await startVideos([{ frames: 2 }])
    let segment = ''
    const context = videoConsumer({
      segments: async ({ body }) => {
        segment = new URL(body.resultUrl).pathname.replace(/^.*?\/inferences\//, 'inferences/')
        await abort(mario, started.id)
        await env.MEDIA.put(segment, 'mp4')
        return ndjson([{ type: 'end', replaced: [], energy: { joules: 1, method: 'rapl' } }])
      },
    })
    await deliverAll(context, started.messages)
    expect(context.asked('/v1/assemble')).toEqual([])
    expect(await look()).toMatchObject({ status: 'ABORTED', tokensSpent: 3 })
    await sweepLater(lateWritesMs + 1000)
    expect(await env.MEDIA.head(segment)).toBeNull()
  })
})

describe('what is stored after an abort', () => {
  it('for items that the inference does not have is deleted, and what it has stays', async () => {
    const { mario, started } = await startHalfDone()
    const { results } = await env.DB.prepare(
      'SELECT result_key AS key FROM inference_items WHERE inference_id = ? ORDER BY position',
    )
      .bind(started.id)
      .all<{ key: string }>()
    await abort(mario, started.id)
    for (const { key } of results) await env.MEDIA.put(key, 'png')
    const stored = async () =>
      Promise.all(results.map(async ({ key }) => (await env.MEDIA.head(key)) !== null))
    await sweepLater(lateWritesMs - 60_000)
    expect(await stored()).toEqual([true, true, true])
    await sweepLater(lateWritesMs + 1000)
    expect(await stored()).toEqual([true, true, false])
    await env.MEDIA.put(results[2]?.key ?? '', 'png')
    await sweepLater(lateWritesMs + 1000)
    expect(await stored(), 'once is enough').toEqual([true, true, true])
  })
})

describe('a deleted user’s inferences', () => {
  it('are aborted with the account, and what was not made is refunded', async () => {
    const { mario, started } = await startHalfDone()
    expect((await request(mario, 'DELETE', `/api/users/${mario.id}`)).status).toBe(200)
    const inference = await findInferenceById(services.database, started.id)
    expect(inference).toMatchObject({ state: 'ABORTED', spent: 5500 })
    expect(await balanceOf(mario)).toBe(94.5)
  })

  it('are aborted by the sweep when the deletion was cut off before', async () => {
    const { mario, started } = await startHalfDone()
    await env.DB.prepare('UPDATE users SET deleted_at = 1 WHERE id = ?').bind(mario.id).run()
    await sweepLater(0)
    expect(await findInferenceById(services.database, started.id)).toMatchObject({
      state: 'ABORTED',
    })
    expect(await balanceOf(mario)).toBe(94.5)
  })
})
