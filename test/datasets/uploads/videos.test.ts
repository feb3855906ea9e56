import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { type BuiltFile, createArchive } from '../../media/archives/archive-builder.ts'
import { createPng } from '../../media/fixtures/png.ts'
import { createClip, createFramesService, type StagedClip } from '../../support/frames-service.ts'
import {
  createHeldContext,
  deliverUploads,
  expectAllOrNothing,
  receive,
  recover,
} from '../../support/ingestions.ts'
import {
  createForm,
  createUploader,
  listItems,
  listStored,
  mask,
  picture,
} from '../../support/uploads.ts'
import { request, type TestUser } from '../../support/world.ts'

let mario: TestUser

beforeEach(async () => {
  mario = await createUploader()
})

const smallMask = createPng({
  width: 8,
  height: 8,
  colourType: 0,
  pixel: (x) => [x < 4 ? 255 : 0],
})

const clip = (staged: StagedClip, name = 'clip.mp4'): [Uint8Array, string] => [
  createClip(staged),
  name,
]

/** Uploads, runs it to its end and answers what its user is told. */
async function upload(parts: Parameters<typeof receive>[2]) {
  const { context } = createHeldContext()
  const id = await receive(context, mario, parts)
  await deliverUploads(context, [id])
  return (await request(mario, 'GET', `/api/datasets/uploads/${id}`)).body.upload
}

const archive = (files: readonly BuiltFile[]): [Uint8Array, string] => [
  createArchive(files),
  'all.zip',
]

