import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { taskLeaseMs } from '../../../src/inferences/inferences.lifecycle.ts'
import { claimTask } from '../../../src/inferences/tasks/claims.repository.ts'
import {
  consumerWith,
  deliver,
  end,
  failed,
  ndjson,
  startWith,
  succeeded,
} from '../../support/inferences.ts'
import { startVideos } from '../../support/videos.ts'
import { createUser, request, services, type TestUser } from '../../support/world.ts'

let administrator: TestUser

beforeAll(async () => {
  administrator = await createUser({ role: 'admin' })
})

const list = (query = '', user: TestUser | null = administrator) =>
  request(user, 'GET', `/api/admin/inferences${query}`)
const get = (id: string, query = '') =>
  request(administrator, 'GET', `/api/admin/inferences/${id}${query}`)
const idsOf = async (query: string): Promise<string[]> => {
  const { body } = await list(query)
  return body.data.inferences.map(({ id }: { id: string }) => id)
}

/** A service of which the first item of each call fails for good, and the others succeed. */
const firstFails = consumerWith((call) =>
  ndjson([
    ...call.items.map((item, index) => (index === 0 ? failed(item.id) : succeeded(item.id))),
    end,
  ]),
)

describe('everybody’s inferences', () => {
  it('come newest first, with their owner and how far they are', async () => {
    const first = await startWith(1)
    const second = await startWith(2)
    const { status, body } = await list('?limit=2')
    expect(status).toBe(200)
    expect(body.data.inferences.map(({ id }: { id: string }) => id)).toEqual([
      second.started.id,
      first.started.id,
    ])
    expect(body.data.inferences[0]).toMatchObject({
      status: 'PENDING',
      jobId: second.started.jobId,
      itemCount: 2,
      user: { id: second.mario.id, email: second.mario.email, isDeleted: false },
      settledAt: null,
    })
    expect(body.data.pagination).toMatchObject({ currentPage: 1, itemsPerPage: 2 })
    expect(body.data.pagination.totalItems).toBeGreaterThanOrEqual(2)
  })

  it('are told by user, by state and by when they were started', async () => {
    const { mario, started } = await startWith(1)
    expect(await idsOf(`?userId=${mario.id}`)).toEqual([started.id])
    expect(await idsOf(`?userId=${mario.id}&status=PENDING`)).toEqual([started.id])
    expect(await idsOf(`?userId=${mario.id}&status=COMPLETED`)).toEqual([])
    const at = Date.now()
    const time = (ms: number) => encodeURIComponent(new Date(ms).toISOString())
    expect(await idsOf(`?userId=${mario.id}&from=${time(at - 60_000)}`)).toEqual([started.id])
    expect(await idsOf(`?userId=${mario.id}&to=${time(at - 60_000)}`)).toEqual([])
    expect(await idsOf(`?userId=${mario.id}&from=2020-01-01&to=2020-01-02`)).toEqual([])
  })

  it.each([
    ['status=DONE', 'Invalid status. Allowed values: PENDING, RUNNING, COMPLETED, FAILED, ABORTED'],
    ['userId=7', 'Invalid userId format. It must be a UUID'],
    ['from=yesterday', 'Invalid from. Give a day, such as 2026-11-30'],
    ['to=2026-13-45', 'Invalid to. Give a day'],
    ['page=0', "Invalid pagination parameters: 'page' must be"],
  ])('are not listed for %s', async (query, message) => {
    const { status, body } = await list(`?${query}`)
    expect(status).toBe(400)
    expect(body.message).toContain(message)
  })

  it.each([
    ['GET', ''],
    ['GET', `/${crypto.randomUUID()}`],
    ['POST', `/${crypto.randomUUID()}/abort`],
    ['POST', `/${crypto.randomUUID()}/retry`],
  ])('are none of a user’s business: %s %s', async (method, path) => {
    const address = `/api/admin/inferences${path}`
    expect((await request(await createUser(), method, address)).status).toBe(403)
    expect((await request(null, method, address)).status).toBe(401)
  })

  it.each([
    ['no-id', 400],
    [crypto.randomUUID(), 404],
  ])('are not found by %s', async (id, status) => {
    expect((await get(id)).status).toBe(status)
    for (const verb of ['abort', 'retry']) {
      const address = `/api/admin/inferences/${id}/${verb}`
      expect((await request(administrator, 'POST', address)).status).toBe(status)
    }
  })
})

