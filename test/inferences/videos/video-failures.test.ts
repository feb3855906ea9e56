import { describe, expect, it } from 'vitest'
import {
  inferenceDeadlineMs,
  taskAttemptsMax,
} from '../../../src/inferences/inferences.lifecycle.ts'
import { sweepInferences } from '../../../src/inferences/sweep-inferences.ts'
import { deliver, failed, ndjson, succeeded } from '../../support/inferences.ts'
import {
  assembleEnd,
  deliverAll,
  segmentEnd,
  startVideos,
  videoConsumer,
} from '../../support/videos.ts'
import { balanceOf, request, services } from '../../support/world.ts'

const minute = 60_000

const refuse = (code: string) => () =>
  Response.json({ error: { code, message: `Refused: ${code}.` } }, { status: 422 })

/** Runs the sweep as if that much time had passed, with the tasks that it sends going to the context. */
async function sweepLater(context: ReturnType<typeof videoConsumer>, passedMs: number) {
  await sweepInferences({ ...services, ...context, clock: { nowMs: () => Date.now() + passedMs } })
  return context.sent.splice(0)
}

/** The states of the inference's tasks of that kind. */
async function listStates(inferenceId: string, kind: string): Promise<string[]> {
  const { results } = await services.database.raw
    .prepare('SELECT state FROM inference_tasks WHERE inference_id = ?1 AND kind = ?2')
    .bind(inferenceId, kind)
    .all<{ state: string }>()
  return results.map((row) => row.state)
}

describe('a video that cannot be made', () => {
  it.each([
    ['encoded', { segments: refuse('segment.strange') }, 'segment.strange'],
    ['assembled', { assemble: refuse('sound.unreadable') }, 'sound.unreadable'],
    [
      'encoded, as the answer tells later',
      {
        segments: () =>
          ndjson([
            { type: 'progress', frames: 1 },
            { type: 'error', error: { code: 'a.b', message: 'Refused: a.b.', retryable: false } },
          ]),
      },
      'a.b',
    ],
  ])(
    'fails with the reason when it cannot be %s; its frames stay and are paid',
    async (_case, answers, code) => {
      const { mario, started, look } = await startVideos([{ name: 'clip.mov', frames: 3 }])
      await deliverAll(videoConsumer(answers), started.messages)
      const inference = await look()
      expect(inference).toMatchObject({ status: 'COMPLETED', succeededItems: 3, tokensSpent: 4.5 })
      expect(inference.result.videos).toEqual([])
      expect(inference.failures).toEqual([
        {
          originalPath: expect.stringMatching(/^datasets\/.*\.mov$/),
          imageName: 'clip.mov',
          code,
          message: `Refused: ${code}.`,
        },
      ])
      const results = await look('/results')
      expect(results.videos).toEqual([])
      expect(results.failures).toHaveLength(1)
      expect(await balanceOf(mario)).toBe(95.5)
    },
  )

  it('is neither encoded nor charged when none of its frames succeeded, and the others go on', async () => {
    const { mario, started, look } = await startVideos([{ frames: 2 }, { frames: 1 }])
    const context = videoConsumer({
      inpaint: ({ body }) =>
        ndjson([
          ...body.items.map(({ id }: { id: string }) => (id === '2' ? succeeded(id) : failed(id))),
          { type: 'end' },
        ]),
    })
    await deliverAll(context, started.messages)
    expect(context.asked('/v1/segments')).toHaveLength(1)
    const inference = await look()
    expect(inference).toMatchObject({ status: 'COMPLETED', failedItems: 2, tokensSpent: 1.5 })
    expect(inference.result.videos).toHaveLength(1)
    expect(inference.failures.at(-1)).toMatchObject({
      code: 'video.no_frame_succeeded',
      imageName: 'clip 0.mov',
      message: expect.stringContaining('None of the 2 frames'),
    })
    expect(await balanceOf(mario)).toBe(98.5)
  })

  it('ends the inference as failed when nothing at all succeeded', async () => {
    const { mario, started, look } = await startVideos([{ frames: 300 }], { tokens: 450 })
    const context = videoConsumer({
      inpaint: ({ body }) =>
        ndjson([...body.items.map(({ id }: { id: string }) => failed(id)), { type: 'end' }]),
    })
    await deliverAll(context, started.messages)
    expect(context.asked('/v1/segments')).toEqual([])
    expect(await look()).toMatchObject({ status: 'FAILED', tokensSpent: 0, result: null })
    expect(await balanceOf(mario)).toBe(450)
  })

  it('has no other stretch encoded once one failed for good', async () => {
    const { started, look } = await startVideos([{ frames: 500 }], { tokens: 1000 })
    const context = videoConsumer({ segments: refuse('segment.size_mismatch') })
    await deliverAll(context, started.messages)
    expect(context.asked('/v1/segments')).toHaveLength(1)
    expect(await look()).toMatchObject({ status: 'COMPLETED', succeededItems: 500 })
    expect(await listStates(started.id, 'encode')).toEqual(['FAILED', 'FAILED', 'FAILED'])
    expect(await listStates(started.id, 'assemble')).toEqual(['FAILED'])
  })

  it('encodes a stretch of failures too, when another stretch of the video has a success', async () => {
    const { started, look } = await startVideos([{ frames: 250 }], { tokens: 1000 })
    const context = videoConsumer({
      inpaint: ({ body }) =>
        ndjson([
          ...body.items.map(({ id }: { id: string }) =>
            Number(id) < 240 ? failed(id) : succeeded(id),
          ),
          { type: 'end' },
        ]),
    })
    await deliverAll(context, started.messages)
    expect(context.asked('/v1/segments').map(({ frames }) => frames.length)).toEqual([240, 10])
    expect((await look('/results')).videos[0].replacedFrames).toHaveLength(240)
  })
})

