import { beforeEach, describe, expect, it } from 'vitest'
import { type BuiltFile, createArchive } from '../../media/archives/archive-builder.ts'
import {
  createUploader,
  expectUntouched,
  grey,
  listItems,
  listStored,
  mask,
  picture,
  upload,
} from '../../support/uploads.ts'
import { balanceOf, request, type TestUser } from '../../support/world.ts'

let mario: TestUser

beforeEach(async () => {
  mario = await createUploader()
})

const pair = (folder: string, number: number): BuiltFile[] => [
  { name: `${folder}/image_${number}.png`, content: picture },
  { name: `${folder}/mask_${number}.png`, content: mask },
]

const sendArchive = (files: readonly BuiltFile[], parts: Parameters<typeof upload>[1] = {}) =>
  upload(mario, { image: [createArchive(files), 'pairs.zip'], ...parts })

describe('An archive of pairs', () => {
  it('becomes items in the archive’s order, each paid as one file, and says what became of every entry', async () => {
    const { status, body } = await sendArchive([
      ...pair('g1', 1),
      ...pair('g1', 10),
      { name: 'g2/mask.png', content: mask },
      { name: 'g2/photo.PNG', content: picture },
      { name: 'g2/notes.txt', content: new TextEncoder().encode('notes') },
      { name: '__MACOSX/g1/._image_1.png', content: new Uint8Array(20) },
    ])
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body).toMatchObject({
      processedItems: 3,
      tokenSpent: 2.1,
      userTokens: 97.9,
      upload: { status: 'COMPLETED', progress: 100, tokensReserved: 2.1, tokensSpent: 2.1 },
    })
    expect(body.upload.report).toMatchObject({ accepted: 6, ignored: 2, rejected: 0 })
    expect(body.upload.report.entries[5]).toMatchObject({
      path: 'g2/photo.PNG',
      status: 'accepted',
      itemIndex: 2,
    })
    const { items } = await listItems(mario)
    expect(items.map((item: { index: number }) => item.index)).toEqual([0, 1, 2])
    expect(new Set(items.map((item: { uploadIndex: number }) => item.uploadIndex))).toEqual(
      new Set([1]),
    )
    expect(await listStored(mario)).toHaveLength(6)
    expect(await balanceOf(mario)).toBe(97.9)
  })

  it('takes whatever stands under mask as a placeholder, sent before or after it', async () => {
    const placeholder: [Uint8Array, string] = [new TextEncoder().encode('none'), 'mask.txt']
    const before = await upload(mario, {
      mask: placeholder,
      image: [createArchive(pair('a', 1)), 'pairs.zip'],
    })
    const after = await sendArchive(pair('a', 1), { mask: placeholder })
    expect([before.status, after.status]).toEqual([200, 200])
    expect(await balanceOf(mario)).toBe(98.6)
  })

  it('goes on without the files that are wrong, does not charge them and says why', async () => {
    const { status, body } = await sendArchive([
      ...pair('a', 1),
      { name: 'a/image_2.png', content: picture },
      { name: 'a/mask_2.png', content: grey(128) },
      { name: 'a/image_3.png', content: picture.subarray(0, 60) },
      { name: 'a/mask_3.png', content: mask },
      { name: 'a/image_4.png', content: picture },
    ])
    expect(status).toBe(200)
    expect(body).toMatchObject({ processedItems: 1, tokenSpent: 0.7, userTokens: 99.3 })
    const reasons = body.upload.report.entries
      .filter((entry: { status: string }) => entry.status === 'rejected')
      .map(({ path, code }: { path: string; code: string }) => `${path} ${code}`)
    expect(reasons).toEqual([
      'a/image_2.png mask.not_binary',
      'a/mask_2.png mask.not_binary',
      'a/image_3.png media.truncated',
      'a/mask_3.png media.truncated',
      'a/image_4.png entry.unpaired',
    ])
    expect(await listStored(mario)).toHaveLength(2)
  })

  it.each<[string, readonly BuiltFile[], string]>([
    ['holds nothing', [], 'upload.nothing_valid'],
    ['holds no pair', [{ name: 'a/image_1.png', content: picture }], 'upload.nothing_valid'],
    ['leaves its folder', [{ name: '../image_1.png', content: picture }], 'archive.path_unsafe'],
    [
      'holds wrong pairs alone',
      [
        { name: 'a/image_1.png', content: picture },
        { name: 'a/mask_1.png', content: grey(128) },
      ],
      'upload.nothing_valid',
    ],
  ])('that %s is refused, costs nothing and leaves nothing behind', async (_, files, code) => {
    const { status, body } = await sendArchive(files)
    expect([status, body.code]).toEqual([400, code])
    await expectUntouched(mario)
  })

  it('that costs more than there is, is refused with what is missing', async () => {
    mario = await createUploader({ tokens: 1 })
    const { status, body } = await sendArchive([...pair('a', 1), ...pair('a', 2)])
    expect(status).toBe(401)
    expect(body).toMatchObject({ code: 'tokens.insufficient', required: 1.4, shortfall: 0.4 })
    await expectUntouched(mario, 1)
  })

  it('answers 202 at once where the client asks for it, and can be watched to its end', async () => {
    const form = new FormData()
    form.append('datasetName', 'photos')
    form.append('image', new File([createArchive(pair('a', 1))], 'pairs.zip'))
    const { status, headers, body } = await request(mario, 'POST', '/api/datasets/data', {
      body: form,
      headers: { prefer: 'respond-async' },
    })
    expect(status).toBe(202)
    expect(headers.get('preference-applied')).toBe('respond-async')
    expect(body.upload.status).toBe('RUNNING')
    const location = headers.get('location') ?? ''
    await expect
      .poll(async () => (await request(mario, 'GET', location)).body.upload.status, {
        timeout: 10_000,
      })
      .toBe('COMPLETED')
    expect(await balanceOf(mario)).toBe(99.3)
    const luigi = await createUploader()
    expect((await request(luigi, 'GET', location)).status).toBe(404)
  })
})
