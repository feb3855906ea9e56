import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { createArchive } from '../media/archives/archive-builder.ts'
import { recover } from '../support/ingestions.ts'
import {
  breakAt,
  createKey,
  endLease,
  holdAfterClaim,
  isReplayed,
  later,
  post,
} from '../support/keyed.ts'
import { sendInParts } from '../support/parts.ts'
import {
  createForm,
  createUploader,
  listItems,
  listStored,
  mask,
  picture,
} from '../support/uploads.ts'
import { type Answer, balanceOf, services, type TestUser } from '../support/world.ts'

let mario: TestUser

beforeEach(async () => {
  mario = await createUploader()
})

type Parts = Parameters<typeof createForm>[0]

const archive = createArchive([
  { name: 'a/image_1.png', content: picture },
  { name: 'a/mask_1.png', content: mask },
])
/** Longer than what an upload holds in memory. */
const long = createArchive([
  { name: 'a/image_1.png', content: picture },
  { name: 'a/mask_1.png', content: mask },
  { name: 'a/notes.txt', content: crypto.getRandomValues(new Uint8Array(65_536)) },
])

const send = (key: string, parts: Parts, using?: Services, user = mario): Promise<Answer> =>
  post(
    {
      path: '/api/datasets/data',
      token: user.accessToken,
      key,
      form: () => createForm({ datasetName: 'photos', ...parts }),
    },
    using,
  )

/** As a client that does not wait for an archive: the steps after its receipt break in tests of their own. */
const sendAsync = (key: string, parts: Parts, using?: Services): Promise<Answer> =>
  post(
    {
      path: '/api/datasets/data',
      token: mario.accessToken,
      key,
      form: () => createForm({ datasetName: 'photos', ...parts }),
      headers: { prefer: 'respond-async' },
    },
    using,
  )

const kinds: [string, () => Promise<Parts>, { price: number; items: number }][] = [
  ['a picture', async () => ({ image: picture, mask }), { price: 0.65, items: 1 }],
  [
    'a picture sent in parts',
    async () => ({ image: await sendInParts(mario, picture), mask }),
    { price: 0.65, items: 1 },
  ],
  [
    'an archive',
    async () => ({ image: [archive, 'a.zip'], mask: new TextEncoder().encode('none') }),
    { price: 0.7, items: 1 },
  ],
  [
    'an archive sent in parts',
    async () => ({ image: await sendInParts(mario, long) }),
    { price: 0.7, items: 1 },
  ],
]

async function expectOnce(
  { price, items }: { price: number; items: number },
  { user, step }: { user: TestUser; step?: string } = { user: mario },
): Promise<void> {
  expect((await listItems(user)).totalItems, step).toBe(items)
  expect(await balanceOf(user), step).toBe(100 - price)
  expect(await listStored(user), step).toHaveLength(2 * items)
  expect((await env.MEDIA.list({ prefix: `parts/${user.id}/` })).objects, step).toEqual([])
}

describe.each(kinds)('an upload of %s under an Idempotency-Key', (_, createParts, effect) => {
  it('that is sent again is data once, paid once, and answered as the first time', async () => {
    const [key, parts] = [createKey(), await createParts()]
    const first = await send(key, parts)
    expect(first.status).toBe(200)
    expect(isReplayed(first)).toBe(false)
    const again = await send(key, parts)
    expect(again.status).toBe(200)
    expect(again.body).toEqual(first.body)
    expect(isReplayed(again)).toBe(true)
    await expectOnce(effect)
  })

  it.each<[string, Parts]>([
    ['another field', { fps: '2' }],
    ['another file', { image: mask }],
    ['a file more', { mask: picture }],
  ])('is refused with 422 for %s, and nothing changes', async (_name, change) => {
    const [key, parts] = [createKey(), await createParts()]
    await send(key, parts)
    const refused = await send(key, { ...parts, ...change })
    expect(refused.status).toBe(422)
    expect(refused.body.code).toBe('idempotency.key_reused')
    expect(isReplayed(await send(key, parts))).toBe(true)
    await expectOnce(effect)
  })

  it('that is still in flight is refused with 409', async () => {
    const [key, parts] = [createKey(), await createParts()]
    const { using, claimed, release } = holdAfterClaim()
    const held = send(key, parts, using)
    await claimed
    const second = await send(key, parts)
    expect([second.status, second.body.code]).toEqual([409, 'idempotency.in_flight'])
    expect(second.headers.get('retry-after')).toBe('2')
    release()
    expect((await held).status).toBe(200)
    await expectOnce(effect)
  })

  it('that was held for dead, and sent again, is data once when it goes on', async () => {
    const [key, parts] = [createKey(), await createParts()]
    const { using, claimed, release } = holdAfterClaim()
    const held = send(key, parts, using)
    await claimed
    await endLease(key)
    const second = await send(key, parts)
    expect(second.status).toBe(200)
    release()
    expect((await held).status).toBe(409)
    expect((await send(key, parts)).body).toEqual(second.body)
    await recover([mario])
    await expectOnce(effect)
  })

  it('that sixteen requests send at once is data once and paid once', async () => {
    const [key, parts] = [createKey(), await createParts()]
    const answers = await Promise.all(Array.from({ length: 16 }, () => send(key, parts)))
    const done = answers.filter(({ status }) => status === 200)
    expect(done.filter((answer) => !isReplayed(answer))).toHaveLength(1)
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([])
    await expectOnce(effect)
  })

  it.each(['fails', 'answer is lost', 'dies'] as const)(
    'is data once and paid once whatever step breaks (%s), when it is sent again',
    async (mode) => {
      const sent: { user: TestUser; step: string }[] = []
      // The first call is the access token's, before there is a key.
      for (let at = 2; ; at += 1) {
        mario = await createUploader()
        const [key, parts] = [createKey(), await createParts()]
        const { using, calls, died } = breakAt({ at, mode })
        await Promise.race([sendAsync(key, parts, using), died])
        if (calls.length < at) break
        const step = `step ${at}: ${calls[at - 1]}`
        await services.ledger.flush(mario.id)
        await endLease(key)
        const again = await sendAsync(key, parts)
        expect([200, 202], `${step} ${JSON.stringify(again.body)}`).toContain(again.status)
        const third = await sendAsync(key, parts)
        expect(third.body, step).toEqual(again.body)
        expect(isReplayed(third), step).toBe(true)
        sent.push({ user: mario, step })
      }
      expect(sent.length).toBeGreaterThan(8)
      await recover(sent.map(({ user }) => user))
      for (const one of sent) await expectOnce(effect, one)
    },
    180_000,
  )
})

