import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { failed, ndjson, succeeded } from '../../support/inferences.ts'
import {
  deliverAll,
  segmentEnd,
  startVideos,
  type VideoCall,
  videoConsumer,
} from '../../support/videos.ts'
import { balanceOf, request } from '../../support/world.ts'

const pathOf = (url: string) => new URL(url).pathname

/** Fails the frames at these positions. */
const failing =
  (...positions: string[]) =>
  ({ body }: VideoCall) =>
    ndjson([
      ...body.items.map(({ id }: { id: string }) =>
        positions.includes(id) ? failed(id) : succeeded(id),
      ),
      { type: 'end' },
    ])

describe('a result video', () => {
  it('is told with its facts and downloaded under its name, once every frame has ended', async () => {
    const { mario, started, videoIds, look } = await startVideos(
      [{ name: 'my clip.mov', frames: 3 }],
      { images: 2 },
    )
    const context = videoConsumer()
    await deliverAll(context, started.messages)
    const outputPath = `inferences/${mario.id}/${started.id}/${videoIds[0]}_video_2.mp4`
    const made = { originalVideoId: '2', outputPath }
    const inference = await look()
    expect(inference).toMatchObject({ status: 'COMPLETED', progress: 100, failures: [] })
    expect(inference.result.images).toHaveLength(2)
    expect(inference.result.videos).toEqual([made])
    const job = await request(mario, 'GET', `/api/inferences/job/${started.jobId}/status`)
    expect(job.body.data.result.result.videos).toEqual([made])
    const { videos } = await look('/results')
    expect(videos).toEqual([
      {
        ...made,
        downloadUrl: expect.stringContaining('/media/inferences/'),
        status: 'SUCCEEDED',
        width: 64,
        height: 48,
        frameCount: 3,
        fps: 1,
        durationSeconds: 3,
        sizeBytes: 4321,
        replacedFrames: [],
        notes: ['A note.'],
        carbonGrams: expect.closeTo(6 * (400 / 3_600_000), 9),
        energyMethod: 'cpu-time-estimate',
      },
    ])
    await env.MEDIA.put(outputPath, 'mp4')
    const address = `/api/inferences/${started.id}/download/${videoIds[0]}_video_2.mp4`
    const file = await request(mario, 'GET', address)
    expect(file.status).toBe(200)
    expect(file.headers.get('content-disposition')).toContain('my clip_inpainted.mp4')
  })

  it('costs nothing beside its frames, and its energy counts', async () => {
    const { mario, started, look } = await startVideos([{ frames: 3 }])
    await deliverAll(videoConsumer(), started.messages)
    expect(await balanceOf(mario)).toBe(95.5)
    const joules = 3 * 2 + 3 + 3
    expect((await look()).carbonGrams).toBeCloseTo(joules * (400 / 3_600_000), 9)
  })

  it('whose energy was found in several ways says so', async () => {
    const { started, look } = await startVideos([{ frames: 1 }])
    const energy = { joules: 3, method: 'rapl' }
    const segments = () => ndjson([{ ...segmentEnd(), energy }])
    await deliverAll(videoConsumer({ segments }), started.messages)
    expect((await look('/results')).videos[0].energyMethod).toBe('mixed')
  })

  it('is made of its frames in order, and of nothing but its own', async () => {
    const { mario, started, videoIds } = await startVideos([{ frames: 2 }, { frames: 3 }], {
      images: 1,
    })
    const context = videoConsumer()
    await deliverAll(context, started.messages)
    const stretches = context.asked('/v1/segments')
    expect(stretches.map(({ frames }) => frames.length)).toEqual([2, 3])
    const [, second] = stretches
    expect(second).toMatchObject({ size: { width: 64, height: 48 }, timeBase: '1/1000' })
    expect(second.frames.map(({ pts }: { pts: number }) => pts)).toEqual([0, 1000, 2000])
    expect(second.endPts).toBe(3000)
    for (const { url, fallbackUrl } of second.frames) {
      expect(pathOf(url)).toContain(`/inferences/${mario.id}/${started.id}/processed_`)
      expect(pathOf(fallbackUrl)).toContain(`/datasets/${mario.id}/`)
    }
    expect(context.asked('/v1/assemble').map(({ segments }) => segments.length)).toEqual([1, 1])
    expect(pathOf(second.resultUrl)).toContain(`segment_${videoIds[1]}_3.mp4`)
  })

  it('of many frames is encoded in stretches, each as soon as its own frames have ended', async () => {
    const { started, look } = await startVideos([{ frames: 500, fps: 'source', endPts: 9990 }], {
      tokens: 1000,
    })
    const context = videoConsumer()
    const messages = started.messages
    await deliverAll(context, messages.slice(0, -1))
    expect(context.asked('/v1/segments').map(({ frames }) => frames.length)).toEqual([240, 20])
    expect(await look()).toMatchObject({ status: 'RUNNING' })
    expect((await look()).progress).toBeLessThan(100)
    await deliverAll(context, messages.slice(-1))
    const stretches = context.asked('/v1/segments').sort((one, other) => one.endPts - other.endPts)
    expect(stretches.map(({ endPts }) => endPts)).toEqual([4800, 9600, 9990])
    expect(stretches[2].frames[0].pts).toBe(9600)
    // The service takes requests of up to 1 MiB.
    expect(JSON.stringify(stretches[0]).length).toBeLessThan(512 * 1024)
    const [assembled] = context.asked('/v1/assemble')
    expect(assembled.segments.map(({ url }: { url: string }) => pathOf(url))).toEqual(
      stretches.map(({ resultUrl }) => pathOf(resultUrl)),
    )
    expect(await look()).toMatchObject({ status: 'COMPLETED', succeededItems: 500 })
  })

  it.each([
    ['every frame of a source with sound has it', { fps: 'source', soundCodec: 'aac' }, true],
    ['every frame of a silent source is silent', { fps: 'source' }, false],
    ['sampled frames are silent', { fps: '2', soundCodec: 'aac' }, false],
  ])('of %s', async (_case, video, hasSound) => {
    const { started } = await startVideos([{ frames: 2, ...video }])
    const context = videoConsumer()
    await deliverAll(context, started.messages)
    const [{ sound }] = context.asked('/v1/assemble')
    if (hasSound) expect(pathOf(sound.url)).toMatch(/\.mov$/)
    else expect(sound).toBeNull()
  })

  it('shows the original where a frame failed or its result is lost, and says which frames', async () => {
    const { mario, started, look } = await startVideos([{ frames: 4 }], { images: 1 })
    const context = videoConsumer({
      inpaint: failing('2'),
      segments: () => ndjson([segmentEnd([3])]),
    })
    await deliverAll(context, started.messages)
    const [{ frames }] = context.asked('/v1/segments')
    expect(pathOf(frames[1].url)).toContain('/datasets/')
    expect(frames[1].fallbackUrl).toBeNull()
    expect((await look('/results')).videos[0].replacedFrames).toEqual([1, 3])
    expect(await look()).toMatchObject({ status: 'COMPLETED', failedItems: 1 })
    expect(await balanceOf(mario)).toBe(100 - 2.75 - 3 * 1.5)
  })

  it('leaves no stretch behind in the store', async () => {
    const { mario, started } = await startVideos([{ frames: 2 }])
    const prefix = `inferences/${mario.id}/${started.id}/`
    const list = async () => (await env.MEDIA.list({ prefix })).objects.length
    let stored = 0
    const context = videoConsumer({
      segments: async ({ body }) => {
        const path = pathOf(body.resultUrl)
        await env.MEDIA.put(path.slice(path.indexOf(prefix)), 'mp4')
        stored = await list()
        return ndjson([segmentEnd()])
      },
    })
    await deliverAll(context, started.messages)
    expect([stored, await list()]).toEqual([1, 0])
  })
})
