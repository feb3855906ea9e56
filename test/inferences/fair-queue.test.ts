import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { sweepInferences } from '../../src/inferences/sweep-inferences.ts'
import {
  fillLineStatement,
  fillLines,
  passPlaceStatement,
} from '../../src/inferences/tasks/promotions.repository.ts'
import type { TaskMessage } from '../../src/inferences/tasks/tasks.queue.ts'
import { createDatabase } from '../../src/shared/database.ts'
import { allSucceed, createDatasetWithItems, deliver, startHeld } from '../support/inferences.ts'
import { deliverAll, startVideos, videoConsumer } from '../support/videos.ts'
import { createUser, services, type TestUser } from '../support/world.ts'

const queuedMax = services.settings.TASKS_QUEUED_PER_USER

/** How many messages of a queue one run of its consumer takes. */
const batchMax = 4

/** Makes thousands of a running inference's tasks out of its last one: each of one item, all of them ready. */
async function addReadyTasks(inferenceId: string, count: number): Promise<void> {
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO inference_items (inference_id, position, kind, state, image_key, mask_key, image_name, result_key, updated_at)
       SELECT ?1, 1000 + value, 'image', 'PENDING', 'i', 'm', 'n', ?1 || value, 0 FROM json_each(?2)`,
    ).bind(inferenceId, numbers(count)),
    env.DB.prepare(
      `INSERT INTO inference_tasks (id, inference_id, state, first_position, item_count, sent_at, created_at, updated_at)
       SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
         || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
         ?1, 'READY', 1000 + value, 1, 0, 0, 0 FROM json_each(?2)`,
    ).bind(inferenceId, numbers(count)),
    env.DB.prepare('UPDATE inferences SET item_count = item_count + ?2 WHERE id = ?1').bind(
      inferenceId,
      count,
    ),
  ])
}

const numbers = (count: number) =>
  JSON.stringify(Array.from({ length: count }, (_, index) => index))

/** A queue in the order of its messages, whose consumer is run by hand. */
function createQueue() {
  const waiting: TaskMessage[] = []
  const ran: TaskMessage[] = []
  const context = {
    ...allSucceed,
    sendTasks: async (messages: readonly TaskMessage[]) => void waiting.push(...messages),
  }
  const runBatch = async () => {
    const batch = waiting.splice(0, batchMax)
    await deliver(context, batch)
    ran.push(...batch)
  }
  return { waiting, ran, context, runBatch }
}

async function start(user: TestUser, images: number) {
  return startHeld(user, await createDatasetWithItems(user, { images }))
}

async function queuedOf(inferenceId: string): Promise<number> {
  const row = await env.DB.prepare(
    "SELECT count(*) AS n FROM inference_tasks WHERE inference_id = ? AND state IN ('PENDING', 'RUNNING')",
  )
    .bind(inferenceId)
    .first<{ n: number }>()
  return row?.n ?? 0
}

describe('one user’s thousands of items', () => {
  it('keep another’s single picture waiting for no more than the few that are queued', async () => {
    const [anna, mario] = [await createUser({ tokens: 1000 }), await createUser()]
    const queue = createQueue()
    const many = await start(anna, 160)
    await addReadyTasks(many.id, 10_000)
    queue.waiting.push(...many.messages)
    for (let batches = 0; batches < 3; batches += 1) await queue.runBatch()
    expect(await queuedOf(many.id)).toBe(queuedMax)

    const picture = await start(mario, 1)
    queue.waiting.push(...picture.messages)
    const ranBefore = queue.ran.length
    const isMarios = ({ inferenceId }: TaskMessage) => inferenceId === picture.id
    while (!queue.ran.some(isMarios)) await queue.runBatch()
    const between = queue.ran.slice(ranBefore).filter((task) => !isMarios(task))
    expect(between.length).toBeLessThanOrEqual(queuedMax + batchMax)
  }, 120_000)

  it('go on by themselves to the last, though only so many are queued at any time', async () => {
    const anna = await createUser({ tokens: 1000 })
    const queue = createQueue()
    const { id, messages } = await start(anna, 300)
    expect(messages).toHaveLength(queuedMax)
    queue.waiting.push(...messages)
    while (queue.waiting.length > 0) {
      expect(await queuedOf(id)).toBeLessThanOrEqual(queuedMax)
      await queue.runBatch()
    }
    expect(new Set(queue.ran.map((task) => task.taskId)).size).toBe(queue.ran.length)
    const row = await env.DB.prepare(
      'SELECT state, succeeded_count AS n FROM inferences WHERE id = ?',
    )
      .bind(id)
      .first()
    expect(row).toEqual({ state: 'COMPLETED', n: 300 })
  })

  it('leave the user’s other inferences their turns', async () => {
    const anna = await createUser({ tokens: 5000 })
    const queue = createQueue()
    const jobs = [await start(anna, 200), await start(anna, 200), await start(anna, 1)]
    await addReadyTasks(jobs[0]?.id ?? '', 1000)
    queue.waiting.push(...jobs.flatMap((job) => job.messages))
    expect(queue.waiting).toHaveLength(queuedMax)
    // Whose turn it is is drawn by lot: that it is never the picture's in sixty draws of three happens once in 10^10 times.
    for (let batches = 0; batches < 17; batches += 1) await queue.runBatch()
    const ran = jobs.map((job) => queue.ran.filter((task) => task.inferenceId === job.id).length)
    expect(ran.reduce((sum, count) => sum + count, 0)).toBe(17 * batchMax)
    expect(ran[0]).toBeGreaterThan(queuedMax)
    expect(ran[1]).toBeGreaterThan(0)
    expect(ran[2]).toBe(1)
  })

  it('leave them their turns whichever lot is drawn', async () => {
    const anna = await createUser({ tokens: 5000 })
    const jobs = [await start(anna, 600), await start(anna, 600)]
    const drawn = new Set<string>()
    // The largest lots, each for one place more.
    for (let places = 1; places <= 24; places += 1) {
      const lot = `f${crypto.randomUUID().slice(1, 8)}`
      const fill = { userId: anna.id, queuedMax: queuedMax + places, lot, nowMs: Date.now() }
      const [task] = await fillLines(services.database, fill)
      drawn.add(task?.inferenceId ?? 'none')
    }
    expect(drawn).toEqual(new Set(jobs.map((job) => job.id)))
  })

  it('that are queued are counted apart from the videos that are put together', async () => {
    const { mario, started } = await startVideos(
      Array.from({ length: queuedMax + 2 }, () => ({ frames: 1 })),
      { tokens: 1000 },
    )
    const context = videoConsumer()
    const sent: TaskMessage[] = []
    const held: TaskMessage[] = []
    const keeping: typeof context.sendTasks = async (messages) => {
      held.push(...messages.filter((message) => message.kind === 'assemble'))
      const others = messages.filter((message) => message.kind !== 'assemble')
      sent.push(...others)
      context.sent.push(...others)
    }
    await deliverAll({ ...context, sendTasks: keeping }, started.messages)
    expect(held).toHaveLength(queuedMax)
    expect(context.asked('/v1/segments')).toHaveLength(queuedMax + 2)
    const picture = await start(mario, 1)
    expect(picture.messages).toHaveLength(1)
    await deliverAll(context, held)
    expect(context.asked('/v1/assemble')).toHaveLength(queuedMax + 2)
  })
})

describe('places in the queue', () => {
  it('are never more than there are when many inferences start and end at once', async () => {
    const anna = await createUser({ tokens: 5000 })
    const name = await createDatasetWithItems(anna, { images: 40 })
    const jobs = await Promise.all(Array.from({ length: 10 }, () => startHeld(anna, name)))
    const queued = jobs.flatMap((job) => job.messages)
    expect(queued).toHaveLength(queuedMax)
    expect(new Set(queued.map((task) => task.taskId)).size).toBe(queuedMax)
    const queue = createQueue()
    queue.waiting.push(...queued)
    while (queue.waiting.length > 0) {
      await deliver(queue.context, queue.waiting.splice(0))
      const counts = await Promise.all(jobs.map((job) => queuedOf(job.id)))
      expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(queuedMax)
    }
    for (const job of jobs) {
      const row = await env.DB.prepare('SELECT state FROM inferences WHERE id = ?')
        .bind(job.id)
        .first()
      expect(row).toEqual({ state: 'COMPLETED' })
    }
  })

  it('that a task frees are given on once, though its holder’s lease was taken before', async () => {
    const anna = await createUser({ tokens: 5000 })
    const { id, messages } = await start(anna, 200)
    const [message] = messages
    const late = {
      ...allSucceed,
      service: {
        async inpaint() {
          await env.DB.prepare("UPDATE inference_tasks SET lease_id = 'another' WHERE id = ?")
            .bind(message?.taskId)
            .run()
          return { kind: 'ended' as const }
        },
      },
    }
    await deliver(late, [message])
    expect(await queuedOf(id)).toBe(queuedMax)
  })

  it('that there are more of than before are filled by the sweep', async () => {
    const anna = await createUser({ tokens: 5000 })
    const { id } = await start(anna, 300)
    const sent: string[] = []
    const settings = { ...services.settings, TASKS_QUEUED_PER_USER: queuedMax + 3 }
    const sendTasks = async (messages: readonly TaskMessage[]) =>
      void sent.push(...messages.filter((one) => one.inferenceId === id).map((one) => one.taskId))
    await sweepInferences({ ...services, settings, sendTasks })
    expect(sent).toHaveLength(3)
    await sweepInferences({ ...services, settings, sendTasks })
    expect(sent).toHaveLength(3)
    expect(await queuedOf(id)).toBe(queuedMax + 3)
  })
})

describe('the end of a task', () => {
  it('reads no more rows of thousands of tasks than of dozens', async () => {
    const rowsRead = async (tasks: number) => {
      const anna = await createUser({ tokens: 1000 })
      const { id, messages } = await start(anna, 160)
      await addReadyTasks(id, tasks)
      let rows = 0
      const raw = new Proxy(services.database.raw, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name)
          if (typeof value !== 'function') return value
          if (name !== 'batch') return value.bind(target)
          return async (statements: D1PreparedStatement[]) => {
            const results = await target.batch(statements)
            for (const { meta } of results) rows += meta.rows_read
            return results
          }
        },
      })
      await deliver(
        { ...allSucceed, database: { ...services.database, raw } },
        messages.slice(0, 1),
      )
      return rows
    }
    const few = await rowsRead(50)
    expect(await rowsRead(5000)).toBeLessThanOrEqual(few + 10)
  })
})

describe('the statement that queues tasks', () => {
  it.each(['filling all places', 'passing one on'] as const)(
    'reads by index alone: %s',
    async (which) => {
      const prepared: string[] = []
      const raw = {
        prepare: (sql: string) => {
          prepared.push(sql)
          return env.DB.prepare(sql)
        },
      }
      const database = createDatabase(raw as unknown as D1Database)
      const holder = { id: 't', leaseId: 'l', userId: 'u' }
      if (which === 'passing one on') {
        passPlaceStatement(database, { holder, nowMs: 1, line: 'tasks' })
      } else fillLineStatement(database, { userId: 'u', queuedMax: 8, nowMs: 1, line: 'videos' })
      const [sql = ''] = prepared
      const count = which === 'passing one on' ? 5 : 4
      const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...Array.from({ length: count }, () => null))
        .all<{ detail: string }>()
      const steps = results.map(({ detail }) => detail)
      // What is walked and counted lies in memory: as much as there are places, and one row.
      expect(steps.filter((step) => /^SCAN/.test(step) && !/^SCAN (line|room)/.test(step))).toEqual(
        [],
      )
      expect(steps.join('\n')).toContain('inference_tasks_ready')
      expect(steps.join('\n')).toContain('inferences_open_by_user')
    },
  )
})
