import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { commitIngestion } from '../../../src/datasets/uploads/ingestion/commit.repository.ts'
import {
  ingestionAttemptsMax,
  ingestionLeaseMs,
  reportDays,
} from '../../../src/datasets/uploads/ingestion/ingestions.lifecycle.ts'
import * as repository from '../../../src/datasets/uploads/ingestion/ingestions.repository.ts'
import { sweepIngestions } from '../../../src/datasets/uploads/ingestion/sweep-ingestions.ts'
import { recordEntries } from '../../../src/datasets/uploads/ingestion/upload-entries.repository.ts'
import { createAmount } from '../../../src/ledger/amounts.ts'
import { type BuiltFile, createArchive } from '../../media/archives/archive-builder.ts'
import { createFramesService } from '../../support/frames-service.ts'
import {
  createHeldContext,
  deliverUploads,
  expectAllOrNothing,
  findIngestions,
  type HeldContext,
  receive,
  recover,
} from '../../support/ingestions.ts'
import { createUploader, listItems, listStored, mask, picture } from '../../support/uploads.ts'
import { balanceOf, request, services, type TestUser } from '../../support/world.ts'

let mario: TestUser

beforeEach(async () => {
  mario = await createUploader()
})

const pair = (number: number): BuiltFile[] => [
  { name: `g/image_${number}.png`, content: picture },
  { name: `g/mask_${number}.png`, content: mask },
]
const image: [Uint8Array, string] = [createArchive([...pair(1), ...pair(2)]), 'pairs.zip']
const whole = { items: 2, price: 1.4, objects: 4 }

/** A store that waits before its first put until it is let go, and then does as it is told. */
function createHeldUp(context: HeldContext) {
  const reached = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const media: HeldContext['media'] = {
    ...context.media,
    async put(object) {
      reached.resolve()
      await go.promise
      await context.media.put(object)
    },
  }
  return { context: { ...context, media }, reached: reached.promise, letGo: go.resolve }
}

const later = (minutes: number) => createHeldContext({ minutes }).context
const leaseMinutes = ingestionLeaseMs / 60_000 + 0.1

async function begin(): Promise<string> {
  const id = await receive(createHeldContext().context, mario, { image })
  if (id === null) throw new Error('An archive is begun.')
  return id
}

const look = async (id: string) =>
  (await request(mario, 'GET', `/api/datasets/uploads/${id}`)).body.upload

describe('an archive that two hold at a time', () => {
  it('is run once, however often its message comes while it runs and after it', async () => {
    const id = await begin()
    const held = createHeldUp(later(0))
    const run = deliverUploads(held.context, [id])
    await held.reached
    expect(await deliverUploads(later(0), [id, id])).toEqual({ acked: 2, retried: 0 })
    expect((await look(id)).status).toBe('RUNNING')
    held.letGo()
    await run
    await deliverUploads(later(0), [id])
    expect(await look(id)).toMatchObject({ status: 'COMPLETED', tokensSpent: 1.4 })
    expect(await expectAllOrNothing(mario, whole)).toBe('data')
  })

  it('keeps what the second stored when the first, that was held up, can store no more', async () => {
    const id = await begin()
    const held = createHeldUp(later(0))
    const { put } = held.context.media
    const media: HeldContext['media'] = {
      ...held.context.media,
      async put(object) {
        await put(object)
        throw new Error('R2 is unwell')
      },
    }
    const first = deliverUploads({ ...held.context, media }, [id])
    await held.reached
    await deliverUploads(later(leaseMinutes), [id])
    expect((await look(id)).status).toBe('COMPLETED')
    held.letGo()
    await first
    expect(await expectAllOrNothing(mario, whole)).toBe('data')
  })

  it('is written by nobody whose lease is another’s, whatever they write', async () => {
    const id = await begin()
    const claim = (leaseId: string, nowMs: number) =>
      repository.claimIngestion(services.database, { id, leaseId, nowMs })
    const stale = await claim(crypto.randomUUID(), Date.now())
    const nowMs = Date.now() + ingestionLeaseMs + 1
    const holder = await claim(crypto.randomUUID(), nowMs)
    if (!stale || !holder) throw new Error('Each claims it when it is free.')
    const row = () => env.DB.prepare('SELECT * FROM ingestions WHERE id = ?').bind(id).first()
    const before = await row()
    const { database } = services
    await repository.enterPhase(database, stale, 'commit', nowMs)
    await repository.rememberRequest(database, stale, { ...stale.request, fps: '9' })
    await repository.returnIngestion(database, stale, { runsAtMs: 1, nowMs })
    await recordEntries(database, stale, {
      items: [],
      rejected: [{ number: 0, code: 'x', reason: 'x' }],
      nowMs,
    })
    expect(await repository.countAttempt(database, stale)).toBeNull()
    expect(await repository.renewIngestionLease(database, stale, nowMs)).toBe(false)
    await expect(repository.ensureHeldOrThrow(database, stale, nowMs)).rejects.toThrow('lost')
    const failure = { code: 'x', status: 400, message: 'x', details: {} }
    expect(await repository.failIngestion(database, { ...stale, failure, nowMs })).toBe(false)
    const counts = { items: 0, images: 0, media: 0 }
    expect(await commitIngestion(database, stale, { counts, price: 0, nowMs })).toBe(false)
    expect(await row()).toEqual(before)
  })

  it('that fails while another still stores, has left nothing in the end', async () => {
    const id = await begin()
    const held = createHeldUp(later(0))
    const run = deliverUploads(held.context, [id])
    await held.reached
    await deliverUploads(later(0), [id], { dead: true })
    expect(await look(id)).toMatchObject({ status: 'FAILED', tokensSpent: 0 })
    expect(await listStored(mario)).toEqual([])
    held.letGo()
    await run
    expect(await listStored(mario)).not.toEqual([])
    await recover([mario])
    expect(await expectAllOrNothing(mario, whole)).toBe('nothing')
  })
})

