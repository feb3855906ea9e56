import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { type FreeMediaContext, freeMedia } from '../../src/datasets/free-media.ts'
import { allSucceed, deliver, startHeld } from '../support/inferences.ts'
import { silentLogger } from '../support/people.ts'
import { createUploader, listStored, mask, picture, upload } from '../support/uploads.ts'
import { createDatasetWithVideos } from '../support/videos.ts'
import { ask, balanceOf, createUser, request, services, type TestUser } from '../support/world.ts'

const dayMs = 24 * 60 * 60_000

/** The sweep's part as it would run that many days from now. */
function freeIn(days: number, changes: Partial<FreeMediaContext> = {}) {
  const clock = { nowMs: () => Date.now() + days * dayMs }
  return freeMedia({ ...services, logger: silentLogger, clock, ...changes })
}

/** A user whose dataset `photos` has that many pairs. */
async function createOwner(pairs = 2): Promise<TestUser> {
  const owner = await createUploader()
  for (let pair = 0; pair < pairs; pair += 1) {
    expect((await upload(owner, { image: picture, mask })).status).toBe(200)
  }
  return owner
}

const remove = (owner: TestUser) => request(owner, 'DELETE', '/api/datasets/photos')

async function lookAt(owner: TestUser) {
  const row = await env.DB.prepare(
    `SELECT id, item_count AS itemCount, media_freed_at AS freedAt,
       (SELECT count(*) FROM dataset_items WHERE dataset_id = datasets.id) AS items,
       (SELECT count(*) FROM videos WHERE dataset_id = datasets.id) AS videos
     FROM datasets WHERE user_id = ?`,
  )
    .bind(owner.id)
    .first<{
      id: string
      itemCount: number
      freedAt: number | null
      items: number
      videos: number
    }>()
  if (!row) throw new Error('no dataset')
  return row
}

