import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { sweepIdempotencyKeys } from '../../src/idempotency/sweep-idempotency-keys.ts'
import { createKey, holdAfterClaim, isReplayed, later, post } from '../support/keyed.ts'
import { createPerson, createRegistration } from '../support/people.ts'
import { createUser } from '../support/world.ts'

const createDataset = async (token: string, key: string, name = 'photos') =>
  post({ path: '/api/datasets', token, key, json: { name } })

const readRow = (key: string) =>
  env.DB.prepare('SELECT * FROM idempotency_keys WHERE key = ?')
    .bind(key)
    .first<Record<string, string | number | null>>()

describe('an Idempotency-Key', () => {
  it.each(['k', '!', 'x'.repeat(255), 'invoice/2026:11?a=b&c', createKey()])(
    'may be %j, in quotation marks or without',
    async (key) => {
      const { token } = await createPerson()
      expect((await createDataset(token, key)).status).toBe(201)
      expect(isReplayed(await createDataset(token, `"${key}"`))).toBe(true)
    },
  )

  it.each(['', ' ', '"', '""', '"a', 'a"', 'a"b', 'a b', 'a\\b', 'a, b', 'a\tb', 'x'.repeat(256)])(
    'may not be %j, and nothing is made',
    async (key) => {
      const { user, token } = await createPerson()
      const refused = await createDataset(token, key)
      expect([refused.status, refused.body.code]).toEqual([400, 'idempotency.key_invalid'])
      expect(refused.body.message).toContain('1 to 255 visible ASCII characters')
      const made = await env.DB.prepare('SELECT 1 FROM datasets WHERE user_id = ?')
        .bind(user.id)
        .first()
      expect(made).toBeNull()
    },
  )

  it('given twice in one request is refused', async () => {
    const { token } = await createPerson()
    const headers = new Headers({ 'idempotency-key': 'one' })
    headers.append('idempotency-key', 'two')
    const sent = { path: '/api/datasets', token, json: { name: 'photos' } }
    const refused = await post({ ...sent, headers: Object.fromEntries(headers) })
    expect(refused.body.code).toBe('idempotency.key_invalid')
  })

  it('is nothing to who may not come in, nor to a request that its schema refuses', async () => {
    const { token } = await createPerson()
    const key = createKey()
    expect((await createDataset('rubbish', key)).status).toBe(401)
    const wrong = await post({
      path: '/api/uploads',
      token,
      key,
      json: { fileName: 'a', bytes: 0 },
    })
    expect(wrong.status).toBe(400)
    expect(await readRow(key)).toBeNull()
    expect((await createDataset(token, key)).status).toBe(201)
  })

  it('of a refused request is free, for the same content and for other', async () => {
    const { token } = await createPerson()
    await createDataset(token, createKey(), 'photos')
    const key = createKey()
    const refused = await createDataset(token, key, 'photos')
    expect(refused.body.code).toBe('datasets.name_taken')
    const other = await createDataset(token, key, 'pictures')
    expect([other.status, isReplayed(other)]).toEqual([201, false])
  })

  it('is held as long as its request is worked on, and no longer than any request lives', async () => {
    const { token } = await createPerson()
    const key = createKey()
    const { using, claimed, release } = holdAfterClaim()
    let minutes = 0
    const clock = { nowMs: () => Date.now() + minutes * 60_000 }
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const sent = { path: '/api/datasets', token, key, json: { name: 'photos' } }
      const held = post(sent, { ...using, clock })
      await claimed
      const leaseSeconds = async () =>
        (Number((await readRow(key))?.lease_until) - Date.now()) / 1000
      expect(await leaseSeconds()).toBeCloseTo(60, -1)
      minutes = 19
      vi.advanceTimersByTime(15_000)
      await expect.poll(leaseSeconds).toBeGreaterThan(19 * 60)
      minutes = 21
      vi.advanceTimersByTime(60_000)
      expect(await leaseSeconds()).toBeLessThan(21 * 60)
      release()
      expect((await held).status).toBe(201)
    } finally {
      vi.useRealTimers()
    }
    expect(isReplayed(await createDataset(token, key))).toBe(true)
  })

  it('of one route is refused on another', async () => {
    const { token } = await createPerson()
    const key = createKey()
    await createDataset(token, key)
    const json = { fileName: 'a.mp4', bytes: 12_000_000 }
    const refused = await post({ path: '/api/uploads', token, key, json })
    expect([refused.status, refused.body.code]).toEqual([422, 'idempotency.key_reused'])
    expect(
      isReplayed(await post({ path: '/api/datasets/', token, key, json: { name: 'photos' } })),
    ).toBe(true)
  })

  it("of one user is another's own", async () => {
    const [mario, anna] = [await createPerson(), await createPerson()]
    const key = createKey()
    const answers = [await createDataset(mario.token, key), await createDataset(anna.token, key)]
    expect(answers.map(({ status }) => status)).toEqual([201, 201])
    expect(answers[1]?.body.dataset.userId).toBe(anna.user.id)
  })
})

