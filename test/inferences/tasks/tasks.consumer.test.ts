import { describe, expect, it } from 'vitest'
import { taskAttemptsMax } from '../../../src/inferences/inferences.lifecycle.ts'
import {
  allSucceed,
  consumerWith,
  createDatasetWithItems,
  deliver,
  end,
  failed,
  ndjson,
  startHeld,
  startWith,
  succeeded,
} from '../../support/inferences.ts'
import { balanceOf, createUser, request } from '../../support/world.ts'

describe('running a task', () => {
  it('completes the inference, pays for its images and tells its results', async () => {
    const { mario, started, look } = await startWith(3)
    expect(await deliver(allSucceed, started.messages)).toEqual({ acked: 1, retried: 0 })
    const inference = await look()
    expect(inference).toMatchObject({
      status: 'COMPLETED',
      progress: 100,
      succeededItems: 3,
      failedItems: 0,
      tokensSpent: 8.25,
      failures: [],
    })
    expect(inference.carbonGrams).toBeCloseTo(6 * (400 / 3_600_000), 9)
    expect(inference.result.images).toHaveLength(3)
    expect(await balanceOf(mario)).toBe(91.75)
    const results = await request(mario, 'GET', `/api/inferences/${started.id}/results`)
    expect(results.body.data.images[0].downloadUrl).toContain('/media/inferences/')
    const job = await request(mario, 'GET', `/api/inferences/job/${started.jobId}/status`)
    expect(job.body.data).toMatchObject({
      status: 'completed',
      progress: 100,
      inferenceStatus: 'COMPLETED',
    })
    expect(job.body.data.result.result.images).toHaveLength(3)
  })

  it('gives the service a URL for each object, to read or to write, and the format asked for', async () => {
    const mario = await createUser()
    const name = await createDatasetWithItems(mario, { images: 1 })
    const started = await startHeld(mario, name, {
      parameters: { outputFormat: 'jpg', quality: 'low' },
    })
    const context = consumerWith((call) => ndjson([succeeded(call.items[0]?.id ?? ''), end]))
    await deliver(context, started.messages)
    const [call] = context.calls
    expect(call?.model).toBe('telea')
    expect(call?.output).toEqual({ format: 'jpeg', quality: 75 })
    expect(call?.items[0]?.imageUrl).toContain('X-Amz-Signature=')
    expect(new URL(call?.items[0]?.resultUrl ?? '').pathname).toMatch(/processed_.*\.jpg$/)
  })

  it('refunds what failed, keeps what succeeded and says why', async () => {
    const { mario, started, look } = await startWith(3)
    const context = consumerWith((call) =>
      ndjson([
        failed(call.items[1]?.id ?? ''),
        succeeded(call.items[0]?.id ?? ''),
        succeeded(call.items[2]?.id ?? ''),
        end,
      ]),
    )
    await deliver(context, started.messages)
    const inference = await look()
    expect(inference).toMatchObject({
      status: 'COMPLETED',
      succeededItems: 2,
      failedItems: 1,
      tokensSpent: 5.5,
    })
    expect(inference.failures).toEqual([
      expect.objectContaining({
        code: 'media.undecodable',
        message: 'The picture cannot be decoded',
        imageName: 'photo 1.png',
      }),
    ])
    expect(await balanceOf(mario)).toBe(94.5)
  })

  it('fails the inference and refunds everything when no item succeeded', async () => {
    const { mario, started, look } = await startWith(2)
    const context = consumerWith((call) =>
      ndjson([...call.items.map((item) => failed(item.id)), end]),
    )
    await deliver(context, started.messages)
    expect(await look()).toMatchObject({ status: 'FAILED', tokensSpent: 0, result: null })
    expect(await balanceOf(mario)).toBe(100)
    const job = await request(mario, 'GET', `/api/inferences/job/${started.jobId}/status`)
    expect(job.body.data).toMatchObject({ status: 'failed', inferenceStatus: 'FAILED' })
  })

  it('charges nothing twice when its message is delivered again, even at the same time', async () => {
    const { mario, started, look } = await startWith(2)
    await deliver(allSucceed, [...started.messages, ...started.messages])
    await deliver(allSucceed, started.messages)
    expect(await look()).toMatchObject({ status: 'COMPLETED', succeededItems: 2, tokensSpent: 5.5 })
    expect(await balanceOf(mario)).toBe(94.5)
  })

  it('ends an inference of many tasks with the last of them, whatever their order', async () => {
    const { mario, started, look } = await startWith(40, { tokens: 110 })
    expect(started.messages.length).toBeGreaterThan(2)
    const [first, ...others] = [...started.messages].reverse()
    await deliver(allSucceed, others)
    const halfway = await look()
    expect(halfway.status).toBe('RUNNING')
    expect(halfway.progress).toBeGreaterThan(50)
    expect(halfway.progress).toBeLessThan(100)
    await deliver(allSucceed, [first])
    expect(await look()).toMatchObject({
      status: 'COMPLETED',
      succeededItems: 40,
      tokensSpent: 110,
    })
    expect(await balanceOf(mario)).toBe(0)
  })
})