describe('A video', () => {
  it('with a still mask of its size shares that mask among its frames', async () => {
    const told = await upload({ image: clip({ frames: 3 }), mask })
    expect(told).toMatchObject({ status: 'COMPLETED', kind: 'video', tokensSpent: 1.2, notes: [] })
    expect(told).toMatchObject({ totalItems: 3, storedItems: 3 })
    const { items } = await listItems(mario)
    expect(items.map(({ frameIndex }: { frameIndex: number }) => frameIndex)).toEqual([0, 1, 2])
    expect(await expectAllOrNothing(mario, { items: 3, price: 1.2, objects: 5 })).toBe('data')
  })

  it('with a still mask of another size keeps the mask that was scaled, and says so', async () => {
    const told = await upload({ image: clip({ frames: 2 }), mask: smallMask })
    expect(told.notes).toEqual([
      "The mask of clip.mp4 is 8×8 pixels and was scaled to the video's 16×16.",
    ])
    expect(await expectAllOrNothing(mario, { items: 2, price: 0.8, objects: 4 })).toBe('data')
  })

  it('with a mask video has a mask for each frame, and the mask video itself is not kept', async () => {
    const told = await upload({
      image: clip({ frames: 3 }),
      mask: clip({ frames: 2 }, 'mask.mp4'),
    })
    expect(told.notes).toEqual([
      'The mask video of clip.mp4 lasts 2.00 s and the video 3.00 s: its last frame goes on to the end.',
    ])
    expect(await expectAllOrNothing(mario, { items: 3, price: 1.2, objects: 7 })).toBe('data')
  })

  it('of which frames are damaged goes on without them, does not charge them and says so', async () => {
    const told = await upload({ image: clip({ frames: 4, damaged: [1, 2] }), mask })
    expect(told).toMatchObject({ tokensReserved: 1.6, tokensSpent: 0.8 })
    expect(told.notes).toEqual([
      '2 of the 4 frames of clip.mp4 could not be decoded and were left out.',
    ])
    expect(await expectAllOrNothing(mario, { items: 2, price: 0.8, objects: 4 })).toBe('data')
  })

  it.each<[string, Parameters<typeof receive>[2], string]>([
    [
      'whose every frame is damaged',
      { image: clip({ frames: 2, damaged: [0, 1] }), mask },
      'video.undecodable',
    ],
    ['without frames', { image: clip({ frames: 0 }), mask }, 'video.no_frames'],
    [
      'whose mask video is grey',
      { image: clip({ frames: 2 }), mask: clip({ frames: 2, isGrey: true }) },
      'mask.not_binary',
    ],
    [
      'whose mask video has no frames',
      { image: clip({ frames: 2 }), mask: clip({ frames: 0 }) },
      'video.no_frames',
    ],
  ])('%s is refused, costs nothing and leaves nothing', async (_, parts, code) => {
    const told = await upload(parts)
    expect(told).toMatchObject({ status: 'FAILED', tokensSpent: 0, error: { code } })
    await recover([mario])
    expect(await expectAllOrNothing(mario, { items: 0, price: 0, objects: 0 })).toBe('nothing')
  })

  it('whose mask could not be scaled for the moment gets it with its frames again', async () => {
    let calls = 0
    const serviceCall = createFramesService((path, body) => {
      if (path !== '/v1/frames' || ++calls > 1) return null
      const error = { code: 'media.fetch_failed', message: 'Not now.', retryable: true }
      const frames = body.samples.map(({ index }) => ({
        type: 'frame',
        index,
        status: 'succeeded',
        width: 16,
        height: 16,
        image: { sizeBytes: 1, sha256: '' },
        mask: null,
      }))
      const lines = [...frames, { type: 'mask', status: 'failed', error }, { type: 'end' }]
      return new Response(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    })
    const { context } = createHeldContext({ serviceCall })
    const parts = { image: clip({ frames: 2 }), mask: smallMask }
    const id = await receive(context, mario, parts)
    await deliverUploads(context, [id])
    await deliverUploads(context, [id])
    expect(calls).toBe(2)
    expect(await expectAllOrNothing(mario, { items: 2, price: 0.8, objects: 4 })).toBe('data')
  })

  it('answers 202 at once where the client asks for it, and goes on through the queue', async () => {
    const { status, headers, body } = await request(mario, 'POST', '/api/datasets/data', {
      body: createForm({ datasetName: 'photos', image: clip({ frames: 2 }), mask }),
      headers: { prefer: 'respond-async' },
    })
    expect(status).toBe(202)
    expect(headers.get('preference-applied')).toBe('respond-async')
    expect(body.upload).toMatchObject({ status: 'RUNNING', kind: 'video', endedAt: null })
    const location = headers.get('location') ?? ''
    // The queue's own consumer may hold it for the moment: it looks for a service that is not here.
    const { context } = createHeldContext({ minutes: 2 })
    await expect
      .poll(
        async () => {
          await deliverUploads(context, [body.upload.id])
          return (await request(mario, 'GET', location)).body.upload.status
        },
        { timeout: 10_000, interval: 200 },
      )
      .toBe('COMPLETED')
    expect(await expectAllOrNothing(mario, { items: 2, price: 0.8, objects: 4 })).toBe('data')
  })
})

describe('An archive with videos', () => {
  it('takes a still mask and a mask video, prices each video as one file and tells them apart', async () => {
    const told = await upload({
      image: archive([
        { name: 'a/image_1.png', content: picture },
        { name: 'a/mask_1.png', content: mask },
        { name: 'a/clip_2.mp4', content: createClip({ frames: 2 }) },
        { name: 'a/mask_2.png', content: mask },
        { name: 'b/clip.mov', content: createClip({ frames: 3 }) },
        { name: 'b/mask.mp4', content: createClip({ frames: 3 }) },
      ]),
    })
    expect(told).toMatchObject({ status: 'COMPLETED', tokensSpent: 2.1 })
    expect(told).toMatchObject({ totalItems: 6, storedItems: 6 })
    expect(
      told.report.entries.map(({ itemIndex, itemCount }: Record<string, number>) => [
        itemIndex,
        itemCount,
      ]),
    ).toEqual([
      [0, 1],
      [null, null],
      [1, 2],
      [null, null],
      [3, 3],
      [null, null],
    ])
    const { items } = await listItems(mario)
    expect(items.map(({ uploadIndex }: { uploadIndex: number }) => uploadIndex)).toEqual([
      1, 2, 2, 3, 3, 3,
    ])
    // The pair, two frames with their video and its mask, and three frames with three masks and their video.
    expect(await expectAllOrNothing(mario, { items: 6, price: 2.1, objects: 2 + 4 + 7 })).toBe(
      'data',
    )
  })

  it('goes on without those that are wrong, keeps nothing of them and says why', async () => {
    const told = await upload({
      image: archive([
        { name: 'a/image_1.png', content: picture },
        { name: 'a/mask_1.png', content: mask },
        { name: 'b/clip.mp4', content: createClip({ frames: 0 }) },
        { name: 'b/mask.png', content: mask },
        { name: 'c/clip.mp4', content: createClip({ frames: 2 }) },
        { name: 'c/mask.mp4', content: createClip({ frames: 2, isGrey: true }) },
        { name: 'd/clip.mp4', content: picture },
        { name: 'd/mask.png', content: mask },
      ]),
    })
    expect(told).toMatchObject({ status: 'COMPLETED', tokensReserved: 2.8, tokensSpent: 0.7 })
    const codes = told.report.entries
      .filter(({ status }: { status: string }) => status === 'rejected')
      .map(({ path, code }: { path: string; code: string }) => `${path} ${code}`)
    expect(codes).toEqual([
      'b/clip.mp4 video.no_frames',
      'b/mask.png video.no_frames',
      'c/clip.mp4 mask.not_binary',
      'c/mask.mp4 mask.not_binary',
      'd/clip.mp4 upload.kind_mismatch',
      'd/mask.png upload.kind_mismatch',
    ])
    expect(await listStored(mario)).toHaveLength(2)
    const { results } = await env.DB.prepare('SELECT id FROM videos WHERE upload_id = ?')
      .bind(told.id)
      .all()
    expect(results).toEqual([])
    expect(await expectAllOrNothing(mario, { items: 1, price: 0.7, objects: 2 })).toBe('data')
  })
})
