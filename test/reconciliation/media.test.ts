import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { forgetEverything } from '../support/forget.ts'
import { createUploader, listItems, listStored, mask, picture, upload } from '../support/uploads.ts'
import { request, services, type TestUser } from '../support/world.ts'
import { change, day, findingsOf, later, reconcile } from './reconcile-world.ts'

let mario: TestUser
let keys: string[]

/** A user with one uploaded picture and its mask. */
beforeEach(async () => {
  await forgetEverything()
  const left = await env.MEDIA.list()
  await env.MEDIA.delete(left.objects.map(({ key }) => key))
  mario = await createUploader()
  expect((await upload(mario, { image: picture, mask })).status).toBe(200)
  keys = (await listStored(mario)).map(({ key }) => key)
  expect(keys).toHaveLength(2)
})

const isStored = async (key: string) => (await env.MEDIA.head(key)) !== null

const uploadIdOf = (key: string) => /\/([^/_]+)_/.exec(key)?.[1]

/** Stores an object that nothing names. */
async function plant(key: string): Promise<string> {
  await env.MEDIA.put(key, 'planted')
  return key
}

const newUploadKey = () => `datasets/${mario.id}/${crypto.randomUUID()}_${crypto.randomUUID()}.png`

async function startInferenceRow(changes: { endedAt: number | null; resultsDeletedAt?: number }) {
  const id = crypto.randomUUID()
  await change(
    `INSERT INTO inferences (id, user_id, dataset_id, dataset_name, model_id, parameters, state, reservation_id,
       image_unit_price, frame_unit_price, item_count, frame_count, created_at, updated_at, ended_at, results_deleted_at)
     VALUES (?1, ?2, 'gone', 'gone', 'telea', '{}', 'COMPLETED', ?1, 0, 0, 1, 0, ?3, ?3, ?4, ?5)`,
    id,
    mario.id,
    Date.now(),
    changes.endedAt,
    changes.resultsDeletedAt ?? null,
  )
  const key = `inferences/${mario.id}/${id}/processed_${crypto.randomUUID()}_0.png`
  await change(
    `INSERT INTO inference_items (inference_id, position, kind, state, image_key, mask_key, image_name, result_key, updated_at)
     VALUES (?1, 0, 'image', 'SUCCEEDED', 'x', 'y', 'photo.png', ?2, 0)`,
    id,
    key,
  )
  return { id, key, folder: `inferences/${mario.id}/${id}/` }
}

