import { beforeEach, describe, expect, it } from 'vitest'
import { files, samples } from '../../media/fixtures/files.ts'
import { createPng } from '../../media/fixtures/png.ts'
import {
  createForm,
  createUploader,
  expectUntouched,
  grey,
  listItems,
  listStored,
  mask,
  picture,
  upload,
} from '../../support/uploads.ts'
import { balanceOf, createUser, request, services, type TestUser } from '../../support/world.ts'

let mario: TestUser

beforeEach(async () => {
  mario = await createUploader()
})

describe('uploading a picture and its mask', () => {
  it('makes one item, charges 0.65 tokens and says so as the original does', async () => {
    const answer = await upload(mario, { image: picture, mask })
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      success: true,
      message: 'Data uploaded and processed successfully',
      processedItems: 1,
      tokenSpent: 0.65,
      userTokens: 99.35,
      tokenUsage: { tokensSpent: 0.65, remainingBalance: 99.35, operationType: 'dataset_upload' },
    })
    expect(await balanceOf(mario)).toBe(99.35)
    const { items, ...facts } = await listItems(mario)
    expect(facts).toMatchObject({ type: 'image-mask', totalItems: 1, totalPages: 1 })
    expect(items).toEqual([expect.objectContaining({ index: 0, frameIndex: null, uploadIndex: 1 })])
  })

  it('gives the very bytes back, by signed URL without a header and by the authorised route', async () => {
    await upload(mario, { image: [picture, 'sommer à la mer.png'], mask })
    const [item] = (await listItems(mario)).items
    for (const [url, path, bytes] of [
      [item.imageUrl, `/api/datasets/photos/image/${item.imagePath.split('/').at(-1)}`, picture],
      [item.maskUrl, `/api/datasets/photos/mask/${item.maskPath.split('/').at(-1)}`, mask],
    ]) {
      const signed = new URL(url)
      const open = await request(null, 'GET', signed.pathname + signed.search)
      expect([open.status, open.headers.get('content-type')]).toEqual([200, 'image/png'])
      expect(open.body).toEqual(new Uint8Array(bytes))
      const own = await request(mario, 'GET', path)
      expect(own.body).toEqual(new Uint8Array(bytes))
      expect((await request(null, 'GET', path)).status).toBe(401)
      expect((await request(await createUser(), 'GET', path)).status).toBe(404)
    }
    const signed = new URL(item.imageUrl)
    const named = await request(null, 'GET', signed.pathname + signed.search)
    expect(named.headers.get('content-disposition')).toContain(
      "filename*=UTF-8''sommer%20%C3%A0%20la%20mer.png",
    )
  })

  it('takes PNG, JPEG and WebP, whatever the file is called and however the form is ordered', async () => {
    const sized = (width: number, height: number) =>
      createPng({ width, height, colourType: 0, pixel: (x) => [x < 2 ? 255 : 0] })
    const { createStillChecker } = await import('../../../src/media/stills/still-checker.ts')
    for (const bytes of [
      files.baselineJpg,
      files.progressiveJpg,
      files.lossyWebp,
      files.rotatedJpg,
    ]) {
      const checker = createStillChecker({ file: 'image', bytesMax: 1e8, pixelsMax: 1e8 })
      await checker.push(bytes)
      const { uprightWidth, uprightHeight } = await checker.end()
      const body = createForm({
        mask: sized(uprightWidth, uprightHeight),
        image: [bytes, 'wrong.txt'],
        datasetName: 'photos',
      })
      const answer = await request(mario, 'POST', '/api/datasets/data', { body })
      expect([answer.status, answer.body.message]).toEqual([
        200,
        'Data uploaded and processed successfully',
      ])
    }
    expect((await listItems(mario)).totalItems).toBe(4)
  })

  it('takes a real photograph', async () => {
    const answer = await upload(mario, { image: samples.chelsea, mask: samples.chelseaMask })
    expect(answer.status).toBe(200)
  })

  it('lets sixteen at once all succeed, with exact indexes, count and balance', async () => {
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => upload(mario, { image: picture, mask })),
    )
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 16 }, () => 200))
    const { items, totalItems } = await listItems(mario, '?limit=100')
    expect(totalItems).toBe(16)
    const numbers = Array.from({ length: 16 }, (_, index) => index)
    expect(items.map((item: { index: number }) => item.index)).toEqual(numbers)
    expect(items.map((item: { uploadIndex: number }) => item.uploadIndex)).toEqual(
      numbers.map((n) => n + 1),
    )
    expect(await balanceOf(mario)).toBe(100 - 16 * 0.65)
    expect(await listStored(mario)).toHaveLength(32)
    const { entries } = await services.ledger.statement(mario.id, { limit: 100 })
    expect(entries.filter((entry) => entry.status === 'completed')).toHaveLength(17)
  })

  it('lets through as many as the balance holds, and leaves nothing of the others', async () => {
    const poor = await createUploader({ tokens: 2 })
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => upload(poor, { image: picture, mask })),
    )
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(3)
    expect(answers.filter((answer) => answer.status === 401)).toHaveLength(5)
    expect(await balanceOf(poor)).toBeCloseTo(0.05, 9)
    expect(await listStored(poor)).toHaveLength(6)
    expect((await listItems(poor)).totalItems).toBe(3)
  })
})

