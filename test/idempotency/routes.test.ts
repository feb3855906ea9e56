import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import {
  breakAt,
  createKey,
  endLease,
  holdAfterClaim,
  isReplayed,
  later,
  post,
  type Sent,
} from '../support/keyed.ts'
import { createAdministrator, createPerson, createRegistration } from '../support/people.ts'
import { type Answer, services } from '../support/world.ts'

/** A request that makes something, another that is like it, and how often it has taken effect. */
interface Story {
  readonly sent: Sent
  /** The same address with other content. */
  readonly other: Sent
  readonly countEffects: () => Promise<number>
}

const count = async (sql: string, ...values: unknown[]) =>
  (
    await env.DB.prepare(sql)
      .bind(...values)
      .first<{ count: number }>()
  )?.count ?? 0

const routes: [string, () => Promise<Story>][] = [
  [
    'a dataset',
    async () => {
      const { user, token } = await createPerson()
      const sent = { path: '/api/datasets', token, json: { name: 'photos', tags: ['old'] } }
      return {
        sent,
        other: { ...sent, json: { name: 'pictures' } },
        countEffects: () =>
          count('SELECT count(*) AS count FROM datasets WHERE user_id = ?', user.id),
      }
    },
  ],
  [
    'a file in parts',
    async () => {
      const { user, token } = await createPerson()
      const sent = { path: '/api/uploads', token, json: { fileName: 'a.mp4', bytes: 12_000_000 } }
      return {
        sent,
        other: { ...sent, json: { fileName: 'a.mp4', bytes: 12_000_001 } },
        countEffects: () =>
          count('SELECT count(*) AS count FROM file_uploads WHERE user_id = ?', user.id),
      }
    },
  ],
  [
    'a registration',
    async () => {
      const json = createRegistration()
      const sent = { path: '/api/users/user', json }
      return {
        sent,
        other: { ...sent, json: { ...json, password: 'Another1!' } },
        countEffects: () =>
          count('SELECT count(*) AS count FROM users WHERE email = ?', json.email),
      }
    },
  ],
  [
    'a recharge',
    async () => {
      const { token } = await createAdministrator()
      const { user } = await createPerson({ tokens: 1 })
      const sent = { path: '/api/admin/user-tokens', token, json: { email: user.email, amount: 5 } }
      return {
        sent,
        other: { ...sent, json: { email: user.email, amount: 6 } },
        countEffects: async () => ((await services.ledger.balance(user.id)) - 1000) / 5000,
      }
    },
  ],
]

const sendTogether = (count: number, send: () => Promise<Answer>) =>
  Promise.all(Array.from({ length: count }, send))

describe.each(routes)('%s under an Idempotency-Key', (_, createStory) => {
  it('that is sent again takes effect once and is answered as the first time, marked', async () => {
    const { sent, countEffects } = await createStory()
    const key = createKey()
    const first = await post({ ...sent, key })
    expect(first.status).toBeLessThan(300)
    expect(isReplayed(first)).toBe(false)
    for (const quoting of [key, `"${key}"`]) {
      const again = await post({ ...sent, key: quoting })
      expect(again.status).toBe(first.status)
      expect(again.body).toEqual(first.body)
      expect(isReplayed(again)).toBe(true)
      expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
    }
    expect(await countEffects()).toBe(1)
  })

  it('with other content is refused with 422, and changes nothing', async () => {
    const { sent, other, countEffects } = await createStory()
    const key = createKey()
    await post({ ...sent, key })
    const refused = await post({ ...other, key })
    expect(refused.status).toBe(422)
    expect(refused.body).toMatchObject({ success: false, code: 'idempotency.key_reused' })
    expect(isReplayed(await post({ ...sent, key }))).toBe(true)
    expect(await countEffects()).toBe(1)
  })

  it('that is still in flight is refused with 409 and when to come again', async () => {
    const { sent, other, countEffects } = await createStory()
    const key = createKey()
    const { using, claimed, release } = holdAfterClaim()
    const held = post({ ...sent, key }, using)
    await claimed
    const second = await post({ ...sent, key })
    expect(second.status).toBe(409)
    expect(second.body.code).toBe('idempotency.in_flight')
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await post({ ...other, key })).status).toBe(422)
    release()
    const first = await held
    expect((await post({ ...sent, key })).body).toEqual(first.body)
    expect(await countEffects()).toBe(1)
  })

  it('that broke off is refused with 422 for other content, and goes on with its own', async () => {
    const { sent, other, countEffects } = await createStory()
    const key = createKey()
    const { using, claimed } = holdAfterClaim()
    void post({ ...sent, key }, using)
    await claimed
    await endLease(key)
    expect((await post({ ...other, key })).status).toBe(422)
    expect(await countEffects()).toBe(0)
    expect((await post({ ...sent, key })).status).toBeLessThan(300)
    expect(await countEffects()).toBe(1)
  })

  it('that was held for dead, and sent again, takes effect once when it goes on', async () => {
    const { sent, countEffects } = await createStory()
    const key = createKey()
    const { using, claimed, release } = holdAfterClaim()
    const held = post({ ...sent, key }, using)
    await claimed
    await endLease(key)
    const second = await post({ ...sent, key })
    expect(second.status).toBeLessThan(300)
    release()
    // It finds what the second has made, and is no other's answer.
    expect((await held).status).toBe(second.status)
    expect((await post({ ...sent, key })).body).toEqual(second.body)
    expect(await countEffects()).toBe(1)
  })

  it('that sixteen requests send at once takes effect once', async () => {
    const { sent, countEffects } = await createStory()
    const key = createKey()
    const answers = await sendTogether(16, () => post({ ...sent, key }))
    const done = answers.filter(({ status }) => status < 300)
    expect(done.length).toBeGreaterThan(0)
    expect(done.filter((answer) => !isReplayed(answer))).toHaveLength(1)
    expect(answers.filter(({ status }) => status >= 300 && status !== 409)).toEqual([])
    expect(await countEffects()).toBe(1)
  })

  it('is a request of its own after a day', async () => {
    const { sent, countEffects } = await createStory()
    const key = createKey()
    await post({ ...sent, key })
    const before = await post({ ...sent, key }, later(24 * 60 - 1))
    expect(isReplayed(before)).toBe(true)
    const after = await post({ ...sent, key }, later(24 * 60 + 1))
    expect(isReplayed(after)).toBe(false)
    // What may be there only once is refused for what is there.
    expect(await countEffects()).toBe(after.status < 300 ? 2 : 1)
  })

  it.each(['fails', 'answer is lost', 'dies'] as const)(
    'takes effect once whatever step breaks (%s), when it is sent again',
    async (mode) => {
      let steps = 0
      for (let at = 1; ; at += 1) {
        const { sent, countEffects } = await createStory()
        const key = createKey()
        const { using, calls, died } = breakAt({ at, mode })
        await Promise.race([post({ ...sent, key }, using), died])
        if (calls.length < at) break
        await endLease(key)
        const again = await post({ ...sent, key })
        expect(again.status, `step ${at}: ${calls[at - 1]}`).toBeLessThan(300)
        const third = await post({ ...sent, key })
        expect(third.body).toEqual(again.body)
        expect(isReplayed(third)).toBe(true)
        expect(await countEffects(), `step ${at}: ${calls[at - 1]}`).toBe(1)
        steps = at
      }
      expect(steps).toBeGreaterThanOrEqual(4)
    },
  )
})