describe('an archive whose message or holder is lost', () => {
  it('is sent again by the sweep after 45 s, not before', async () => {
    const id = await begin()
    for (const [minutes, expected] of [
      [0.5, 0],
      [1, 1],
      [1.2, 0],
    ] as const) {
      const { context, sent } = createHeldContext({ minutes })
      await sweepIngestions(context)
      expect(sent.filter((other) => other === id)).toHaveLength(expected)
    }
  })

  it('is free again when the lease is over, not before', async () => {
    const id = await begin()
    const held = createHeldUp(later(0))
    void deliverUploads(held.context, [id])
    await held.reached
    await deliverUploads(later(0.9), [id])
    expect((await look(id)).status).toBe('RUNNING')
    await deliverUploads(later(leaseMinutes), [id])
    expect((await look(id)).status).toBe('COMPLETED')
    held.letGo()
  })

  it('is given up with its reason when the queue gives its message up', async () => {
    const id = await begin()
    expect(await deliverUploads(later(0), [id, { no: 1 }], { dead: true })).toEqual({
      acked: 2,
      retried: 0,
    })
    const upload = await look(id)
    expect(upload).toMatchObject({ status: 'FAILED', error: { code: 'upload.processing_failed' } })
    expect(upload.endedAt).not.toBeNull()
    await recover([mario])
    expect(await expectAllOrNothing(mario, whole)).toBe('nothing')
  })

  it('is given up when a step breaks as often as it may, although parts of it were done', async () => {
    const id = await begin()
    const media = { ...services.media, put: () => Promise.reject(new Error('R2 is unwell')) }
    for (let count = 1; count <= ingestionAttemptsMax; count += 1) {
      expect((await look(id)).status).toBe('RUNNING')
      await deliverUploads({ ...later(0), media }, [id])
    }
    expect(await look(id)).toMatchObject({
      status: 'FAILED',
      error: { message: expect.stringContaining('an internal error') },
    })
    await recover([mario])
    expect(await expectAllOrNothing(mario, whole)).toBe('nothing')
  })

  it('is none of ours: a message without an upload is acknowledged and does nothing', async () => {
    const unknown = [null, { uploadId: 'x' }, crypto.randomUUID()]
    expect(await deliverUploads(later(0), unknown)).toEqual({ acked: 3, retried: 0 })
  })
})

