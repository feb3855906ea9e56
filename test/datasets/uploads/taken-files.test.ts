import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { takeFileUpload } from '../../../src/datasets/file-uploads/take-file-upload.ts'
import { openIngestion } from '../../../src/datasets/uploads/ingestion/ingestions.repository.ts'
import { sweepUploads } from '../../../src/datasets/uploads/sweep-uploads.ts'
import { uploadMedia } from '../../../src/datasets/uploads/upload-media.ts'
import { createArchive } from '../../media/archives/archive-builder.ts'
import { createHeldContext, type HeldContext, receive, recover } from '../../support/ingestions.ts'
import { sendInParts } from '../../support/parts.ts'
import {
  createForm,
  createUploader,
  listItems,
  listStored,
  mask,
  picture,
} from '../../support/uploads.ts'
import { balanceOf, request, services, type TestUser } from '../../support/world.ts'

let mario: TestUser

beforeEach(async () => {
  mario = await createUploader()
})

const hour = 60
const zip = createArchive([
  { name: 'a/image_1.png', content: picture },
  { name: 'a/mask_1.png', content: mask },
])
const look = async (id: string) => (await request(mario, 'GET', `/api/uploads/${id}`)).body
const listParts = async () => (await env.MEDIA.list({ prefix: `parts/${mario.id}/` })).objects
const sweepAfter = async (minutes: number) => {
  await services.ledger.flush(mario.id)
  await sweepUploads(createHeldContext({ minutes }).context)
}
const uploadPicture = (context: HeldContext, image: string) => {
  const body = createForm({ datasetName: 'photos', image, mask })
  const sent = new Request('http://x/', { method: 'POST', body })
  return uploadMedia({ ...context, nowMs: Date.now() }, { userId: mario.id, request: sent })
}

describe('a file in parts that two uploads name at once', () => {
  it.each([
    ['an archive', zip],
    ['a picture', picture],
  ])('%s is data once, paid once, and the other upload is told', async (_, bytes) => {
    const image = await sendInParts(mario, bytes)
    const parts = bytes === zip ? { image } : { image, mask }
    const send = () =>
      request(mario, 'POST', '/api/datasets/data', {
        body: createForm({ datasetName: 'photos', ...parts }),
      })
    const answers = await Promise.all([send(), send()])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const refused = answers.find(({ status }) => status === 409)
    expect(refused?.body.code).toBe('file_uploads.taken')
    expect((await listItems(mario)).totalItems).toBe(1)
    expect(await balanceOf(mario)).toBe(bytes === zip ? 99.3 : 99.35)
    expect(await listParts()).toEqual([])
    expect((await send()).status).toBe(404)
    expect(await listStored(mario)).toHaveLength(2)
  })
})

describe('a file in parts whose upload', () => {
  it('was refused is there for the next at once', async () => {
    const image = await sendInParts(mario, zip)
    const wrong = createForm({ datasetName: 'elsewhere', image })
    const answer = await request(mario, 'POST', '/api/datasets/data', { body: wrong })
    expect(answer.status).toBe(404)
    expect((await look(image)).data).toMatchObject({ state: 'complete', takenBy: null })
    expect(await receive(createHeldContext().context, mario, { image })).not.toBeNull()
  })

  it('died before it was anything is given back after a quarter of an hour', async () => {
    const id = await sendInParts(mario, picture)
    await takeFileUpload(services, { userId: mario.id, id, uploadId: crypto.randomUUID() })
    await sweepAfter(14)
    expect((await look(id)).data.state).toBe('taken')
    await sweepAfter(16)
    expect((await look(id)).data.state).toBe('complete')
    await recover([mario])
    expect(await listParts()).toEqual([])
  })

  it('is under way stays its own, however long ago it should have expired', async () => {
    const id = await sendInParts(mario, zip)
    const uploadId = crypto.randomUUID()
    await takeFileUpload(services, { userId: mario.id, id, uploadId })
    const upload = { id: uploadId, userId: mario.id, kind: 'zip' as const, nowMs: Date.now() }
    await openIngestion(services.database, upload)
    await sweepAfter(100 * hour)
    expect((await look(id)).data).toMatchObject({ state: 'taken', takenBy: uploadId })
  })

  it('is still being committed is given up before its file is given back', async () => {
    const id = await sendInParts(mario, picture)
    const stuck = Promise.withResolvers<void>()
    const { context } = createHeldContext()
    const media: HeldContext['media'] = {
      ...context.media,
      async put(object) {
        await stuck.promise
        await context.media.put(object)
      },
    }
    const late = uploadPicture({ ...context, media }, id)
    late.catch(() => undefined)
    await expect.poll(async () => (await look(id)).data.state).toBe('taken')
    await expect.poll(() => balanceOf(mario)).toBe(99.35)
    await sweepAfter(25 * hour)
    expect((await look(id)).data.state).toBe('complete')
    stuck.resolve()
    await expect(late).rejects.toMatchObject({ code: 'upload.too_slow' })
    expect((await listItems(mario)).totalItems).toBe(0)
    expect(await balanceOf(mario)).toBe(100)
    expect(await listParts()).toHaveLength(1)
  })

  it('succeeded but could not delete it answers its success, is paid, and the sweep deletes it', async () => {
    const id = await sendInParts(mario, picture)
    const { context } = createHeldContext()
    const media = {
      ...context.media,
      deletePrefix: () => Promise.reject(new Error('R2 is unwell')),
    }
    expect(await uploadPicture({ ...context, media }, id)).toMatchObject({
      kind: 'stored',
      balance: 99_350,
    })
    expect(await listParts()).toHaveLength(1)
    await sweepAfter(25 * hour)
    expect(await listParts()).toEqual([])
    expect((await request(mario, 'GET', `/api/uploads/${id}`)).status).toBe(404)
    expect((await listItems(mario)).totalItems).toBe(1)
  })

  it('could not be begun gives it back only when its objects are deleted', async () => {
    const id = await sendInParts(mario, zip)
    const { context } = createHeldContext()
    const order: string[] = []
    const { raw } = context.database
    const media: HeldContext['media'] = {
      ...context.media,
      deletePrefix: async (prefix) => {
        order.push((await look(id)).data.state)
        return context.media.deletePrefix(prefix)
      },
    }
    const prepare = (sql: string) => {
      if (sql.includes("SET state = 'RUNNING'")) throw new Error('D1 is unwell')
      return raw.prepare(sql)
    }
    const batch = (statements: D1PreparedStatement[]) => raw.batch(statements)
    const database = {
      ...context.database,
      raw: { prepare, batch } as unknown as D1Database,
    }
    await expect(receive({ ...context, media, database }, mario, { image: id })).rejects.toThrow(
      'D1 is unwell',
    )
    expect(order).toEqual(['taken'])
    expect((await look(id)).data.state).toBe('complete')
  })
})
