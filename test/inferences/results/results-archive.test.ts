import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
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
import { deliverAll, startVideos, videoConsumer } from '../../support/videos.ts'
import { createUser } from '../../support/world.ts'
import { askForZip, openZip, storeResults } from './stored-results.ts'

/** An inference that has ended, with its results in the store. */
async function finish(images: number, service = allSucceed) {
  const { mario, started, look } = await startWith(images)
  await deliver(service, started.messages)
  return { mario, id: started.id, look, stored: await storeResults(started.id) }
}

/** A service that fails the items at these positions. */
const failing = (...positions: string[]) =>
  consumerWith((call) =>
    ndjson([
      ...call.items.map(({ id }) => (positions.includes(id) ? failed(id) : succeeded(id))),
      end,
    ]),
  )

describe('the archive of results', () => {
  it('holds every result under the name of its picture, and a manifest that tells all', async () => {
    const { mario, id, stored, look } = await finish(3, failing('1'))
    const answer = await askForZip(mario, id)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/zip')
    expect(answer.headers.get('content-length')).toBe(String(answer.body.length))
    const { files, names, manifest } = await openZip(answer.body)
    expect(names).toEqual(['photo 0_inpainted.png', 'photo 2_inpainted.png'])
    expect([...files.values()]).toEqual([...stored.values()])
    const inference = await look()
    expect(manifest).toMatchObject({
      inferenceId: id,
      status: 'COMPLETED',
      modelId: 'telea',
      dataset: { id: inference.datasetId, name: inference.datasetName },
      createdAt: inference.createdAt,
      endedAt: expect.stringMatching(/^20.*Z$/),
      carbonGrams: inference.carbonGrams,
      tokensSpent: 5.5,
      videos: [],
    })
    expect(manifest.items).toHaveLength(3)
    expect(manifest.items[0]).toEqual({
      position: 0,
      kind: 'image',
      videoId: null,
      frameIndex: null,
      sourcePath: expect.stringMatching(/_0\.png$/),
      sourceName: 'photo 0.png',
      result: 'photo 0_inpainted.png',
      status: 'SUCCEEDED',
      width: 512,
      height: 512,
      bytes: 1000,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      error: null,
      inpaintMs: 5,
      energyMethod: 'cpu-time-estimate',
      joules: 2,
    })
    expect(manifest.items[1]).toMatchObject({
      result: null,
      status: 'FAILED',
      error: { code: 'media.undecodable', message: 'The picture cannot be decoded' },
    })
  })

  it('gives pictures of the same name names of their own', async () => {
    const { mario, id } = await finish(4)
    await env.DB.prepare(
      `UPDATE inference_items SET image_name = CASE position WHEN 3 THEN 'MANIFEST.PNG' ELSE '../a/b.png' END
       WHERE inference_id = ?`,
    )
      .bind(id)
      .run()
    const { names } = await openZip((await askForZip(mario, id)).body)
    expect(names).toEqual([
      '_a_b_inpainted.png',
      '_a_b_inpainted (2).png',
      '_a_b_inpainted (3).png',
      'MANIFEST_inpainted.png',
    ])
  })

  it('puts result videos at the top and their frames in a folder each', async () => {
    const { mario, started } = await startVideos(
      [
        { name: 'my clip.mov', frames: 2 },
        { name: 'my clip.mov', frames: 1 },
      ],
      { images: 1 },
    )
    await deliverAll(videoConsumer(), started.messages)
    const stored = await storeResults(started.id)
    const { files, names, manifest } = await openZip((await askForZip(mario, started.id)).body)
    expect([...names].sort()).toEqual([
      'my clip (2)/frame_000001.png',
      'my clip/frame_000001.png',
      'my clip/frame_000002.png',
      'my clip_inpainted (2).mp4',
      'my clip_inpainted.mp4',
      'photo 0_inpainted.png',
    ])
    const [video] = manifest.videos
    expect(video).toMatchObject({ status: 'SUCCEEDED', sourceName: 'my clip.mov', frameCount: 2 })
    const key = [...stored.keys()].find((name) => name.includes(video.videoId))
    expect(files.get(video.result)).toEqual(stored.get(key ?? ''))
  })

  it('counts a result that was recorded without a checksum once', async () => {
    const { mario, id } = await finish(2)
    await env.DB.prepare('UPDATE inference_items SET crc32 = NULL WHERE inference_id = ?')
      .bind(id)
      .run()
    const first = await askForZip(mario, id)
    expect((await openZip(first.body)).names).toHaveLength(2)
    const missing = await env.DB.prepare(
      'SELECT count(*) AS n FROM inference_items WHERE inference_id = ? AND crc32 IS NULL',
    )
      .bind(id)
      .first<{ n: number }>()
    expect(missing?.n).toBe(0)
    expect((await askForZip(mario, id)).body).toEqual(first.body)
  })

  it('is saved under the name of the dataset, and never run by a browser', async () => {
    const { mario, id } = await finish(1)
    await env.DB.prepare(`UPDATE inferences SET dataset_name = 'città/a' WHERE id = ?`)
      .bind(id)
      .run()
    const { headers } = await askForZip(mario, id)
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="citt__a_results.zip"; filename*=UTF-8''citt%C3%A0_a_results.zip`,
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain('sandbox')
    expect(headers.get('cache-control')).toBe('private, no-cache')
  })
})

describe('a download that broke off', () => {
  it('goes on with Range, byte for byte', async () => {
    const { mario, id } = await finish(3)
    const whole = await askForZip(mario, id)
    const etag = whole.headers.get('etag') ?? ''
    expect(whole.headers.get('accept-ranges')).toBe('bytes')
    const bytes = whole.body.length
    const rest = await askForZip(mario, id, { range: 'bytes=1500-', 'if-range': etag })
    expect(rest.status).toBe(206)
    expect(rest.headers.get('content-range')).toBe(`bytes 1500-${bytes - 1}/${bytes}`)
    expect(rest.headers.get('content-length')).toBe(String(bytes - 1500))
    expect(rest.body).toEqual(whole.body.slice(1500))
    const tail = await askForZip(mario, id, { range: 'bytes=-10' })
    expect(tail.body).toEqual(whole.body.slice(-10))
  })

  it('begins anew when the archive is another one', async () => {
    const { mario, id } = await finish(1)
    const answer = await askForZip(mario, id, { range: 'bytes=5-', 'if-range': '"other"' })
    expect(answer.status).toBe(200)
    expect((await openZip(answer.body)).names).toHaveLength(1)
  })

  it('is refused beyond the end, with the length', async () => {
    const { mario, id } = await finish(1)
    const { body } = await askForZip(mario, id)
    const answer = await askForZip(mario, id, { range: `bytes=${body.length}-` })
    expect(answer.status).toBe(416)
    expect(answer.headers.get('content-range')).toBe(`bytes */${body.length}`)
  })

  it('is not sent again to who has it, and HEAD tells its length alone', async () => {
    const { mario, id } = await finish(1)
    const whole = await askForZip(mario, id)
    const known = { 'if-none-match': whole.headers.get('etag') ?? '' }
    expect((await askForZip(mario, id, known)).status).toBe(304)
    const head = await askForZip(mario, id, {}, 'HEAD')
    expect(head.status).toBe(200)
    expect(head.headers.get('content-length')).toBe(String(whole.body.length))
    expect(head.body).toHaveLength(0)
  })
})

describe('an inference that did not complete', () => {
  it('gives what is there while it runs, whole and without a promise to go on', async () => {
    const { mario, started } = await startWith(17)
    await deliver(allSucceed, started.messages.slice(0, 1))
    await storeResults(started.id)
    const answer = await askForZip(mario, started.id, { range: 'bytes=0-9' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('accept-ranges')).toBeNull()
    expect(answer.headers.get('etag')).toBeNull()
    const { names, manifest } = await openZip(answer.body)
    expect(names.length).toBeGreaterThan(0)
    expect(manifest).toMatchObject({ status: 'RUNNING', endedAt: null, tokensSpent: null })
    const pending = manifest.items.filter((item: { status: string }) => item.status === 'PENDING')
    expect(pending.length + names.length).toBe(17)
  })

  it.each(['ABORTED', 'FAILED'])('gives what a job that %s made before', async (state) => {
    const { mario, id } = await finish(2)
    await env.DB.prepare('UPDATE inferences SET state = ? WHERE id = ?').bind(state, id).run()
    const answer = await askForZip(mario, id)
    expect(answer.status).toBe(200)
    expect((await openZip(answer.body)).manifest.status).toBe(state)
  })

  it('says that there is nothing yet', async () => {
    const { mario, started } = await startWith(2)
    const answer = await askForZip(mario, started.id)
    expect([answer.status, answer.body]).toEqual([
      400,
      {
        success: false,
        code: 'inferences.no_results',
        message:
          'There is nothing to download: the inference is PENDING, and of its 2 items none has succeeded and 0 failed. Ask again when it has gone further.',
        status: 'PENDING',
        itemCount: 2,
        failedItems: 0,
        documentation: `${env.PUBLIC_BASE_URL}/docs/errors/inferences.no_results`,
      },
    ])
  })

  it('says that everything failed', async () => {
    const { mario, id } = await finish(2, failing('0', '1'))
    const answer = await askForZip(mario, id)
    expect(answer.status).toBe(400)
    expect(answer.body.message).toContain('the inference is FAILED')
    expect(answer.body.message).toContain('2 failed. GET the inference to see why')
  })

  it.each([
    ['another user', async () => createUser(), 404, 'inferences.not_found'],
    ['nobody', async () => null, 401, 'auth.missing'],
  ])('tells %s nothing', async (_who, find, status, code) => {
    const { id } = await finish(1)
    const answer = await askForZip(await find(), id)
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })

  it('refuses what is no id', async () => {
    const answer = await askForZip(await createUser(), 'x')
    expect([answer.status, answer.body.code]).toEqual([400, 'inferences.id_invalid'])
  })
})
