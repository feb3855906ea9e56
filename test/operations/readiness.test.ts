import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createServiceCall } from '../../src/inference-service/service-call.ts'
import { neededMigration } from '../../src/operations/readiness.rules.ts'
import { createReadiness, type ReadinessContext } from '../../src/operations/readiness.ts'
import { createDatabase } from '../../src/shared/database.ts'
import { createHeldApp } from '../support/held-app.ts'
import { silentLogger } from '../support/people.ts'
import { services } from '../support/world.ts'

const secretAddress = 'inference.internal.example'

/** The inference service as it answers its health check. */
function serviceThat(answer: () => Promise<Response>): ReadinessContext['serviceCall'] {
  return createServiceCall({
    baseUrl: `http://${secretAddress}`,
    secret: 'staged-inference-secret-0123456789-01',
    clock: services.clock,
    fetch: answer,
  })
}

const healthy = (status: string, code = 200) =>
  serviceThat(async () => Response.json({ status, reasons: [] }, { status: code }))

const hanging = () => new Promise<never>(() => undefined)

const broken = () => Promise.reject(new Error(`connect ECONNREFUSED ${secretAddress}`))

function brokenDatabase(answer: () => Promise<never>) {
  const statement = { bind: () => statement, first: answer }
  return createDatabase({ prepare: () => statement } as unknown as D1Database)
}

/** What `/health/ready` answers with these collaborators. */
async function askWith(changes: Partial<ReadinessContext>) {
  const context = {
    ...services,
    serviceCall: healthy('READY'),
    logger: silentLogger,
    ...changes,
  }
  const app = createHeldApp(() => ({ ...services, readiness: createReadiness(context) }))
  const answer = await app.request('/health/ready', {}, env)
  return { status: answer.status, text: await answer.clone().text(), body: await answer.json() }
}

describe('whether the API is ready', () => {
  it('is told with the time that each dependency took, and the migrations that it has', async () => {
    const { status, body } = await askWith({})
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'ready',
      troubles: [],
      dependencies: {
        database: { status: 'up', problem: null, migration: neededMigration },
        mediaStore: { status: 'up' },
        tokenAccounts: { status: 'up' },
        inferenceService: { status: 'up', state: 'READY' },
        queue: { status: 'up' },
      },
    })
    for (const { ms } of Object.values((body as { dependencies: object }).dependencies)) {
      expect(ms).toBeGreaterThanOrEqual(0)
    }
  })

  it.each([
    ['the database', 'database', { database: brokenDatabase(broken) }],
    ['the media store', 'mediaStore', { media: { head: broken } }],
    ['the token accounts', 'tokenAccounts', { ledger: { balance: broken } }],
  ])('is denied with 503 while %s is away, and which it is', async (_who, name, changes) => {
    const { status, body, text } = await askWith(changes)
    expect(status).toBe(503)
    expect(body).toMatchObject({
      status: 'unavailable',
      troubles: expect.arrayContaining([name]),
      dependencies: { [name]: { status: 'down', problem: 'It answered with an error.' } },
    })
    expect(text).not.toContain(secretAddress)
  })

  it('is denied within seconds while the media store hangs', async () => {
    const { status, body } = await askWith({ media: { head: hanging } })
    expect(status).toBe(503)
    expect(body).toMatchObject({
      dependencies: { mediaStore: { problem: 'It did not answer within 2000 ms.' } },
    })
  })

  it('is denied while the database lacks migrations', async () => {
    const statement = { first: async () => ({ name: '0001_older.sql' }) }
    const database = createDatabase({ prepare: () => statement } as unknown as D1Database)
    const { status, body } = await askWith({ database })
    expect(status).toBe(503)
    expect(body).toMatchObject({ dependencies: { database: { migration: '0001_older.sql' } } })
  })

  it.each([
    ['is away', serviceThat(broken), 'down', undefined],
    ['hangs', serviceThat(hanging), 'down', undefined],
    ['answers what is not of its contract', healthy('MAYBE'), 'down', undefined],
    ['is starting', healthy('STARTING', 503), 'degraded', 'STARTING'],
    ['could not set itself up', healthy('SETUP_FAILED', 503), 'degraded', 'SETUP_FAILED'],
  ])(
    'is limited while the inference service %s: uploads go on',
    async (_how, serviceCall, state, told) => {
      const { status, body, text } = await askWith({ serviceCall })
      expect(status).toBe(200)
      expect(body).toMatchObject({ status: 'degraded', troubles: ['inferenceService'] })
      const { inferenceService } = (body as { dependencies: Record<string, object> }).dependencies
      expect(inferenceService).toMatchObject({ status: state })
      expect((inferenceService as { state?: string }).state).toBe(told)
      expect(text).not.toContain(secretAddress)
    },
  )

  it('is whole while the inference service is busy: that is its work', async () => {
    const { body } = await askWith({ serviceCall: healthy('BUSY') })
    expect(body).toMatchObject({ status: 'ready' })
  })

  it('is limited while messages wait that no sweep sends again', async () => {
    const clock = { nowMs: () => Date.now() + 10 * 60_000 }
    const id = crypto.randomUUID()
    await env.DB.prepare(
      `INSERT INTO inference_tasks (id, inference_id, state, first_position, item_count, sent_at, created_at, updated_at)
       VALUES (?1, ?1, 'PENDING', 0, 1, ?2, ?2, ?2)`,
    )
      .bind(id, Date.now())
      .run()
    const { body } = await askWith({ clock })
    await env.DB.prepare('DELETE FROM inference_tasks WHERE id = ?1').bind(id).run()
    expect(body).toMatchObject({ status: 'degraded', troubles: ['queue'] })
    expect((body as { dependencies: { queue: object } }).dependencies.queue).toMatchObject({
      oldestMessageSeconds: expect.any(Number),
    })
  })

  it('costs a dependency one question in five seconds, however many ask', async () => {
    let asked = 0
    let nowMs = Date.now()
    const readiness = createReadiness({
      ...services,
      clock: { nowMs: () => nowMs },
      logger: silentLogger,
      serviceCall: healthy('READY'),
      media: {
        head: async () => {
          asked += 1
          return null
        },
      },
    })
    for (let time = 0; time < 50; time += 1) await readiness.find()
    expect(asked).toBe(1)
    nowMs += 5_001
    await Promise.all([readiness.find(), readiness.find(), readiness.find()])
    expect(asked).toBe(2)
  })

  it('leaves no account open that was only asked', async () => {
    await askWith({})
    const probe = await services.ledger.statement('00000000-0000-0000-0000-000000000000', {
      limit: 10,
    })
    expect(probe).toEqual({ balance: 0, entries: [] })
  })
})
