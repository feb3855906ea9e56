import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { inferenceDeadlineMs } from '../../../src/inferences/inferences.lifecycle.ts'
import { findInferenceById } from '../../../src/inferences/inferences.repository.ts'
import { sweepInferences } from '../../../src/inferences/sweep-inferences.ts'
import type { TaskMessage } from '../../../src/inferences/tasks/tasks.queue.ts'
import {
  allSucceed,
  consumerWith,
  deliver,
  end,
  failed,
  ndjson,
  startWith,
  succeeded,
} from '../../support/inferences.ts'
import { startVideos } from '../../support/videos.ts'
import { balanceOf, createUser, request, services, type TestUser } from '../../support/world.ts'

let administrator: TestUser

beforeAll(async () => {
  administrator = await createUser({ role: 'admin' })
})

const retry = (id: string, headers: Record<string, string> = {}) =>
  request(administrator, 'POST', `/api/admin/inferences/${id}/retry`, { headers })

/** A service at which the items at these positions fail for good, and the others succeed. */
const failingAt = (...positions: number[]) =>
  consumerWith((call) =>
    ndjson([
      ...call.items.map(({ id }) => (positions.includes(Number(id)) ? failed(id) : succeeded(id))),
      end,
    ]),
  )

async function messagesOf(inferenceId: string): Promise<TaskMessage[]> {
  const { results } = await env.DB.prepare(
    "SELECT id AS taskId, inference_id AS inferenceId, kind FROM inference_tasks WHERE inference_id = ? AND state = 'PENDING'",
  )
    .bind(inferenceId)
    .all<TaskMessage>()
  return results
}

/** An inference of that many images, of which those at the positions failed. */
async function startFailed(images: number, ...positions: number[]) {
  const inference = await startWith(images, { tokens: 500 })
  await deliver(failingAt(...positions), inference.started.messages)
  return inference
}

