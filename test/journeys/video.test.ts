import { beforeAll, describe, expect, inject, it } from 'vitest'
import { Client } from './client.ts'
import { type Clip, inspectVideo, makeClip, measureHole, type VideoFacts } from './setup/clips.ts'

const apiUrl = inject('apiUrl')
const frames = 45
const tokens = (amount: number) => Math.round(amount * 1000) / 1000

let mario: Client
let clip: Clip

async function sendInParts(fileName: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const { body } = await mario.send('POST', '/api/uploads', { fileName, bytes: bytes.length })
  for (const { url, number } of body.data.parts) {
    const start = (number - 1) * body.data.partBytes
    await fetch(url, { method: 'PUT', body: bytes.subarray(start, start + body.data.partBytes) })
  }
  return body.data.id
}

beforeAll(async () => {
  mario = await Client.register(apiUrl)
  clip = makeClip(frames / 30)
}, 60_000)

describe('a video with sound and a mask that moves, sent in parts', () => {
  let uploaded: Awaited<ReturnType<Client['send']>>
  let results: Awaited<ReturnType<Client['send']>>['body']['data']
  let source: VideoFacts
  let result: VideoFacts
  let film: Uint8Array<ArrayBuffer>

  /** Has the film inpainted; the result video, and what is told of it. */
  async function inpaint(parameters: Record<string, unknown>) {
    const started = await mario.send('POST', '/api/inferences', {
      datasetName: 'film',
      modelId: 'telea',
      parameters,
    })
    await mario.watch(started.body.jobId)
    const route = `/api/inferences/${started.body.inference.id}/results`
    const told = (await mario.send('GET', route)).body.data
    const answer = await fetch(told.videos[0].downloadUrl)
    expect(answer.headers.get('content-type')).toBe('video/mp4')
    return { told, video: new Uint8Array(await answer.arrayBuffer()) }
  }

  beforeAll(async () => {
    await mario.send('POST', '/api/datasets', { name: 'film' })
    const image = await sendInParts('holiday.mp4', clip.film)
    const mask = await sendInParts('holiday-mask.mp4', clip.mask)
    const before = await mario.balance()
    uploaded = await mario.send('POST', '/api/datasets/data', {
      datasetName: 'film',
      image,
      mask,
      fps: 'source',
    })
    expect(uploaded.status, JSON.stringify(uploaded.body)).toBe(200)
    expect(await mario.balance()).toBe(tokens(before - frames * 0.4))

    const made = await inpaint({})
    results = made.told
    film = made.video
    result = inspectVideo(film)
    source = inspectVideo(clip.film)
  }, 120_000)

  it('becomes as many items as it has frames, each paid', async () => {
    expect(uploaded.body).toMatchObject({ processedItems: frames, tokenSpent: frames * 0.4 })
    const { body } = await mario.send('GET', '/api/datasets/film/data?limit=100')
    expect(body.data).toMatchObject({ type: 'video-frames', totalItems: frames })
    expect(body.data.items.map((item: { frameIndex: number }) => item.frameIndex)).toEqual(
      Array.from({ length: frames }, (_, index) => index),
    )
    expect((await mario.send('GET', '/api/uploads')).body.data).toEqual([])
  })

  it('comes back with every frame at its time and its sound untouched', () => {
    expect(results.videos).toHaveLength(1)
    expect(results.videos[0]).toMatchObject({ frameCount: frames, replacedFrames: [] })
    expect(result.times).toEqual(source.times)
    expect(result.sound).toBe(source.sound)
    expect(result).toMatchObject({ codec: 'h264', pixelFormat: 'yuv420p', size: source.size })
  })

  it('shows behind the logo what its other frames show there, unless told to look at each alone', async () => {
    const administrator = await Client.logInAsAdministrator(apiUrl)
    await administrator.send('POST', '/api/admin/user-tokens', { email: mario.email, amount: 100 })
    const alone = await inpaint({ temporal: false })
    expect(measureHole(film)).toBeLessThan(measureHole(alone.video) / 2)
  }, 60_000)

  it('tells how the energy was found', () => {
    const methods = new Set(
      results.items.map((item: { energyMethod: string }) => item.energyMethod),
    )
    expect([...methods]).toEqual([expect.stringMatching(/^(cpu-time-estimate|rapl)$/)])
    expect(results.videos[0].energyMethod).toMatch(/^(cpu-time-estimate|rapl|mixed)$/)
  })

  it('keeps its colours', () => {
    for (const [channel, level] of result.middle.entries()) {
      expect(Math.abs(level - (source.middle[channel] ?? 0))).toBeLessThan(8)
    }
  })
})

describe('a video that cannot be taken', () => {
  const send = async (image: Uint8Array<ArrayBuffer>, mask: Uint8Array<ArrayBuffer>) => {
    const before = await mario.balance()
    const answer = await mario.upload('wrong', image, mask)
    expect(await mario.balance()).toBe(before)
    const { body } = await mario.send('GET', '/api/datasets/wrong/data')
    expect(body.data.totalItems).toBe(0)
    return answer
  }

  beforeAll(async () => {
    await mario.send('POST', '/api/datasets', { name: 'wrong' })
  })

  it('because its index is cut off, is refused with what to do, and costs nothing', async () => {
    const { status, body } = await send(clip.film.subarray(0, 4000), clip.mask)
    expect(status).toBe(400)
    expect(body.code).toBe('video.undecodable')
    expect(body.message).toMatch(/video/i)
  })

  it('because its mask is a film, is refused with the share of grey, and costs nothing', async () => {
    const { status, body } = await send(clip.mask, clip.film)
    expect([status, body.code]).toEqual([400, 'mask.not_binary'])
    expect(body.message).toMatch(/%/)
  })
})