describe('an archive around which the world changes', () => {
  /** Runs it up to its first put, changes the world, and lets it go on. */
  async function runWith(change: () => Promise<unknown>): Promise<string> {
    const id = await begin()
    const held = createHeldUp(later(0))
    const run = deliverUploads(held.context, [id])
    await held.reached
    await change()
    held.letGo()
    await run
    return id
  }

  it('its dataset is deleted: it fails, costs nothing and leaves nothing', async () => {
    const id = await runWith(() => request(mario, 'DELETE', '/api/datasets/photos'))
    expect(await look(id)).toMatchObject({
      status: 'FAILED',
      error: { code: 'datasets.not_found' },
    })
    await recover([mario])
    expect(await balanceOf(mario)).toBe(100)
    expect(await listStored(mario)).toEqual([])
  })

  it('its user is deleted: it fails and leaves nothing', async () => {
    await runWith(() => request(mario, 'DELETE', `/api/users/${mario.id}`))
    await recover([mario])
    expect(await findIngestions(mario)).toMatchObject([{ state: 'FAILED' }])
    expect(await listStored(mario)).toEqual([])
    const { entries } = await services.ledger.statement(mario.id, { limit: 50 })
    expect(entries.filter(({ status }) => status === 'pending')).toEqual([])
  })

  it('the balance is used up before it is priced: it is refused with what is missing', async () => {
    const id = await begin()
    await services.ledger.reserve(mario.id, {
      operationId: crypto.randomUUID(),
      operationType: 'inference',
      amount: createAmount(99_000),
    })
    await deliverUploads(later(0), [id])
    expect(await look(id)).toMatchObject({
      status: 'FAILED',
      error: { code: 'tokens.insufficient' },
    })
    expect(await listStored(mario)).toEqual([])
    expect((await listItems(mario)).totalItems).toBe(0)
    expect(await balanceOf(mario)).toBe(1)
  })

  it('the balance is used up after it was priced: it is data, and paid from what was reserved', async () => {
    await runWith(() =>
      services.ledger.reserve(mario.id, {
        operationId: crypto.randomUUID(),
        operationType: 'inference',
        amount: createAmount(98_600),
      }),
    )
    expect((await listItems(mario)).totalItems).toBe(2)
    expect(await balanceOf(mario)).toBe(0)
  })

  it('the inference service is away: a video waits for it and fails in the end', async () => {
    const { createClip } = await import('../../support/frames-service.ts')
    const away = createFramesService(() => new Response('', { status: 500 }))
    const { context } = createHeldContext({ serviceCall: away })
    const clip: [Uint8Array, string] = [createClip({ frames: 2 }), 'clip.mp4']
    const id = (await receive(context, mario, { image: clip, mask })) ?? ''
    for (let count = 1; count <= ingestionAttemptsMax; count += 1) {
      await deliverUploads(context, [id])
    }
    expect(await look(id)).toMatchObject({
      status: 'FAILED',
      error: {
        message: expect.stringContaining('the inference service did not answer as it should'),
      },
    })
    await recover([mario])
    expect(await expectAllOrNothing(mario, whole)).toBe('nothing')
  })
})

describe('a committed archive', () => {
  it('is COMPLETED at once although its spare objects cannot be deleted, and paid when they are', async () => {
    const id = await begin()
    const media = { ...services.media, deleteMany: () => Promise.reject(new Error('R2 is unwell')) }
    await deliverUploads({ ...later(0), media }, [id])
    const upload = await look(id)
    expect(upload).toMatchObject({ status: 'COMPLETED', progress: 100 })
    expect(Date.parse(upload.endedAt)).toBeGreaterThan(Date.now() - 60_000)
    expect(await listStored(mario)).toHaveLength(5)
    await recover([mario])
    expect(await expectAllOrNothing(mario, whole)).toBe('data')
    expect((await look(id)).endedAt).toBe(upload.endedAt)
  })

  it('tells what became of its files for 30 days, and then only how many', async () => {
    const id = await begin()
    await deliverUploads(later(0), [id])
    const sweepAfter = (days: number) =>
      sweepIngestions({ ...later(days * 24 * 60), createId: () => '' })
    await sweepAfter(reportDays - 1)
    expect((await look(id)).report.entries).toHaveLength(4)
    for (const _ of [1, 2]) {
      await sweepAfter(reportDays + 1)
      expect((await look(id)).report).toEqual({
        accepted: 4,
        rejected: 0,
        ignored: 0,
        note: 'What became of each file was told for 30 days after the upload had ended.',
        entries: [],
      })
    }
    expect((await listItems(mario)).totalItems).toBe(2)
  })
})