describe('an upload under an Idempotency-Key', () => {
  it("has nothing to do with another user's of the same key", async () => {
    const anna = await createUploader()
    const key = createKey()
    const answers = [
      await send(key, { image: picture, mask }),
      await send(key, { image: picture, mask }, services, anna),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(answers.map(isReplayed)).toEqual([false, false])
    expect(await balanceOf(anna)).toBe(99.35)
  })

  it('is an upload of its own after a day', async () => {
    const key = createKey()
    await send(key, { image: picture, mask })
    const after = await send(key, { image: picture, mask }, later(24 * 60 + 1))
    expect(isReplayed(after)).toBe(false)
    expect(await balanceOf(mario)).toBe(98.7)
  })

  it('that broke off after its receipt is refused with 422 for other content', async () => {
    for (const at of [5, 6, 7, 8]) {
      mario = await createUploader()
      const key = createKey()
      const { using, died } = breakAt({ at, mode: 'dies' })
      await Promise.race([send(key, { image: picture, mask }, using), died])
      await services.ledger.flush(mario.id)
      await endLease(key)
      const refused = await send(key, { image: mask, mask })
      expect([refused.status, refused.body.code]).toEqual([422, 'idempotency.key_reused'])
      expect((await send(key, { image: picture, mask })).status).toBe(200)
      await recover([mario])
      await expectOnce({ price: 0.65, items: 1 })
    }
  })

  it('under the key of another route is refused with 422', async () => {
    const key = createKey()
    const dataset = { path: '/api/datasets', token: mario.accessToken, json: { name: 'more' } }
    await post({ ...dataset, key })
    expect((await send(key, { image: picture, mask })).status).toBe(422)
    expect(await balanceOf(mario)).toBe(100)
    await send('other', { image: picture, mask })
    expect((await post({ ...dataset, key: 'other' })).status).toBe(422)
  })

  it.each<[string, Parts, number]>([
    ['no such dataset', { datasetName: 'elsewhere', image: picture, mask }, 404],
    ['a mask too few', { image: picture }, 400],
    ['no picture', { image: new TextEncoder().encode('not a picture, but text'), mask }, 400],
  ])('that is refused (%s) frees its key', async (_, parts, status) => {
    const key = createKey()
    const refused = await send(key, parts)
    expect(refused.status).toBe(status)
    const right = await send(key, { image: picture, mask })
    expect([right.status, isReplayed(right)]).toEqual([200, false])
    expect(await balanceOf(mario)).toBe(99.35)
  })

  it('that was refused for want of tokens is taken after a recharge', async () => {
    mario = await createUploader({ tokens: 0.5 })
    const key = createKey()
    expect((await send(key, { image: picture, mask })).status).toBe(401)
    await services.ledger.credit(mario.id, {
      operationId: createKey(),
      amount: 1000 as never,
      description: 'Recharge',
    })
    expect((await send(key, { image: picture, mask })).status).toBe(200)
    expect(await balanceOf(mario)).toBe(0.85)
  })

  it('answered with 202 is answered with 202 again, and with where to watch it', async () => {
    const sent = {
      path: '/api/datasets/data',
      token: mario.accessToken,
      key: createKey(),
      form: () => createForm({ datasetName: 'photos', image: [archive, 'a.zip'] }),
      headers: { prefer: 'respond-async' },
    }
    const [first, again] = [await post(sent), await post(sent)]
    expect([first.status, again.status]).toEqual([202, 202])
    expect(again.body).toEqual(first.body)
    expect(isReplayed(again)).toBe(true)
    for (const name of ['location', 'preference-applied', 'retry-after']) {
      expect(again.headers.get(name), name).toBe(first.headers.get(name))
    }
    await recover([mario])
    await expectOnce({ price: 0.7, items: 1 })
  })

  it.each(['', 'a b', 'x'.repeat(256)])('of the odd key %j is refused with 400', async (key) => {
    const refused = await send(key, { image: picture, mask })
    expect([refused.status, refused.body.code]).toEqual([400, 'idempotency.key_invalid'])
    expect(await balanceOf(mario)).toBe(100)
  })
})
