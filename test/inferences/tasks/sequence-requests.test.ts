import { describe, expect, it } from 'vitest'
import { failed, ndjson, succeeded } from '../../support/inferences.ts'
import { deliverAll, startVideos, type VideoCall, videoConsumer } from '../../support/videos.ts'
import { balanceOf, services } from '../../support/world.ts'

type Body = VideoCall['body']
interface Frame {
  readonly index: number
  readonly imageUrl: string
  readonly maskUrl: string
}

const range = (first: number, end: number) =>
  Array.from({ length: end - first }, (_, index) => first + index)
const pathOf = (url: string) => new URL(url).pathname
const indexesOf = (frames: readonly Frame[]) => frames.map(({ index }) => index)
const tokens = 10_000

/** What the inference service refuses a request for. */
function ensureComplete({ items, sequence }: Body) {
  const asked = indexesOf(items)
  const around = indexesOf(sequence.around)
  expect(asked).toEqual([...new Set(asked)].sort((a, b) => a - b))
  expect(sequence.first).toBe(asked[0])
  expect(items.length).toBeLessThanOrEqual(128)
  expect(around.length).toBeLessThanOrEqual(256)
  expect(new Set([...asked, ...around]).size).toBe(asked.length + around.length)
  const there = new Set([...asked, ...around])
  for (const index of asked) {
    const start = 24 * Math.floor(index / 24)
    const looked = range(Math.max(0, start - 24), Math.min(sequence.count, start + 49))
    expect(looked.filter((at) => !there.has(at))).toEqual([])
  }
}

/** The keys of an inference's pictures and masks, by position. */
async function listKeys(inferenceId: string) {
  const { results } = await services.database.raw
    .prepare(
      `SELECT image_key AS image, mask_key AS mask FROM inference_items
       WHERE inference_id = ?1 ORDER BY position`,
    )
    .bind(inferenceId)
    .all<{ image: string; mask: string }>()
  return results
}

