import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addFindings, type Finding, findingsMax } from '../../src/reconciliation/findings.rules.ts'
import { stepReconciliation, sweepReconciliation } from '../../src/reconciliation/reconcile.ts'
import { reconciliationLeaseMs } from '../../src/reconciliation/reconciliations.lifecycle.ts'
import {
  findReconciliation,
  listReconciliations,
} from '../../src/reconciliation/reconciliations.repository.ts'
import { forgetEverything } from '../support/forget.ts'
import { createUser, request, services, type TestUser } from '../support/world.ts'
import { change, context, day, hour, later, start } from './reconcile-world.ts'

const find = (id: string) => findReconciliation(services.database, id)
const all = async () => (await listReconciliations(services.database, { page: 1, limit: 100 })).rows

let mario: TestUser

beforeAll(forgetEverything)

beforeEach(async () => {
  await change('DELETE FROM reconciliations')
  mario = await createUser()
  await services.ledger.flush(mario.id)
})

describe('a reconciliation in steps', () => {
  it('goes a page in every step at least, and comes to its end', async () => {
    const id = await start()
    for (let step = 0; step < 20; step += 1) await stepReconciliation(context, 0)
    expect(await find(id)).toMatchObject({ state: 'COMPLETED', unrepairedCount: 0 })
  })

  it('is stepped by one at a time', async () => {
    const id = await start()
    await change(
      'UPDATE reconciliations SET lease_id = ?1, lease_until = ?2',
      'other',
      Date.now() + hour,
    )
    await stepReconciliation(context, hour)
    expect(await find(id)).toMatchObject({ state: 'RUNNING', accountsChecked: 0, leaseId: 'other' })
  })

  it('goes on where a step died, when its lease is over, and finds each thing once', async () => {
    const id = await start()
    await change('DELETE FROM token_accounts WHERE user_id = ?1', mario.id)
    const deadly = { ...services.media, list: () => hangForEver() }
    void stepReconciliation({ ...context, media: deadly }, hour)
    await expect
      .poll(async () => JSON.parse((await find(id))?.cursor ?? '{}').stage)
      .toBe('objects')
    await stepReconciliation(context, hour)
    expect((await find(id))?.state).toBe('RUNNING')
    await stepReconciliation(later(reconciliationLeaseMs + 1000), hour)
    const row = await find(id)
    expect(row).toMatchObject({ state: 'COMPLETED', repairedCount: 1 })
    expect(JSON.parse(row?.findings ?? '')).toHaveLength(1)
  })

  it('leaves accounts to the next step before it has asked the database a thousand times', async () => {
    const many = 120
    await change(
      `INSERT INTO users
       SELECT 'many-' || value, name, surname, 'many-' || value, 'many-' || value, password_hash, role, access_version,
         created_at, updated_at, deleted_at
       FROM users JOIN json_each(?1) WHERE users.id = ?2`,
      JSON.stringify(Array.from({ length: many }, (_, index) => index)),
      mario.id,
    )
    const id = await start()
    await stepReconciliation(context, hour)
    expect(await find(id)).toMatchObject({ state: 'RUNNING', accountsChecked: 100 })
    await stepReconciliation(context, hour)
    expect(await find(id)).toMatchObject({ state: 'COMPLETED' })
    await change("DELETE FROM users WHERE id LIKE 'many-%'")
    expect((await find(id))?.accountsChecked).toBeGreaterThan(many)
  })

  it('gives its lease back when a store breaks, so that the next step need not wait', async () => {
    const id = await start()
    const media = { ...services.media, list: () => breakAtOnce() }
    await expect(stepReconciliation({ ...context, media }, hour)).rejects.toThrow('is away')
    expect(await find(id)).toMatchObject({ state: 'RUNNING', leaseId: null })
    await stepReconciliation(context, hour)
    expect(await find(id)).toMatchObject({ state: 'COMPLETED' })
  })

  it('keeps a bounded list of findings, what could not be repaired before all else', () => {
    const finding = (repaired: boolean): Finding => ({
      code: 'media.object_missing',
      repaired,
      count: 1,
      ids: ['x'],
      message: '',
    })
    const known = Array.from({ length: findingsMax }, () => finding(true))
    const kept = addFindings(known, [finding(false), finding(true)])
    expect(kept).toHaveLength(findingsMax)
    expect(kept[0]?.repaired).toBe(false)
  })
})