describe('what is kept of a request', () => {
  it('holds no password, and no content that could be found by trying', async () => {
    const key = createKey()
    const json = createRegistration()
    await post({ path: '/api/users/user', key, json })
    const row = JSON.stringify(await readRow(key))
    expect(row).not.toContain(json.password)
    const digest = await crypto.subtle.digest(
      'SHA-256',
      new TextEncoder().encode(JSON.stringify(json)),
    )
    expect(row).not.toContain(Buffer.from(digest).toString('hex'))
    expect(String((await readRow(key))?.owner)).not.toContain(json.email)
  })

  it('tells a registration again only to who knows all of it', async () => {
    const key = createKey()
    const json = createRegistration()
    const first = await post({ path: '/api/users/user', key, json })
    const guessed = await post({
      path: '/api/users/user',
      key,
      json: { ...json, password: 'Guessed1!' },
    })
    expect(guessed.status).toBe(422)
    expect(JSON.stringify(guessed.body)).not.toContain(first.body.data.id)
    const elsewhere = createRegistration()
    const other = await post({ path: '/api/users/user', key, json: elsewhere })
    expect([other.status, isReplayed(other)]).toEqual([201, false])
  })

  it('is deleted after a day by the sweep, some at a time, and not before', async () => {
    const { token } = await createPerson()
    const key = createKey()
    await createDataset(token, key)
    await sweepIdempotencyKeys(later(24 * 60 - 1))
    expect(await readRow(key)).not.toBeNull()
    await sweepIdempotencyKeys(later(24 * 60 + 1))
    expect(await readRow(key)).toBeNull()
  })

  it('is deleted with the thousands that a minute of uploads may bring', async () => {
    await env.DB.prepare(
      `INSERT INTO idempotency_keys (owner, key, route, subject_id, created_at, expires_at)
       SELECT 'busy', value, 'POST /api/datasets', value, 0, 1 FROM json_each(?)`,
    )
      .bind(JSON.stringify(Array.from({ length: 9000 }, (_, index) => index)))
      .run()
    await sweepIdempotencyKeys(later(0))
    const row = await env.DB.prepare(
      "SELECT count(*) AS n FROM idempotency_keys WHERE owner = 'busy'",
    ).first<{ n: number }>()
    expect(row?.n).toBe(0)
  })

  it('is claimed, kept and swept by indexes', async () => {
    const { results } = await env.DB.prepare(
      'EXPLAIN QUERY PLAN SELECT rowid FROM idempotency_keys WHERE expires_at <= 1 AND coalesce(lease_until, 0) < 1 ORDER BY expires_at LIMIT 5',
    ).all<{ detail: string }>()
    expect(results.map(({ detail }) => detail)).toEqual([
      expect.stringContaining('USING INDEX idempotency_keys_by_expiry'),
    ])
  })

  it('is not kept where the answer is longer than what is kept: it is made again from what is there', async () => {
    const user = await createUser()
    const key = createKey()
    const json = { name: 'photos', tags: Array.from({ length: 20 }, (_, index) => `tag ${index}`) }
    const sent = { path: '/api/datasets', token: user.accessToken, key, json }
    const first = await post(sent)
    await env.DB.prepare('UPDATE idempotency_keys SET status = NULL, body = NULL WHERE key = ?')
      .bind(key)
      .run()
    const again = await post(sent)
    expect(again.body).toEqual(first.body)
  })
})
