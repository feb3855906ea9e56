import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { createLedgerProjection } from '../../src/ledger/ledger.projection.ts'
import { collectMetrics } from '../../src/operations/metrics.ts'
import { sweep } from '../../src/sweep.ts'
import { replaceMeans } from '../ledger/account/account-fixtures.ts'
import { forgetEverything } from '../support/forget.ts'
import {
  allSucceed,
  consumerWith,
  deliver,
  end,
  failed,
  ndjson,
  startWith,
} from '../support/inferences.ts'
import { createAdministrator, createPerson, silentLogger } from '../support/people.ts'
import { ask, services } from '../support/world.ts'

const path = '/api/admin/metrics'

async function readMetrics() {
  const { token } = await createAdministrator()
  const { status, body } = await ask('GET', path, { token })
  expect(status).toBe(200)
  return body.data
}

describe('the metrics', () => {
  beforeEach(forgetEverything)

  it('tell what waits, since when, and what is reserved for it', async () => {
    const before = await readMetrics()
    const { mario } = await startWith(2)
    await services.ledger.flush(mario.id)
    const after = await readMetrics()
    expect(after.queue.oldestWaitingInferenceSeconds).toBeGreaterThanOrEqual(0)
    expect(after.queue.tasks.length).toBeGreaterThan(0)
    expect(after.inferences.open.PENDING).toBe((before.inferences.open.PENDING ?? 0) + 1)
    const [reserved] = after.ledger.reservations
    expect(reserved).toMatchObject({ operationType: 'inference', count: 1, tokens: 5.5 })
    expect(reserved.oldestSeconds).toBeLessThan(60)
  })

  it('tell what ended, what failed and why, and what went in and out', async () => {
    const { mario, started } = await startWith(2)
    const halfFails = consumerWith(({ items }) =>
      ndjson([...items.map(({ id }) => failed(id)), end]),
    )
    await deliver(halfFails, started.messages)
    await services.ledger.flush(mario.id)
    const metrics = await readMetrics()
    expect(metrics.inferences.endedLastDay.FAILED).toBeGreaterThanOrEqual(1)
    expect(metrics.failuresLastDay).toContainEqual({
      part: 'item',
      code: 'media.undecodable',
      count: 2,
    })
    expect(metrics.ledger.lastDay.out.inference).toBeGreaterThanOrEqual(5.5)
    expect(metrics.ledger.lastDay.in.refund).toBeGreaterThanOrEqual(5.5)
    expect(metrics.ledger.lastDay.in.initial_grant).toBeGreaterThanOrEqual(100)
  })

  it('tell what an account could not deliver, and since when', async () => {
    const { mario, started } = await startWith(1)
    await services.ledger.flush(mario.id)
    const account = env.TOKEN_ACCOUNTS.getByName(mario.id)
    await replaceMeans(account, {
      projection: { deliver: () => Promise.reject(new Error('the database is down')) },
      logger: silentLogger,
    })
    await deliver(allSucceed, started.messages)
    await account.flush()
    const later = { nowMs: () => Date.now() + 120_000 }
    const { outbox, rows } = await collectMetrics({ ...services, clock: later })
    expect(outbox).toMatchObject({ unanswered: 0, waiting: 1, oldestAtMs: expect.any(Number) })
    expect(rows.undelivered[0]?.count).toBe(1)
    await replaceMeans(account, { projection: createLedgerProjection(env.DB) })
    await account.flush()
    expect((await collectMetrics({ ...services, clock: later })).rows.undelivered[0]?.count).toBe(0)
  })

  it('go on when an account does not answer, and say that one did not', async () => {
    await startWith(1)
    const ledger = { outbox: () => Promise.reject(new Error('overloaded')) }
    const { outbox } = await collectMetrics({ ...services, ledger })
    expect(outbox.asked).toBeGreaterThan(0)
    expect(outbox).toMatchObject({ unanswered: outbox.asked, waiting: 0, oldestAtMs: null })
  })

  it('tell how each part of the last sweep ended', async () => {
    const media = { ...services.media, list: () => brokenList() }
    await sweep({ ...services, logger: silentLogger, media })
    const failing = (await readMetrics()).sweep.parts.filter(
      ({ failed: isFailed }: { failed: boolean }) => isFailed,
    )
    expect(failing).toContainEqual({
      part: 'fileUploads',
      ms: expect.any(Number),
      failed: true,
      errors: ['sweep.part_failed'],
    })
    await sweep({ ...services, logger: silentLogger })
    const { sweep: last, reconciliation } = await readMetrics()
    expect(last.parts.map(({ part }: { part: string }) => part)).toEqual(
      expect.arrayContaining(['accounts', 'ingestions', 'uploads', 'inferences', 'reconciliation']),
    )
    expect(last.parts.filter((part: { failed: boolean }) => part.failed)).toEqual([])
    expect(last.secondsAgo).toBeLessThan(60)
    expect(reconciliation).toMatchObject({ startedBy: 'system' })
  })

  it('tell which part of the sweep hangs, and the parts after it run all the same', async () => {
    const { list } = services.media
    const hangs: typeof list = (prefix, after) => (prefix ? hangingList() : list(prefix, after))
    const media = { ...services.media, list: hangs }
    await sweep({ ...services, logger: silentLogger, media }, { partMsMax: 1_000 })
    const { parts } = (await readMetrics()).sweep
    const failing = parts.filter((part: { failed: boolean }) => part.failed)
    expect(failing).toMatchObject([{ part: 'fileUploads', errors: ['sweep.part_failed'] }])
    expect(parts.map(({ part }: { part: string }) => part)).toEqual(
      expect.arrayContaining(['inferences', 'idempotencyKeys', 'reconciliation']),
    )
  })

  it.each([
    ['by Accept', path, { accept: 'text/plain;version=0.0.4' }],
    [
      'as Prometheus asks',
      path,
      { accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5' },
    ],
    ['by name', `${path}?format=prometheus`, {}],
  ])('come as Prometheus reads them %s', async (_how, address, headers) => {
    const { token } = await createAdministrator()
    const answer = await ask('GET', address, { token, headers })
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = new TextDecoder().decode(answer.body)
    expect(text).toContain('# TYPE pa_tasks gauge')
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) pa_[a-z_]+ .+|pa_[a-z_]+(\{([a-z_]+="[^"]*",?)+\})? -?[\d.]+)$/,
      )
    }
  })

  it('come as JSON where a client takes both', async () => {
    const { token } = await createAdministrator()
    const answer = await ask('GET', path, {
      token,
      headers: { accept: 'application/json, text/plain, */*' },
    })
    expect(answer.body.success).toBe(true)
  })

  it('come in no other format, and to administrators alone', async () => {
    const { token } = await createAdministrator()
    expect((await ask('GET', `${path}?format=xml`, { token })).status).toBe(400)
    expect((await ask('GET', path)).status).toBe(401)
    expect((await ask('GET', path, { token: (await createPerson()).token })).status).toBe(403)
  })
})

// biome-ignore lint/correctness/useYield: it never comes to one
async function* brokenList(): AsyncGenerator<never> {
  throw new Error('the media store is away')
}

async function* hangingList(): AsyncGenerator<never> {
  await new Promise(() => undefined)
}
