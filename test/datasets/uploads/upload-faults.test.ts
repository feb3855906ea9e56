import { beforeEach, describe, expect, it } from 'vitest'
import { sweepUploads } from '../../../src/datasets/uploads/sweep-uploads.ts'
import { uploadMedia } from '../../../src/datasets/uploads/upload-media.ts'
import { createAmount } from '../../../src/ledger/amounts.ts'
import {
  createForm,
  createUploader,
  expectUntouched,
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

describe('an upload that something breaks half-way', () => {
  type Context = Parameters<typeof uploadMedia>[0]
  const attempt = (overrides: Partial<Context>, parts = { image: picture, mask }) =>
    uploadMedia(
      { ...services, nowMs: Date.now(), ...overrides },
      {
        userId: mario.id,
        request: new Request('http://x/', {
          method: 'POST',
          body: createForm({ datasetName: 'photos', ...parts }),
        }),
      },
    )
  /** D1 whose batches take effect, or not, and then fail. */
  const brokenBatch = (takesEffect: boolean): Context['database'] => {
    const { raw } = services.database
    let broken = true
    const batch = async (statements: D1PreparedStatement[]) => {
      if (!broken) return raw.batch(statements)
      broken = false
      if (takesEffect) await raw.batch(statements)
      throw new Error('D1_ERROR: Network connection lost.')
    }
    return {
      ...services.database,
      raw: { prepare: (sql: string) => raw.prepare(sql), batch } as unknown as D1Database,
    }
  }

  it('the store refuses an object: nothing is charged, nothing stays', async () => {
    let puts = 0
    const media = {
      ...services.media,
      put: async (object: Parameters<typeof services.media.put>[0]) => {
        puts += 1
        if (puts === 2) throw new Error('R2 is unwell')
        await services.media.put(object)
      },
    }
    await expect(attempt({ media })).rejects.toThrow('R2 is unwell')
    await expectUntouched(mario)
  })

  it('the database fails before the commit: nothing is charged, nothing stays', async () => {
    await expect(attempt({ database: brokenBatch(false) })).rejects.toThrow(
      'Network connection lost',
    )
    await expectUntouched(mario)
  })

  it('the database fails after the commit took effect: the item is there and is paid, once', async () => {
    await expect(attempt({ database: brokenBatch(true) })).rejects.toThrow(
      'Network connection lost',
    )
    expect((await listItems(mario)).totalItems).toBe(1)
    expect(await listStored(mario)).toHaveLength(2)
    expect(await balanceOf(mario)).toBe(99.35)
    const { entries } = await services.ledger.statement(mario.id, { limit: 5 })
    expect(entries[0]).toMatchObject({ status: 'completed', amount: -650 })
  })

  it('the dataset is deleted while the bytes are stored: 404, nothing is charged, nothing stays', async () => {
    const media = {
      ...services.media,
      put: async (object: Parameters<typeof services.media.put>[0]) => {
        await services.media.put(object)
        await request(mario, 'DELETE', '/api/datasets/photos')
      },
    }
    await expect(attempt({ media })).rejects.toMatchObject({ code: 'datasets.not_found' })
    expect(await balanceOf(mario)).toBe(100)
    expect(await listStored(mario)).toEqual([])
  })

  it('the account is away when it is time to pay: the upload stands, and the sweep pays', async () => {
    const ledger = { ...services.ledger, settle: () => Promise.reject(new Error('overloaded')) }
    expect(await attempt({ ledger })).toMatchObject({ balance: 99_350 })
    await services.ledger.flush(mario.id)
    const later = { nowMs: () => Date.now() + 16 * 60_000 }
    await sweepUploads({ ...services, clock: later })
    await sweepUploads({ ...services, clock: later })
    const { balance, entries } = await services.ledger.statement(mario.id, { limit: 5 })
    expect(balance).toBe(99_350)
    expect(entries[0]).toMatchObject({ status: 'completed', amount: -650 })
  })

  it('the process dies after the bytes were stored: the sweep returns the tokens and deletes the bytes', async () => {
    const never = new Promise<never>(() => undefined)
    const database = {
      ...services.database,
      raw: {
        prepare: (sql: string) => services.database.raw.prepare(sql),
        batch: () => never,
      } as unknown as D1Database,
    }
    void attempt({ database })
    await expect.poll(async () => (await listStored(mario)).length).toBe(2)
    await services.ledger.flush(mario.id)
    await sweepUploads({ ...services, clock: { nowMs: () => Date.now() + 5 * 60_000 } })
    expect(await balanceOf(mario)).toBe(99.35)
    await sweepUploads({ ...services, clock: { nowMs: () => Date.now() + 16 * 60_000 } })
    await expectUntouched(mario)
  })

  it('one account is away when the sweep comes: the uploads of the others are ended', async () => {
    const anna = await createUploader()
    for (const { id } of [mario, anna]) {
      await services.ledger.reserve(id, {
        operationId: `dataset_upload_${crypto.randomUUID()}`,
        operationType: 'dataset_upload',
        amount: createAmount(650),
      })
      await services.ledger.flush(id)
    }
    const release: typeof services.ledger.release = (userId, command) =>
      userId === mario.id
        ? Promise.reject(new Error('the object is away'))
        : services.ledger.release(userId, command)
    const clock = { nowMs: () => Date.now() + 16 * 60_000 }
    await sweepUploads({ ...services, clock, ledger: { ...services.ledger, release } })
    expect(await balanceOf(anna)).toBe(100)
    expect(await balanceOf(mario)).toBe(99.35)
    await sweepUploads({ ...services, clock })
    expect(await balanceOf(mario)).toBe(100)
  })

  it('the sweep gave it up while it was stuck: what comes late is refused with the reason, and swept', async () => {
    const stuck = Promise.withResolvers<void>()
    const { raw } = services.database
    let first = true
    const batch = async (statements: D1PreparedStatement[]) => {
      if (first) {
        first = false
        await stuck.promise
      }
      return raw.batch(statements)
    }
    const database = {
      ...services.database,
      raw: { prepare: (sql: string) => raw.prepare(sql), batch } as unknown as D1Database,
    }
    const late = attempt({ database })
    late.catch(() => undefined)
    await expect.poll(async () => (await listStored(mario)).length).toBe(2)
    await services.ledger.flush(mario.id)
    await sweepUploads({ ...services, clock: { nowMs: () => Date.now() + 16 * 60_000 } })
    stuck.resolve()
    await expect(late).rejects.toMatchObject({ status: 400, code: 'upload.too_slow' })
    await expectUntouched(mario)
  })
})