describe('a service in trouble with videos', () => {
  it.each(['segments', 'assemble'] as const)(
    'is asked again for %s that broke off',
    async (path) => {
      const { started, look } = await startVideos([{ frames: 2 }])
      const end = path === 'segments' ? segmentEnd() : assembleEnd
      const context = videoConsumer({
        [path]: () =>
          ndjson(
            context.asked(`/v1/${path}`).length < 3 ? [{ type: 'progress', frames: 1 }] : [end],
          ),
      })
      await deliverAll(context, started.messages)
      expect(context.asked(`/v1/${path}`)).toHaveLength(3)
      expect((await look()).result.videos).toHaveLength(1)
    },
  )

  it('is asked again when what it answers at the end is not of the contract', async () => {
    const { started, look } = await startVideos([{ frames: 2 }])
    const context = videoConsumer({
      segments: () =>
        ndjson([context.asked('/v1/segments').length < 2 ? { type: 'end' } : segmentEnd()]),
    })
    await deliverAll(context, started.messages)
    expect((await look()).result.videos).toHaveLength(1)
  })

  it('is left alone while it is busy, which counts as no attempt', async () => {
    const { started, look } = await startVideos([{ frames: 1 }])
    const context = videoConsumer({
      assemble: () =>
        context.asked('/v1/assemble').length > taskAttemptsMax + 2
          ? ndjson([assembleEnd])
          : new Response('{}', { status: 503, headers: { 'retry-after': '1' } }),
    })
    await deliverAll(context, started.messages)
    expect((await look()).result.videos).toHaveLength(1)
  })

  it('fails the video when it never makes it, and the job completes with what there is', async () => {
    const { started, look } = await startVideos([{ frames: 1 }])
    const context = videoConsumer({ segments: () => new Response('oops', { status: 500 }) })
    await deliverAll(context, started.messages)
    const inference = await look()
    expect(inference.status).toBe('COMPLETED')
    expect(inference.failures).toMatchObject([{ code: 'task.attempts_exhausted' }])
  })

  it('fails the video when the queue gives its message up', async () => {
    const { started, look } = await startVideos([{ frames: 1 }])
    const context = videoConsumer()
    await deliver(context, started.messages)
    expect((await look()).status).toBe('RUNNING')
    await deliver(context, context.sent.splice(0), { dead: true })
    const inference = await look()
    expect(inference).toMatchObject({ status: 'COMPLETED', succeededItems: 1 })
    expect(inference.failures).toMatchObject([{ code: 'task.retries_exhausted' }])
  })
})

describe('the tasks of a video', () => {
  it('make it once, however often their messages come', async () => {
    const { mario, started, look } = await startVideos([{ frames: 20 }])
    const context = videoConsumer()
    const all = [...started.messages]
    await deliver(context, [...all, ...all])
    const encode = context.sent.splice(0)
    await deliver(context, [...encode, ...encode, ...all])
    const assemble = context.sent.splice(0)
    expect([encode.length, assemble.length]).toEqual([1, 1])
    await deliver(context, [...assemble, ...assemble, ...encode])
    expect(context.asked('/v1/segments')).toHaveLength(1)
    expect(context.asked('/v1/assemble')).toHaveLength(1)
    expect(await look()).toMatchObject({ status: 'COMPLETED', tokensSpent: 30 })
    expect(await balanceOf(mario)).toBe(70)
  })

  it('are sent by the sweep when a crash or the queue lost their messages, and not before they are ready', async () => {
    const { started, look } = await startVideos([{ frames: 20 }])
    const context = videoConsumer()
    const losing = { ...context, sendTasks: () => Promise.reject(new Error('the queue is away')) }
    const own = ({ inferenceId }: { inferenceId: string }) => inferenceId === started.id
    const [first, ...others] = started.messages
    await deliver(losing, [first])
    const lost = (await sweepLater(context, 2 * minute)).filter(own)
    expect(new Set(lost.map(({ taskId }) => taskId))).toEqual(
      new Set(others.map(({ taskId }) => taskId)),
    )
    await deliver(losing, others)
    const encode = (await sweepLater(context, 4 * minute)).filter(own)
    expect(encode).toHaveLength(1)
    await deliver(losing, encode)
    const assemble = (await sweepLater(context, 6 * minute)).filter(own)
    await deliver(losing, assemble)
    expect(await look()).toMatchObject({ status: 'COMPLETED', failures: [] })
  })

  it('end with an inference whose deadline has passed', async () => {
    const { mario, started, look } = await startVideos([{ frames: 20 }])
    const context = videoConsumer()
    await deliver(context, started.messages.slice(0, 1))
    await sweepLater(context, inferenceDeadlineMs + minute)
    const inference = await look()
    expect(inference).toMatchObject({ status: 'COMPLETED', succeededItems: 16, failedItems: 4 })
    expect(inference.failures.at(-1)).toMatchObject({
      code: 'inference.deadline_passed',
      imageName: 'clip 0.mov',
    })
    expect(inference.failures).toHaveLength(5)
    expect(await balanceOf(mario)).toBe(76)
  })

  it('are told in no list of results, nor downloaded, before the video is made', async () => {
    const { mario, started, videoIds } = await startVideos([{ frames: 1 }])
    const context = videoConsumer()
    await deliver(context, started.messages)
    const address = `/api/inferences/${started.id}/download/${videoIds[0]}_video_2.mp4`
    expect((await request(mario, 'GET', address)).status).toBe(404)
    expect((await request(mario, 'GET', `/api/inferences/${started.id}/results`)).status).toBe(400)
    expect(context.calls.map(({ path }) => path)).toEqual(['/v1/inpaint'])
  })
})