describe('a service in trouble', () => {
  it('keeps what was done when the answer breaks off, and asks only for the rest next time', async () => {
    const { mario, started, look } = await startWith(3)
    const broken = consumerWith((call) => ndjson([succeeded(call.items[0]?.id ?? '')]))
    expect(await deliver(broken, started.messages)).toEqual({ acked: 0, retried: 1 })
    expect(await look()).toMatchObject({ status: 'RUNNING', succeededItems: 1, progress: 33 })
    const context = consumerWith((call) =>
      ndjson([...call.items.map((item) => succeeded(item.id)), end]),
    )
    await deliver(context, started.messages)
    expect(context.calls[0]?.items.map((item) => item.id)).toEqual(['1', '2'])
    expect(await look()).toMatchObject({ status: 'COMPLETED', succeededItems: 3 })
    expect(await balanceOf(mario)).toBe(91.75)
  })

  it.each([
    ['is not there', () => Promise.reject(new TypeError('Network connection lost'))],
    ['answers 500', () => new Response('oops', { status: 500 })],
    ['answers what is no NDJSON', () => new Response('<html>\n')],
    [
      'refuses the access token',
      () => new Response('{"error":{"code":"auth.invalid","message":"x"}}', { status: 401 }),
    ],
  ])('is asked again when it %s', async (_case, answer) => {
    const { mario, started, look } = await startWith(1)
    expect(await deliver(consumerWith(answer), started.messages)).toEqual({ acked: 0, retried: 1 })
    expect(await look()).toMatchObject({ status: 'RUNNING', failedItems: 0 })
    await deliver(allSucceed, started.messages)
    expect(await look()).toMatchObject({ status: 'COMPLETED' })
    expect(await balanceOf(mario)).toBe(97.25)
  })

  it('is left alone for as long as it says when it is busy, which counts as no attempt', async () => {
    const { started, look } = await startWith(1)
    const busy = consumerWith(
      () => new Response('{}', { status: 503, headers: { 'retry-after': '7' } }),
    )
    for (let count = 0; count < taskAttemptsMax + 2; count += 1) {
      expect(await deliver(busy, started.messages)).toEqual({ acked: 1, retried: 0 })
    }
    expect(busy.sentAgain.at(-1)).toEqual({ taskId: started.messages[0]?.taskId, delay: 7 })
    await deliver(allSucceed, started.messages)
    expect(await look()).toMatchObject({ status: 'COMPLETED' })
  })

  it('that refuses a task for good fails its items at once, with its reason, and refunds them', async () => {
    const { mario, started, look } = await startWith(2)
    const refusing = consumerWith(() =>
      Response.json(
        { error: { code: 'model.unknown', message: 'No such model' } },
        { status: 400 },
      ),
    )
    expect(await deliver(refusing, started.messages)).toEqual({ acked: 1, retried: 0 })
    const inference = await look()
    expect(inference.status).toBe('FAILED')
    expect(inference.failures[0]).toMatchObject({ code: 'model.unknown', message: 'No such model' })
    expect(await balanceOf(mario)).toBe(100)
  })

  it('an item that may pass later is tried again; the others are not', async () => {
    const { started, look } = await startWith(2)
    const stumbling = consumerWith((call) =>
      ndjson([
        failed(call.items[0]?.id ?? '', { retryable: true }),
        succeeded(call.items[1]?.id ?? ''),
        end,
      ]),
    )
    expect(await deliver(stumbling, started.messages)).toEqual({ acked: 0, retried: 1 })
    const context = consumerWith((call) =>
      ndjson([...call.items.map((item) => succeeded(item.id)), end]),
    )
    await deliver(context, started.messages)
    expect(context.calls[0]?.items.map((item) => item.id)).toEqual(['0'])
    expect(await look()).toMatchObject({ status: 'COMPLETED', succeededItems: 2 })
  })

  it('an item that the service leaves out or invents changes no count', async () => {
    const { started, look } = await startWith(2)
    const forgetful = consumerWith((call) =>
      ndjson([
        succeeded(call.items[0]?.id ?? ''),
        succeeded(call.items[0]?.id ?? ''),
        succeeded('77'),
        end,
      ]),
    )
    await deliver(forgetful, started.messages)
    const inference = await look()
    expect(inference).toMatchObject({ status: 'COMPLETED', succeededItems: 1, failedItems: 1 })
    expect(inference.failures[0].code).toBe('task.item_unanswered')
  })
})
