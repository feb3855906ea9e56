import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { sweepFileUploads } from '../../src/datasets/file-uploads/sweep-file-uploads.ts'
import { awaitIngestion } from '../../src/datasets/uploads/ingestion/await-ingestion.ts'
import type { IngestionContext } from '../../src/datasets/uploads/ingestion/ingestion.model.ts'
import {
  consumeDeadUploads,
  consumeUploads,
} from '../../src/datasets/uploads/ingestion/ingestions.consumer.ts'
import { sweepIngestions } from '../../src/datasets/uploads/ingestion/sweep-ingestions.ts'
import { sweepUploads } from '../../src/datasets/uploads/sweep-uploads.ts'
import { uploadMedia } from '../../src/datasets/uploads/upload-media.ts'
import { createFramesService } from './frames-service.ts'
import { silentLogger } from './people.ts'
import { createForm, listItems, listStored } from './uploads.ts'
import { balanceOf, services, type TestUser } from './world.ts'

const minuteMs = 60_000

/** A context whose messages wait in a list, and whose clock is that far ahead. */
export function createHeldContext({
  minutes = 0,
  serviceCall = createFramesService(),
}: {
  minutes?: number
  serviceCall?: IngestionContext['serviceCall']
} = {}) {
  const sent: string[] = []
  const context = {
    ...services,
    logger: silentLogger,
    serviceCall,
    clock: { nowMs: () => Date.now() + minutes * minuteMs },
    sendUploads: async (ids: readonly string[]) => void sent.push(...ids),
  }
  return { context, sent }
}

export type HeldContext = ReturnType<typeof createHeldContext>['context']

/** Receives an upload and hands it over to the queue, as a request that does not wait; answers its id. */
export async function receive(
  context: HeldContext,
  user: TestUser,
  parts: Parameters<typeof createForm>[0],
): Promise<string | null> {
  const request = new Request('http://x/', {
    method: 'POST',
    body: createForm({ datasetName: 'photos', ...parts }),
  })
  const nowMs = context.clock.nowMs()
  const uploaded = await uploadMedia({ ...context, nowMs }, { userId: user.id, request })
  if (uploaded.kind === 'stored') return null
  const id = uploaded.uploadId
  await awaitIngestion(context, { id, waitSeconds: 0, keepAlive: () => undefined })
  return id
}

/** Delivers messages in one batch, as the queue does; answers which were acknowledged and which will come again. */
export async function deliverUploads(
  context: IngestionContext,
  bodies: readonly unknown[],
  options: { dead?: boolean } = {},
) {
  const batch = createMessageBatch(
    'pa-inpainting-uploads',
    bodies.map((body) => ({
      id: crypto.randomUUID(),
      timestamp: new Date(),
      attempts: 1,
      body: typeof body === 'string' ? { uploadId: body } : body,
    })),
  )
  await (options.dead ? consumeDeadUploads : consumeUploads)(context, batch)
  const result = await getQueueResult(batch, createExecutionContext())
  return { acked: result.explicitAcks.length, retried: result.retryMessages.length }
}

/** What one run of the sweep takes on of a kind. */
const sweptAtOnce = 50

/** Whatever is left of uploads goes on by lost leases, messages and the sweep, as it would over a day. */
export async function recover(
  users: readonly TestUser[],
  { minutesLater = [2, 20, 40, 26 * 60] }: { minutesLater?: readonly number[] } = {},
): Promise<void> {
  const flush = () => Promise.all(users.map(({ id }) => services.ledger.flush(id)))
  await flush()
  for (const minutes of minutesLater) {
    const { context, sent } = createHeldContext({ minutes })
    for (let left = users.length; left > 0; left -= sweptAtOnce) {
      await sweepIngestions(context)
      while (sent.length > 0) await deliverUploads(context, sent.splice(0, 4))
      await flush()
      await sweepUploads(context)
      await sweepFileUploads({ ...context, createId: () => '' })
    }
  }
  await flush()
}

export async function findIngestions(user: TestUser) {
  const { results } = await env.DB.prepare(
    'SELECT id, state, ended_at AS endedAt, spent, error FROM ingestions WHERE user_id = ?',
  )
    .bind(user.id)
    .all<{
      id: string
      state: string
      endedAt: number | null
      spent: number | null
      error: string | null
    }>()
  return results
}

/** Keys in the bucket that no row names. */
export async function listUnowned(user: TestUser): Promise<string[]> {
  const stored = (await listStored(user)).map(({ key }) => key)
  const parts = (await env.MEDIA.list({ prefix: `parts/${user.id}/` })).objects
  const { results } = await env.DB.prepare(
    `SELECT image_key AS key FROM dataset_items WHERE upload_id IN (SELECT id FROM uploads WHERE user_id = ?1)
     UNION SELECT mask_key FROM dataset_items WHERE upload_id IN (SELECT id FROM uploads WHERE user_id = ?1)
     UNION SELECT source_key FROM videos WHERE upload_id IN (SELECT id FROM uploads WHERE user_id = ?1)`,
  )
    .bind(user.id)
    .all<{ key: string }>()
  const named = new Set(results.map(({ key }) => key))
  const files = await env.DB.prepare('SELECT id FROM file_uploads WHERE user_id = ?')
    .bind(user.id)
    .all<{ id: string }>()
  const fileIds = new Set(files.results.map(({ id }) => id))
  return [
    ...stored.filter((key) => !named.has(key)),
    ...parts.map(({ key }) => key).filter((key) => !fileIds.has(key.split('/')[2] ?? '')),
  ]
}

async function count(sql: string, user: TestUser): Promise<number> {
  return (await env.DB.prepare(sql).bind(user.id).first<{ count: number }>())?.count ?? 0
}

/**
 * All or nothing: either the upload is data, every item of it, stored and paid at its price, or nothing of it is there and
 * nothing was charged. In both cases nothing is left over. Answers which.
 */
export async function expectAllOrNothing(
  user: TestUser,
  whole: { items: number; price: number; objects: number; balance?: number },
): Promise<'data' | 'nothing'> {
  const before = whole.balance ?? 100
  const { totalItems } = await listItems(user)
  const rows = await findIngestions(user)
  const isData = totalItems > 0
  expect(totalItems).toBe(isData ? whole.items : 0)
  for (const { state, endedAt } of rows) {
    expect(state).toBe(isData ? 'COMPLETED' : 'FAILED')
    expect(endedAt).not.toBeNull()
  }
  expect(await balanceOf(user)).toBeCloseTo(isData ? before - whole.price : before, 6)
  expect(await listUnowned(user)).toEqual([])
  expect(await listStored(user)).toHaveLength(isData ? whole.objects : 0)
  const { balance, entries } = await services.ledger.statement(user.id, { limit: 100 })
  expect(entries.filter(({ status }) => status === 'pending')).toEqual([])
  const moved = entries.filter(({ status }) => status !== 'aborted')
  expect(moved.reduce((sum, { amount }) => sum + amount, 0)).toBe(balance)
  const mine = 'upload_id IN (SELECT id FROM ingestions WHERE user_id = ?1)'
  expect(await count(`SELECT count(*) AS count FROM upload_items WHERE ${mine}`, user)).toBe(0)
  const taken =
    'SELECT count(*) AS count FROM file_uploads WHERE user_id = ?1 AND taken_by IS NOT NULL'
  expect(await count(taken, user)).toBe(0)
  if (!isData) {
    expect(await count(`SELECT count(*) AS count FROM videos WHERE ${mine}`, user)).toBe(0)
  }
  return isData ? 'data' : 'nothing'
}