describe('the media of a deleted dataset', () => {
  it('is gone when the retention time is over, and its signed URLs open nothing', async () => {
    const mario = await createOwner()
    const items = (await request(mario, 'GET', '/api/datasets/photos/data')).body.data.items
    const { pathname, search } = new URL(items[0].imageUrl)
    expect((await ask('GET', pathname + search)).status).toBe(200)
    const before = await balanceOf(mario)
    await remove(mario)
    await freeIn(31)
    expect(await listStored(mario)).toEqual([])
    expect(await lookAt(mario)).toMatchObject({ items: 0, itemCount: 2 })
    expect((await lookAt(mario)).freedAt).toBeGreaterThan(Date.now())
    const answer = await ask('GET', pathname + search)
    expect([answer.status, answer.body.code]).toEqual([404, 'media.not_found'])
    expect(await balanceOf(mario)).toBe(before)
    const listed = await request(mario, 'GET', '/api/datasets?includeDeleted=true')
    expect(listed.body.data[0]).toMatchObject({ name: 'photos', isDeleted: true })
  })

  it('stays until then', async () => {
    const mario = await createOwner()
    await remove(mario)
    await freeIn(29)
    expect(await listStored(mario)).toHaveLength(4)
    expect(await lookAt(mario)).toMatchObject({ items: 2, freedAt: null })
  })

  it('goes as soon as the configuration says', async () => {
    const mario = await createOwner(1)
    await remove(mario)
    await freeIn(1.5, { settings: { DATASET_RETENTION_DAYS: 1 } })
    expect(await listStored(mario)).toEqual([])
  })

  it('takes nothing of a live dataset, not even of one with the same name', async () => {
    const mario = await createOwner(1)
    await remove(mario)
    await request(mario, 'POST', '/api/datasets', { json: { name: 'photos' } })
    await upload(mario, { image: picture, mask })
    await freeIn(31)
    expect(await listStored(mario)).toHaveLength(2)
    const { data } = (await request(mario, 'GET', '/api/datasets/photos/data')).body
    expect(data.totalItems).toBe(1)
    expect((await ask('GET', data.items[0].imageUrl.slice(21))).status).toBe(200)
  })

  it('waits for an inference that still reads it, and leaves what that makes', async () => {
    const mario = await createOwner()
    const started = await startHeld(mario, 'photos')
    await remove(mario)
    await freeIn(31)
    expect(await listStored(mario)).toHaveLength(4)
    await deliver(allSucceed, started.messages)
    const result = `inferences/${mario.id}/${started.id}/processed_x.png`
    await env.MEDIA.put(result, 'made')
    await freeIn(31)
    expect(await listStored(mario)).toEqual([])
    expect(await env.MEDIA.head(result)).not.toBeNull()
    const results = await request(mario, 'GET', `/api/inferences/${started.id}/results`)
    expect(results.status).toBe(200)
    expect(results.body.data.images).toHaveLength(2)
  })

  it('waits for an upload that still writes into it', async () => {
    const mario = await createOwner(1)
    await remove(mario)
    const { id } = await lookAt(mario)
    const write = (state: string) =>
      env.DB.prepare(
        `INSERT OR REPLACE INTO ingestions (id, user_id, dataset_id, kind, state, sent_at, created_at, updated_at)
         VALUES (?1, ?2, ?1, 'archive', ?3, 0, 0, 0)`,
      )
        .bind(id, mario.id, state)
        .run()
    await write('RUNNING')
    await freeIn(31)
    expect(await listStored(mario)).toHaveLength(2)
    await write('FAILED')
    await freeIn(31)
    expect(await listStored(mario)).toEqual([])
  })

  it('goes with its videos, whose inferences can still be looked at', async () => {
    const mario = await createUser()
    const { name } = await createDatasetWithVideos(mario, [{ frames: 3 }])
    const { sourceKey } = (await env.DB.prepare(
      'SELECT source_key AS sourceKey FROM videos WHERE dataset_id = ?',
    )
      .bind((await lookAt(mario)).id)
      .first<{ sourceKey: string }>()) ?? { sourceKey: '' }
    await env.MEDIA.put(sourceKey, 'mov')
    await request(mario, 'DELETE', `/api/datasets/${name}`)
    await freeIn(31)
    expect(await lookAt(mario)).toMatchObject({ items: 0, videos: 0 })
    expect(await env.MEDIA.head(sourceKey)).toBeNull()
  })

  it.each([
    ['objects', 'media'],
    ['items', 'database'],
  ] as const)('is freed by the next run when one dies after some %s', async (_what, broken) => {
    const mario = await createOwner(3)
    await remove(mario)
    let calls = 0
    const media: FreeMediaContext['media'] = {
      async deletePrefix(prefix) {
        calls += 1
        if (calls > 1 && broken === 'media') throw new Error('the store is away')
        return services.media.deletePrefix(prefix)
      },
    }
    const raw = new Proxy(services.database.raw, {
      get(target, key) {
        if (key === 'batch' && broken === 'database') throw new Error('the database is away')
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    await freeIn(31, { media, database: { ...services.database, raw } })
    expect((await lookAt(mario)).freedAt).toBeNull()
    await freeIn(31)
    expect(await listStored(mario)).toEqual([])
    expect(await lookAt(mario)).toMatchObject({ items: 0, freedAt: expect.any(Number) })
  })

  it('keeps no other dataset’s from going when it cannot go itself', async () => {
    const [mario, luigi] = [await createOwner(1), await createOwner(1)]
    await remove(mario)
    await remove(luigi)
    const media: FreeMediaContext['media'] = {
      async deletePrefix(prefix) {
        if (prefix.includes(mario.id)) throw new Error('the store is away')
        return services.media.deletePrefix(prefix)
      },
    }
    await freeIn(31, { media })
    expect((await lookAt(mario)).freedAt).toBeNull()
    expect((await lookAt(luigi)).freedAt).not.toBeNull()
  })

  it('goes in bounded runs, however many uploads there were', async () => {
    const mario = await createUser()
    await request(mario, 'POST', '/api/datasets', { json: { name: 'photos' } })
    const { id } = await lookAt(mario)
    await env.DB.prepare(
      `INSERT INTO dataset_items (dataset_id, position, kind, upload_id, upload_index, image_key, mask_key,
         image_name, width, height, hole_pixels, image_bytes, mask_bytes, image_sha256, mask_sha256, created_at)
       SELECT ?1, key, 'image', value, 1, 'k', 'k', 'n', 1, 1, 1, 1, 1, '', '', 0 FROM json_each(?2)`,
    )
      .bind(id, JSON.stringify(Array.from({ length: 250 }, () => crypto.randomUUID())))
      .run()
    await remove(mario)
    const left: number[] = []
    for (let run = 0; run < 4; run += 1) {
      let emptied = 0
      const media = {
        deletePrefix: async (prefix: string) => {
          emptied += prefix.includes(mario.id) ? 1 : 0
          return services.media.deletePrefix(prefix)
        },
      }
      await freeIn(31, { media })
      expect(emptied).toBeLessThanOrEqual(200)
      left.push((await lookAt(mario)).items)
    }
    expect(left.at(-1)).toBe(0)
    expect(left[0]).toBeGreaterThan(0)
    expect((await lookAt(mario)).freedAt).not.toBeNull()
  })

  it('feeds no new inference once the dataset is deleted', async () => {
    const mario = await createOwner(1)
    await remove(mario)
    const answer = await request(mario, 'POST', '/api/inferences', {
      json: { datasetName: 'photos' },
    })
    expect([answer.status, answer.body.code]).toEqual([404, 'inferences.dataset_not_found'])
  })
})