describe('a reconciliation of the media store', () => {
  it('finds nothing where every object has its row, however old both are, and counts them', async () => {
    expect(await findingsOf(keys, later(400 * day))).toEqual([])
    expect((await reconcile()).row.objectsChecked).toBeGreaterThanOrEqual(2)
    expect((await listStored(mario)).map(({ key }) => key)).toEqual(keys)
  })

  it.each([0, 1])('tells an item whose object is missing, and changes no row', async (which) => {
    const key = keys[which] ?? ''
    await env.MEDIA.delete(key)
    expect(await findingsOf(keys)).toEqual([
      expect.objectContaining({
        code: 'media.object_missing',
        repaired: false,
        count: 1,
        ids: [key],
      }),
    ])
    expect((await listItems(mario)).totalItems).toBe(1)
  })

  it('tells a result whose object is missing, unless its results were deleted', async () => {
    const lost = await startInferenceRow({ endedAt: Date.now() })
    const deleted = await startInferenceRow({ endedAt: Date.now(), resultsDeletedAt: Date.now() })
    const found = await findingsOf([lost.key, deleted.key])
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ code: 'media.object_missing', repaired: false })
    expect(found[0]?.ids).toContain(lost.key)
    expect(found[0]?.ids).not.toContain(deleted.key)
  })

  it('tells a video whose source is missing', async () => {
    const dataset = await env.DB.prepare('SELECT id FROM datasets WHERE user_id = ?')
      .bind(mario.id)
      .first<{ id: string }>()
    const key = newUploadKey().replace('.png', '.mp4')
    await change(
      `INSERT INTO videos VALUES (?1, ?4, ?2, 1, 0, 'film.mp4', ?3, 'mp4', 'h264', 640, 360, 0, 1, '25', 25, '1', 1,
         '1/25', 0, 25, NULL, 1000, 0)`,
      crypto.randomUUID(),
      dataset?.id,
      key,
      uploadIdOf(key),
    )
    expect(await findingsOf([key])).toEqual([
      expect.objectContaining({ code: 'media.object_missing', ids: [key] }),
    ])
    await plant(key)
    expect(await findingsOf([key], later(3 * day))).toEqual([])
    expect(await isStored(key)).toBe(true)
  })

  it('asks for no object of a dataset that was deleted', async () => {
    await request(mario, 'DELETE', '/api/datasets/photos')
    await env.MEDIA.delete(keys)
    expect(await findingsOf(keys)).toEqual([])
  })

  it.each([
    ['an upload that is not on record', newUploadKey],
    [
      'a known upload, which no item needs',
      () => (keys[0] ?? '').replace(/_[^_]+$/, `_${crypto.randomUUID()}.zip`),
    ],
    ['a file in parts that is gone', () => `parts/${mario.id}/${crypto.randomUUID()}/00001`],
    [
      'an inference that is not on record',
      () => `inferences/${mario.id}/${crypto.randomUUID()}/processed_x_0.png`,
    ],
  ])('deletes an old object of %s, and not a young one', async (_what, createKey) => {
    const key = await plant(createKey())
    expect(await findingsOf([key], later(day))).toEqual([])
    expect(await isStored(key)).toBe(true)
    expect(await findingsOf([key], later(3 * day))).toEqual([
      expect.objectContaining({ code: 'media.object_unnamed', repaired: true }),
    ])
    expect(await isStored(key)).toBe(false)
    expect((await listStored(mario)).map(({ key: left }) => left)).toEqual(keys)
  })

  it('deletes what an ended inference left beside its results, and nothing of one that runs', async () => {
    const ended = await startInferenceRow({ endedAt: Date.now() })
    const running = await startInferenceRow({ endedAt: null })
    const planted = await Promise.all(
      [ended, running].flatMap(({ key, folder }) => [
        plant(key),
        plant(`${folder}segment_x_0.mp4`),
      ]),
    )
    await findingsOf([], later(3 * day))
    expect(await Promise.all(planted.map(isStored))).toEqual([true, false, true, true])
  })

  it('deletes results that a broken deletion left', async () => {
    const { key } = await startInferenceRow({ endedAt: Date.now(), resultsDeletedAt: Date.now() })
    await plant(key)
    await findingsOf([key], later(3 * day))
    expect(await isStored(key)).toBe(false)
  })

  it.each(['RECEIVING', 'RUNNING', 'COMPLETED'])(
    'deletes nothing of an upload that is %s and not done',
    async (state) => {
      const key = await plant(newUploadKey())
      const uploadId = uploadIdOf(key)
      await change(
        `INSERT INTO ingestions (id, user_id, kind, state, sent_at, created_at, updated_at)
       VALUES (?1, ?2, 'zip', ?3, ?4, ?4, ?4)`,
        uploadId,
        mario.id,
        state,
        Date.now(),
      )
      expect(await findingsOf([key], later(3 * day))).toEqual([])
      expect(await isStored(key)).toBe(true)
      await change('DELETE FROM ingestions WHERE id = ?1', uploadId)
    },
  )

  it.each(['readme.txt', 'datasets/somebody/photo.png', 'other/a/b/c'])(
    'tells a key that the API never makes, and leaves it: %s',
    async (key) => {
      await plant(key)
      expect(await findingsOf([key], later(3 * day))).toEqual([
        expect.objectContaining({ code: 'media.object_strange', repaired: false, ids: [key] }),
      ])
      expect(await isStored(key)).toBe(true)
      await env.MEDIA.delete(key)
    },
  )

  it.each([
    ['an upload', (userId: string) => `datasets/${userId}/${crypto.randomUUID()}_x.png`],
    ['an inference', (userId: string) => `inferences/${userId}/${crypto.randomUUID()}/x.png`],
    ['a part', (userId: string) => `parts/${userId}/${crypto.randomUUID()}/00001`],
  ])(
    'tells an object of a user whom the database does not know, and leaves it: %s',
    async (_what, createKey) => {
      const key = await plant(createKey(crypto.randomUUID()))
      expect(await findingsOf([key], later(300 * day))).toEqual([
        expect.objectContaining({ code: 'media.object_strange', repaired: false, ids: [key] }),
      ])
      expect(await isStored(key)).toBe(true)
      await env.MEDIA.delete(key)
    },
  )

  it('leaves alone and tells what is too much to have been left by crashes: rows may be missing', async () => {
    const planted = await Promise.all(Array.from({ length: 51 }, () => plant(newUploadKey())))
    const { findings } = await reconcile(later(3 * day))
    const [told] = findings.filter(({ code }) => code === 'media.objects_unnamed')
    expect(told).toMatchObject({ repaired: false, message: expect.stringContaining('51 objects') })
    expect(await Promise.all(planted.map(isStored))).not.toContain(false)
  })

  it('believes the object and not a list that was read before it was stored', async () => {
    const blind = { ...services.media, list: async function* () {} }
    expect(await findingsOf(keys, later(0, { media: blind }))).toEqual([])
  })

  it('compares more of both than a page holds, a page at a time', async () => {
    const uploadId = crypto.randomUUID()
    const made = Array.from(
      { length: 1100 },
      (_, index) =>
        `datasets/${mario.id}/${uploadId}_${String(index).padStart(8, '0')}-0000-4000-8000-000000000000.png`,
    )
    await change(
      `INSERT INTO dataset_items
       SELECT items.dataset_id, 10 + planted.key, items.kind, ?2, 9, NULL, planted.value, planted.value, 'x', 1, 1, 1, 1, 1,
         'x', 'x', 0, NULL, NULL
       FROM json_each(?1) AS planted JOIN dataset_items AS items ON items.image_key IN (?3, ?4)`,
      JSON.stringify(made),
      uploadId,
      ...keys,
    )
    const missing = [made[3], made[1000], made[1099]]
    const stored = made.filter((key) => !missing.includes(key))
    for (let start = 0; start < stored.length; start += 100) {
      await Promise.all(stored.slice(start, start + 100).map(plant))
    }
    const orphans = await Promise.all([plant(newUploadKey()), plant(newUploadKey())])
    const { findings } = await reconcile(later(3 * day))
    const ids = (code: string) =>
      findings.filter((finding) => finding.code === code).flatMap((finding) => finding.ids)
    expect(
      ids('media.object_missing')
        .filter((key) => made.includes(key))
        .sort(),
    ).toEqual(missing)
    expect(ids('media.object_unnamed')).toEqual(expect.arrayContaining(orphans))
    expect(await Promise.all(orphans.map(isStored))).toEqual([false, false])
    expect((await listStored(mario)).length).toBeGreaterThanOrEqual(1000)
  })
})