describe('an upload that is wrong costs nothing and leaves nothing behind', () => {
  const zip = new Uint8Array([0x50, 0x4b, 3, 4, ...new Array(60).fill(0)])
  it.each([
    [
      'no dataset name',
      { datasetName: null, image: picture, mask },
      400,
      'Dataset name is required',
    ],
    [
      'an unknown dataset',
      { datasetName: 'nope', image: picture, mask },
      404,
      'Dataset not found.',
    ],
    ['no mask', { image: picture }, 400, 'Both image and mask files are required'],
    ['no image', { mask }, 400, 'Both image and mask files are required'],
    ['no files', {}, 400, 'Both image and mask files are required'],
    [
      'a file of another field',
      { image: picture, mask, extra: picture },
      400,
      'Unexpected file field or too many files',
    ],
    [
      'a text file',
      { image: new TextEncoder().encode('hello '.repeat(50)), mask },
      400,
      'File type not supported. Supported formats: JPEG, PNG, MP4, AVI, ZIP.',
    ],
    ['an empty image', { image: new Uint8Array(), mask }, 400, 'empty'],
    ['a cut image', { image: picture.subarray(0, picture.length - 20), mask }, 400, 'image'],
    ['a grey mask', { image: picture, mask: grey(128) }, 400, '100'],
    [
      'a mask of another size',
      { image: picture, mask: grey(0, 8, 8) },
      400,
      'The image is 16×16 pixels and the mask 8×8',
    ],
    ['a mask that covers everything', { image: picture, mask: grey(255) }, 400, 'mask'],
    ['a ZIP archive', { image: zip, mask }, 400, 'ZIP'],
  ])('%s', async (_case, parts, status, message) => {
    const answer = await upload(mario, parts as Parameters<typeof createForm>[0])
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(message)])
    expect(answer.body).toMatchObject({ success: false, code: expect.any(String) })
    await expectUntouched(mario)
  })

  it('a body that is no form', async () => {
    const answer = await request(mario, 'POST', '/api/datasets/data', {
      json: { datasetName: 'photos' },
    })
    expect([answer.status, answer.body.message]).toEqual([
      400,
      'Both image and mask files are required',
    ])
  })

  it('no access token', async () => {
    const answer = await request(null, 'POST', '/api/datasets/data', {
      body: createForm({ image: picture, mask }),
    })
    expect(answer.status).toBe(401)
  })

  it('a balance that is too small, told with its figures', async () => {
    const poor = await createUploader({ tokens: 0.5 })
    const answer = await upload(poor, { image: picture, mask })
    expect(answer.status).toBe(401)
    expect(answer.body).toMatchObject({
      code: 'tokens.insufficient',
      message:
        'Insufficient tokens. Required: 0.65 tokens, Current balance: 0.5 tokens, Shortfall: 0.15 tokens',
      required: 0.65,
      balance: 0.5,
      shortfall: 0.15,
    })
    await expectUntouched(poor, 0.5)
  })

  it('the dataset of another user', async () => {
    const luigi = await createUser()
    const answer = await upload(luigi, { image: picture, mask })
    expect(answer.status).toBe(404)
    expect(await listStored(luigi)).toEqual([])
    await expectUntouched(mario)
  })
})