describe('frames of a video that are near each other', () => {
  it('are asked for with their places and all that their windows look at', async () => {
    const { started, look } = await startVideos([{ frames: 200, fps: 'source' }], { tokens })
    const context = videoConsumer()
    await deliverAll(context, started.messages)
    const bodies = context.asked('/v1/inpaint')
    expect(bodies.map((body) => body.items.length)).toEqual([72, 72, 56])
    expect(bodies.flatMap((body) => indexesOf(body.items))).toEqual(range(0, 200))
    for (const body of bodies) {
      ensureComplete(body)
      expect(body.sequence.count).toBe(200)
      expect(body.sequence.spacingSeconds).toBeCloseTo(20 / 600, 9)
    }
    expect(indexesOf(bodies[1].sequence.around)).toEqual([...range(48, 72), ...range(144, 169)])
    expect(await look()).toMatchObject({ status: 'COMPLETED', succeededItems: 200 })
  })

  it('are counted from the first of their own video, and are its own pictures and masks', async () => {
    const { started } = await startVideos(
      [
        { frames: 30, fps: 'source' },
        { frames: 50, fps: '10' },
      ],
      { images: 3, tokens },
    )
    const context = videoConsumer()
    await deliverAll(context, started.messages)
    const keys = await listKeys(started.id)
    const [pictures, first, second] = context.asked('/v1/inpaint')
    expect(pictures.sequence).toBeUndefined()
    expect(pictures.items[0].index).toBeUndefined()
    expect([first.sequence.count, second.sequence.count]).toEqual([30, 50])
    expect(second.sequence).toMatchObject({ first: 0, spacingSeconds: 0.1, around: [] })
    expect(second.items[49]).toMatchObject({ id: '82', index: 49 })
    for (const { index, imageUrl, maskUrl } of second.items as Frame[]) {
      expect(pathOf(imageUrl)).toContain(keys[33 + index]?.image)
      expect(pathOf(maskUrl)).toContain(keys[33 + index]?.mask)
    }
  })

  it('come as sources where they ended in an earlier run, and are not asked for again', async () => {
    const { started, look } = await startVideos([{ frames: 100, fps: 'source' }], { tokens })
    const [message] = started.messages
    const ended = (body: Body) => body.items.filter(({ index }: Frame) => index % 2 === 0)
    const breaking = videoConsumer({
      inpaint: ({ body }) =>
        ndjson(
          body.sequence.first === 0
            ? ended(body).map(({ id }: { id: string }) => succeeded(id))
            : [...body.items.map(({ id }: { id: string }) => succeeded(id)), { type: 'end' }],
        ),
    })
    await expect(deliverAll(breaking, message ? [message] : [])).resolves.toBeUndefined()
    const [whole, rest] = breaking.asked('/v1/inpaint')
    expect(indexesOf(whole.items)).toEqual(range(0, 72))
    expect(indexesOf(rest.items)).toEqual(range(0, 72).filter((index) => index % 2 === 1))
    expect(rest.sequence.first).toBe(1)
    ensureComplete(rest)
    const keys = await listKeys(started.id)
    for (const { index, imageUrl, maskUrl } of rest.sequence.around as Frame[]) {
      expect(pathOf(imageUrl)).toContain(keys[index]?.image)
      expect(pathOf(maskUrl)).toContain(keys[index]?.mask)
    }
    expect(await look()).toMatchObject({ succeededItems: 72, failedItems: 0 })
  })

  it('fail one by one, each with its reason, and are refunded', async () => {
    const { mario, started, look } = await startVideos([{ frames: 30, fps: 'source' }])
    const context = videoConsumer({
      inpaint: ({ body }) =>
        ndjson([
          ...body.items.map(({ id }: { id: string }) => (id === '7' ? failed(id) : succeeded(id))),
          { type: 'end' },
        ]),
    })
    await deliverAll(context, started.messages)
    expect(context.asked('/v1/inpaint')).toHaveLength(1)
    expect(await look()).toMatchObject({ status: 'COMPLETED', succeededItems: 29, failedItems: 1 })
    expect((await look('/results')).items[7].error.code).toBe('media.undecodable')
    expect(await balanceOf(mario)).toBe(100 - 29 * 1.5)
  })

  it('are read and written by URLs that outlive the longest run', async () => {
    const { started } = await startVideos([{ frames: 30, fps: 'source' }])
    const context = videoConsumer()
    await deliverAll(context, started.messages)
    const [{ items }] = context.asked('/v1/inpaint')
    const lifetime = (url: string) => new URL(url).searchParams.get('X-Amz-Expires')
    expect([lifetime(items[0].imageUrl), lifetime(items[0].resultUrl)]).toEqual(['720', '720'])
  })
})

describe('frames of a video are filled one by one', () => {
  it.each([
    ['when the inference says so', { fps: 'source' }, { temporal: false }, { temporal: false }],
    ['when it says so as text', { fps: 'source' }, { temporal: 'false' }, { temporal: false }],
    ['when they are a second apart', { fps: '1' }, { temporal: true }, { temporal: true }],
    [
      'when the source is that slow',
      { fps: 'source', pts: range(0, 40).map((i) => i * 200) },
      undefined,
      {},
    ],
  ])('%s', async (_case, video, parameters, told) => {
    const { started, look } = await startVideos([{ frames: 40, ...video }], { tokens, parameters })
    const context = videoConsumer()
    await deliverAll(context, started.messages)
    const bodies = context.asked('/v1/inpaint')
    expect(bodies.map((body) => body.items.length)).toEqual([16, 16, 8])
    expect(JSON.stringify(bodies)).not.toMatch(/"(sequence|index|temporal)"/)
    const { temporal } = (await look()).parameters
    expect({ temporal }).toEqual({ temporal: undefined, ...told })
  })

  it('in an inference that was started before it could be otherwise', async () => {
    const { started } = await startVideos([{ frames: 30, fps: 'source' }])
    await services.database.raw
      .prepare('UPDATE inference_videos SET spacing_seconds = NULL WHERE inference_id = ?1')
      .bind(started.id)
      .run()
    const context = videoConsumer()
    await deliverAll(context, started.messages)
    expect(context.asked('/v1/inpaint')[0].sequence).toBeUndefined()
  })
})
