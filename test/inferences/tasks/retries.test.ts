import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import {
  busySecondsMax,
  inferenceDeadlineMs,
  retryDelaySeconds,
} from '../../../src/inferences/inferences.lifecycle.ts'
import { sweepInferences } from '../../../src/inferences/sweep-inferences.ts'
import {
  allSucceed,
  consumerWith,
  deliver,
  end,
  failed,
  ndjson,
  startWith,
  succeeded,
} from '../../support/inferences.ts'
import { balanceOf, services } from '../../support/world.ts'

const errorAnswer = (status: number, code: string) => () =>
  Response.json({ error: { code, message: 'A sentence of the service.' } }, { status })

const errorLine = (code: string, retryable: boolean) => () =>
  ndjson([{ type: 'error', error: { code, message: 'A sentence of the service.', retryable } }])

async function taskOf(inferenceId: string) {
  return await env.DB.prepare(
    `SELECT state, attempts, error_code AS code, sent_at - updated_at AS delayMs
     FROM inference_tasks WHERE inference_id = ?`,
  )
    .bind(inferenceId)
    .first<{ state: string; attempts: number; code: string | null; delayMs: number }>()
}

describe('what may pass', () => {
  it.each([
    ['a service that is away', () => Promise.reject(new TypeError('lost')), 'service.unreachable'],
    ['an error of the service', errorAnswer(500, 'service.failed'), 'service.unreachable'],
    [
      'media that could not be fetched now',
      errorAnswer(503, 'media.fetch_failed'),
      'media.fetch_failed',
    ],
    ['an error that may pass, told midway', errorLine('service.failed', true), 'service.failed'],
    [
      'an item that may pass',
      () => ndjson([failed('0', { retryable: true }), end]),
      'media.undecodable',
    ],
  ])('is tried again after a while that grows: %s', async (_case, answer, code) => {
    const { started } = await startWith(1)
    const context = consumerWith(answer)
    const delays: (number | undefined)[] = []
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(await deliver(context, started.messages)).toEqual({ acked: 0, retried: 1 })
      const task = await taskOf(started.id)
      expect(task).toMatchObject({ state: 'PENDING', attempts: attempt, code })
      delays.push(task?.delayMs)
    }
    expect(delays).toEqual([1, 2, 3].map((attempt) => retryDelaySeconds(attempt) * 1000))
  })

  it('and never does fails in the end, and the item says why', async () => {
    const { mario, started, look } = await startWith(1)
    const context = consumerWith(errorAnswer(503, 'media.fetch_failed'))
    await deliver(context, started.messages)
    await deliver(context, started.messages, { dead: true })
    const { status, failures } = await look()
    expect(status).toBe('FAILED')
    expect(failures[0].code).toBe('task.retries_exhausted')
    expect(failures[0].message).toContain('(the last reason: media.fetch_failed)')
    expect(await balanceOf(mario)).toBe(100)
  })
})

describe('what will not pass', () => {
  it.each([
    ['a refusal', errorAnswer(400, 'model.unknown'), 'model.unknown'],
    ['an error for good, told midway', errorLine('origin.refused', false), 'origin.refused'],
    ['an item that cannot be decoded', () => ndjson([failed('0'), end]), 'media.undecodable'],
  ])('is not tried again: %s', async (_case, answer, code) => {
    const { mario, started, look } = await startWith(1)
    expect(await deliver(consumerWith(answer), started.messages)).toEqual({ acked: 1, retried: 0 })
    const { status, failures } = await look()
    expect(status).toBe('FAILED')
    expect(failures[0].code).toBe(code)
    expect(await balanceOf(mario)).toBe(100)
  })

  it('of one item costs the others of its task nothing', async () => {
    const { mario, started, look } = await startWith(3)
    const poisoned = consumerWith((call) =>
      ndjson([...call.items.map(({ id }) => (id === '1' ? failed(id) : succeeded(id))), end]),
    )
    await deliver(poisoned, started.messages)
    expect(await look()).toMatchObject({ succeededItems: 2, failedItems: 1, tokensSpent: 5.5 })
    expect(await balanceOf(mario)).toBe(94.5)
  })
})

describe('a busy service', () => {
  it.each([
    ['an hour', '3600', busySecondsMax],
    ['no time at all', '0', 1],
    ['less than nothing', '-5', 1],
    ['a part of a second', '0.2', 1],
  ])('that asks for %s is asked again in reasonable time', async (_case, asked, delay) => {
    const { started } = await startWith(1)
    const busy = consumerWith(
      () => new Response('{}', { status: 503, headers: { 'retry-after': asked } }),
    )
    await deliver(busy, started.messages)
    expect(busy.sentAgain).toEqual([{ taskId: started.messages[0]?.taskId, delay }])
  })

  it('that never has room keeps an inference no longer than its deadline', async () => {
    const { mario, started, look } = await startWith(20)
    const busy = consumerWith(
      () => new Response('{}', { status: 503, headers: { 'retry-after': '2' } }),
    )
    for (let times = 0; times < 30; times += 1) await deliver(busy, started.messages)
    expect((await taskOf(started.id))?.attempts).toBe(0)
    await sweepInferences({
      ...services,
      clock: { nowMs: () => Date.now() + inferenceDeadlineMs + 1000 },
    })
    const inference = await look()
    expect(inference).toMatchObject({
      status: 'FAILED',
      endReason: 'deadline_passed',
      failedItems: 20,
      tokensSpent: 0,
    })
    expect(inference.failures[0]).toMatchObject({
      code: 'inference.deadline_passed',
      message: expect.stringContaining('within 24 hours'),
    })
    expect(await balanceOf(mario)).toBe(100)
    expect(await deliver(allSucceed, started.messages)).toEqual({ acked: 2, retried: 0 })
    expect((await look()).succeededItems).toBe(0)
  })
})

describe('a deadline', () => {
  it('ends an inference as a whole, with its tasks that were never queued, and keeps what succeeded', async () => {
    const { mario, started, look } = await startWith(200, { tokens: 1000 })
    await deliver(allSucceed, started.messages.slice(0, 2))
    await sweepInferences({
      ...services,
      sendTasks: async () => undefined,
      clock: { nowMs: () => Date.now() + inferenceDeadlineMs + 1000 },
    })
    expect(await look()).toMatchObject({
      status: 'COMPLETED',
      endReason: 'deadline_passed',
      succeededItems: 32,
      failedItems: 168,
      tokensSpent: 88,
    })
    expect(await balanceOf(mario)).toBe(912)
    const { results } = await env.DB.prepare(
      'SELECT state, count(*) AS count FROM inference_tasks WHERE inference_id = ? GROUP BY state ORDER BY state',
    )
      .bind(started.id)
      .all()
    expect(results).toEqual([
      { state: 'COMPLETED', count: 2 },
      { state: 'FAILED', count: 11 },
    ])
  })
})