describe('why an inference waits', () => {
  it('is told of each task: which is queued, and which waits for a place', async () => {
    const { started } = await startWith(200, { tokens: 1000 })
    const { body } = await get(started.id, '?limit=9')
    expect(body.data.taskCounts).toEqual({ PENDING: 8, READY: 5 })
    expect(body.data.tasksPagination).toMatchObject({ totalItems: 13, totalPages: 2 })
    const [first, ...others] = body.data.tasks
    expect(first).toMatchObject({ kind: 'inpaint', state: 'PENDING', attempts: 0, lease: null })
    expect(first.waitsFor).toContain('For a consumer to claim it')
    expect(others.at(-1).waitsFor).toBe(
      'For a place: of one user at most 8 tasks are queued at once.',
    )
    expect((await get(started.id, '?limit=9&page=2')).body.data.tasks).toHaveLength(4)
  })

  it('is told of a busy service, with when it is asked again', async () => {
    const { started } = await startWith(1)
    const busy = consumerWith(
      () => new Response('{}', { status: 503, headers: { 'retry-after': '30' } }),
    )
    await deliver(busy, started.messages)
    const [task] = (await get(started.id)).body.data.tasks
    expect(task).toMatchObject({ state: 'PENDING', lastErrorCode: 'service.busy', attempts: 0 })
    expect(task.waitsFor).toMatch(/^Until .*, when it is run again\.$/)
  })

  it('is told of a service that breaks off, by its own code where it told one', async () => {
    const { started } = await startWith(1)
    const item = failed('0', { retryable: true })
    await deliver(
      consumerWith(() => ndjson([item, end])),
      started.messages,
    )
    const [task] = (await get(started.id)).body.data.tasks
    expect(task).toMatchObject({ lastErrorCode: 'media.undecodable', attempts: 1 })
  })

  it('is told of a run under way, and of one whose holder is dead', async () => {
    const { started } = await startWith(1)
    const claim = { taskId: started.messages[0]?.taskId ?? '', leaseId: 'a' }
    await claimTask(services.database, { ...claim, nowMs: Date.now() })
    const running = (await get(started.id)).body.data.tasks[0]
    expect(running).toMatchObject({ state: 'RUNNING', lease: { isOver: false } })
    expect(running.waitsFor).toContain('For the inference service')
    await env.DB.prepare('UPDATE inference_tasks SET lease_until = ?2 WHERE id = ?1')
      .bind(claim.taskId, Date.now() - taskLeaseMs)
      .run()
    const dead = (await get(started.id)).body.data.tasks[0]
    expect(dead.lease.isOver).toBe(true)
    expect(dead.waitsFor).toContain('For the sweep')
  })

  it('is told of the tasks of a video', async () => {
    const { started } = await startVideos([{ frames: 2 }])
    const { tasks } = (await get(started.id)).body.data
    expect(
      tasks.map(({ kind, waitsFor }: { kind: string; waitsFor: string }) => [
        kind,
        waitsFor.split(' ').slice(0, 4).join(' '),
      ]),
    ).toEqual([
      ['inpaint', 'For a consumer to'],
      ['encode', 'For the last outcome'],
      ['assemble', 'For the end of'],
    ])
  })
})

describe('why items failed', () => {
  it('is told of each, with a count for each code, while the inference still runs', async () => {
    const { started } = await startWith(40, { tokens: 200 })
    await deliver(firstFails, started.messages.slice(0, 2))
    const { data } = (await get(started.id)).body
    expect(data.status).toBe('RUNNING')
    expect(data.failureCounts).toEqual({ 'media.undecodable': 2 })
    expect(data.failedParts).toEqual([
      {
        position: 0,
        kind: 'image',
        name: 'photo 0.png',
        code: 'media.undecodable',
        message: 'The picture cannot be decoded',
      },
      expect.objectContaining({ position: 16 }),
    ])
    expect(data.taskCounts).toEqual({ COMPLETED: 2, PENDING: 1 })
  })
})

describe('an administrator’s abort', () => {
  it('ends anybody’s inference, says who did, and is on record', async () => {
    const { mario, started, look } = await startWith(1)
    const address = `/api/admin/inferences/${started.id}/abort`
    const { status, body } = await request(administrator, 'POST', address)
    expect(status).toBe(200)
    expect(body.data).toEqual(await look())
    expect(body.data).toMatchObject({ status: 'ABORTED', endReason: 'aborted_by_administrator' })
    expect((await request(administrator, 'POST', address)).status).toBe(200)
    const { results } = await env.DB.prepare('SELECT * FROM audit_log WHERE subject_id = ?')
      .bind(started.id)
      .all()
    expect(results).toEqual([
      expect.objectContaining({
        action: 'inference.aborted',
        actor_id: administrator.id,
        actor_role: 'admin',
        owner_id: mario.id,
      }),
    ])
  })
})