describe('the daily reconciliation', () => {
  it('is started by the sweep, once a day, whoever started the last one', async () => {
    await sweepReconciliation(context)
    await sweepReconciliation(context)
    expect(await all()).toHaveLength(1)
    expect((await all())[0]).toMatchObject({ startedBy: 'system', state: 'COMPLETED' })
    await sweepReconciliation(later(day - hour))
    expect(await all()).toHaveLength(1)
    await sweepReconciliation(later(day + hour))
    expect(await all()).toHaveLength(2)
  })

  it('is begun anew when one has not come to its end in a day', async () => {
    const id = await start()
    await change(
      'UPDATE reconciliations SET lease_id = ?1, lease_until = ?2',
      'other',
      Date.now() + 9 * day,
    )
    await sweepReconciliation(later(day + hour))
    expect(await find(id)).toMatchObject({ state: 'FAILED', leaseId: null })
    expect((await all()).map(({ state }) => state)).toEqual(['COMPLETED', 'FAILED'])
  })
})

describe('administrators', () => {
  const path = '/api/admin/reconciliations'

  it('start one, are told what it found, and are on record for it', async () => {
    const anna = await createUser({ role: 'admin' })
    await services.ledger.flush(anna.id)
    await change('DELETE FROM token_accounts WHERE user_id = ?1', mario.id)
    const started = await request(anna, 'POST', path)
    expect(started.status).toBe(202)
    expect(started.body.data).toMatchObject({
      startedBy: anna.id,
      state: 'COMPLETED',
      stage: null,
      repairedCount: 1,
      findings: [{ code: 'projection.balance_wrong', repaired: true, ids: [mario.id] }],
    })
    const { id } = started.body.data
    expect((await request(anna, 'GET', `${path}/${id}`)).body.data).toEqual(started.body.data)
    const listed = (await request(anna, 'GET', `${path}?limit=1`)).body.data
    expect(listed.reconciliations[0]).toMatchObject({ id, repairedCount: 1 })
    expect(listed.pagination).toMatchObject({ totalItems: 1 })
    const logged = await env.DB.prepare('SELECT * FROM audit_log WHERE subject_id = ?')
      .bind(id)
      .all()
    expect(logged.results).toEqual([
      expect.objectContaining({
        actor_id: anna.id,
        actor_role: 'admin',
        action: 'reconciliation.started',
      }),
    ])
  })

  it('get the one that runs when they start another, and nothing is written', async () => {
    const anna = await createUser({ role: 'admin' })
    const id = await start()
    await change(
      'UPDATE reconciliations SET lease_id = ?1, lease_until = ?2',
      'other',
      Date.now() + hour,
    )
    const again = await request(anna, 'POST', path)
    expect(again.status).toBe(200)
    expect(again.body.data).toMatchObject({ id, state: 'RUNNING', stage: 'accounts' })
    expect(await all()).toHaveLength(1)
    const logged = env.DB.prepare('SELECT * FROM audit_log WHERE actor_id = ?').bind(anna.id)
    expect((await logged.all()).results).toEqual([])
  })

  it.each(['sweep', 'x', crypto.randomUUID()])(
    'are told that there is no reconciliation %s',
    async (id) => {
      const anna = await createUser({ role: 'admin' })
      const answer = await request(anna, 'GET', `${path}/${id}`)
      expect(answer).toMatchObject({ status: 404, body: { code: 'reconciliation.not_found' } })
    },
  )

  it.each([
    ['POST', path],
    ['GET', path],
    ['GET', `${path}/${crypto.randomUUID()}`],
  ])('alone may: %s %s refuses users and strangers', async (method, route) => {
    expect((await request(null, method, route)).status).toBe(401)
    expect((await request(mario, method, route)).status).toBe(403)
    expect(await all()).toEqual([])
  })
})

async function* hangForEver(): AsyncGenerator<never> {
  await new Promise(() => undefined)
}

// biome-ignore lint/correctness/useYield: it never comes to one
async function* breakAtOnce(): AsyncGenerator<never> {
  throw new Error('the media store is away')
}