describe('a retry of failed items', () => {
  it('is a new inference of these alone, for the same user, dataset, model and parameters', async () => {
    const { mario, started, look } = await startFailed(40, 3, 17, 39)
    const before = await balanceOf(mario)
    const { status, body } = await retry(started.id)
    expect(status).toBe(201)
    const original = await look()
    expect(body.data).toMatchObject({
      status: 'PENDING',
      retryOf: started.id,
      userId: mario.id,
      datasetId: original.datasetId,
      modelId: original.modelId,
      itemCount: 3,
    })
    expect(body.data.parameters.tokenCost).toBe(8.25)
    expect(await balanceOf(mario)).toBe(before - 8.25)
    const asked: string[] = []
    const context = consumerWith((call) => {
      asked.push(...call.items.map((item) => item.id))
      return ndjson([...call.items.map(({ id }) => succeeded(id)), end])
    })
    await deliver(context, await messagesOf(body.data.id))
    expect(asked).toEqual(['3', '17', '39'])
    const results = await request(mario, 'GET', `/api/inferences/${body.data.id}/results`)
    expect(results.body.data.status).toBe('COMPLETED')
    const outputs: string[] = results.body.data.images.map(
      ({ outputPath }: { outputPath: string }) => outputPath,
    )
    expect(outputs).toHaveLength(3)
    for (const path of outputs) expect(path).toContain(`/${body.data.id}/processed_`)
    expect(await balanceOf(mario)).toBe(before - 8.25)
  })

  it('is on record, and shown to its owner', async () => {
    const { mario, started } = await startFailed(1, 0)
    const { body } = await retry(started.id)
    const { results } = await env.DB.prepare('SELECT * FROM audit_log WHERE subject_id = ?')
      .bind(started.id)
      .all<{ details: string }>()
    expect(results).toEqual([
      expect.objectContaining({ action: 'inference.retried', actor_id: administrator.id }),
    ])
    expect(JSON.parse(results[0]?.details ?? '')).toEqual({ retryId: body.data.id, items: 1 })
    const shown = await request(mario, 'GET', `/api/inferences/${body.data.id}`)
    expect(shown.body.data.retryOf).toBe(started.id)
  })

  it('tries again what failed at the deadline', async () => {
    const { started } = await startWith(2)
    await sweepInferences({
      ...services,
      clock: { nowMs: () => Date.now() + inferenceDeadlineMs + 1000 },
    })
    expect((await retry(started.id)).body.data).toMatchObject({ itemCount: 2 })
  })

  it('fills the frames of a video one by one, at their price, and puts no video together', async () => {
    const { mario, started } = await startVideos([{ frames: 3 }])
    await deliver(failingAt(0, 2), started.messages.slice(0, 1))
    await request(mario, 'POST', `/api/inferences/${started.id}/abort`)
    const { body } = await retry(started.id)
    expect(body.data.parameters.tokenCost).toBe(3)
    await deliver(allSucceed, await messagesOf(body.data.id))
    expect(await findInferenceById(services.database, body.data.id)).toMatchObject({
      state: 'COMPLETED',
      succeededCount: 2,
      spent: 3000,
    })
  })

  it('is refused while the inference runs', async () => {
    const { started } = await startWith(1)
    const { status, body } = await retry(started.id)
    expect(status).toBe(409)
    expect(body).toMatchObject({ code: 'inferences.not_ended', status: 'PENDING' })
  })

  it('is refused where nothing failed', async () => {
    const { started } = await startFailed(2)
    const { status, body } = await retry(started.id)
    expect(status).toBe(409)
    expect(body.code).toBe('inferences.nothing_to_retry')
    expect(body.message).toContain('none of its 2 items failed')
  })

  it('is refused while another runs, of the same or of a retry of it', async () => {
    const { started } = await startFailed(2, 0, 1)
    const first = (await retry(started.id)).body.data.id
    expect((await retry(started.id)).body).toMatchObject({
      code: 'inferences.retry_running',
      inferenceId: first,
    })
    await deliver(failingAt(0), await messagesOf(first))
    const second = (await retry(first)).body.data
    expect(second.itemCount).toBe(1)
    expect((await retry(started.id)).body).toMatchObject({ inferenceId: second.id })
  })

  it('charges no item twice: what an earlier retry made is left out', async () => {
    const { mario, started } = await startFailed(3, 0, 1, 2)
    const first = (await retry(started.id)).body.data.id
    await deliver(failingAt(2), await messagesOf(first))
    const balance = await balanceOf(mario)
    const second = (await retry(started.id)).body.data
    expect(second).toMatchObject({ itemCount: 1, retryOf: started.id })
    expect(await balanceOf(mario)).toBe(balance - 2.75)
    await deliver(allSucceed, await messagesOf(second.id))
    for (const id of [started.id, first]) {
      const { status, body } = await retry(id)
      expect(status).toBe(409)
      expect(body.message).toContain('was made by an earlier retry')
    }
    expect(await balanceOf(mario)).toBe(balance - 2.75)
  })

  it('is begun once when it is asked for many times at once, and the others charge nothing', async () => {
    const { mario, started } = await startFailed(4, 0, 1)
    const balance = await balanceOf(mario)
    const answers = await Promise.all(Array.from({ length: 6 }, () => retry(started.id)))
    const codes = answers.map(({ status }) => status).sort()
    expect(codes).toEqual([201, 409, 409, 409, 409, 409])
    expect(await balanceOf(mario)).toBe(balance - 5.5)
  })

  it('answers the same again to the same Idempotency-Key', async () => {
    const { started } = await startFailed(1, 0)
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const first = await retry(started.id, headers)
    const again = await retry(started.id, headers)
    expect(again.status).toBe(201)
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
  })

  it('is refused where the owner cannot pay, and starts nothing', async () => {
    const mario = await startWith(1, { tokens: 3 })
    await deliver(failingAt(0), mario.started.messages)
    await services.ledger.reserve(mario.mario.id, {
      operationId: `spend_${crypto.randomUUID()}`,
      operationType: 'inference',
      amount: (await services.ledger.balance(mario.mario.id)) as never,
    })
    const { status, body } = await retry(mario.started.id)
    expect(status).toBe(409)
    expect(body).toMatchObject({
      code: 'inferences.owner_cannot_pay',
      message: expect.stringContaining(
        'has 0 tokens, and trying its failed items again costs 2.75',
      ),
      required: 2.75,
    })
  })

  it('is refused where the dataset was deleted', async () => {
    const { mario, started, look } = await startFailed(1, 0)
    const { datasetName } = await look()
    await request(mario, 'DELETE', `/api/datasets/${encodeURIComponent(datasetName)}`)
    const balance = await balanceOf(mario)
    const { status, body } = await retry(started.id)
    expect(status).toBe(409)
    expect(body.code).toBe('inferences.dataset_gone')
    expect(await balanceOf(mario)).toBe(balance)
  })
})
