import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { addressOf } from '../access/asking.ts'
import { routes } from '../access/routes.ts'
import { picture } from '../support/uploads.ts'
import { request } from '../support/world.ts'
import { answerMsMax } from './judge.ts'
import { headerText, rangeText, text } from './rubbish.ts'
import { Stage, send, tellCounts, tries } from './stage.ts'

let stage: Stage
/** A signed URL's path and query, and the authorised address of the same object. */
let signed: string
let authorised: string

tellCounts()
beforeAll(async () => {
  stage = await Stage.open()
  const { owner, things } = stage
  const listed = await request(
    owner,
    'GET',
    `/api/datasets/${encodeURIComponent(things.dataset)}/data`,
  )
  const { pathname, search } = new URL(listed.body.data.items[0].imageUrl)
  signed = pathname + search
  const name = 'GET /api/datasets/{name}/{type}/{filename}'
  authorised = addressOf(name, routes[name] ?? { gate: 'users' }, things).slice('GET '.length)
})

const conditions = fc.array(
  fc.oneof(
    fc.tuple(fc.constant('range'), rangeText),
    fc.tuple(
      fc.constantFrom(
        'if-none-match',
        'if-range',
        'if-match',
        'if-modified-since',
        'if-unmodified-since',
      ),
      headerText,
    ),
  ),
  { maxLength: 4 },
)

describe('an object', () => {
  it('is answered as a whole, in part or not at all, and never as something else, whatever the conditions', async () => {
    await fc.assert(
      fc.asyncProperty(conditions, fc.boolean(), async (headers, isSigned) => {
        const { accessToken } = stage.owner
        const answer = await send({
          method: 'GET',
          path: isSigned ? signed : authorised,
          headers: [...headers, ['authorization', `Bearer ${accessToken}`]],
          body: null,
        })
        expect([200, 206, 304, 416]).toContain(answer.status)
        expect(answer.ms).toBeLessThan(answerMsMax)
        const told = answer.headers.get('content-range')
        if (answer.status === 200)
          expect(answer.headers.get('content-length')).toBe(`${picture.length}`)
        if (answer.status === 416) expect(told).toBe(`bytes */${picture.length}`)
        if (answer.status === 206) {
          const [, first, last] = /^bytes (\d+)-(\d+)\/\d+$/.exec(told ?? '') ?? []
          expect(Number(last)).toBeLessThan(picture.length)
          expect(answer.headers.get('content-length')).toBe(`${Number(last) - Number(first) + 1}`)
        }
        expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      }),
      tries(120),
    )
  })

  it('is nobody’s whose URL differs in anything', async () => {
    const places = fc.nat({ max: 10_000 })
    await fc.assert(
      fc.asyncProperty(places, text, async (place, change) => {
        const at = '/media/'.length + (place % (signed.length - '/media/'.length))
        const path = signed.slice(0, at) + change + signed.slice(at)
        // A URL's writer drops what is behind a '#', and folds '..' away.
        const { pathname, search } = new URL(`http://localhost${path}`)
        const answer = await send({ method: 'GET', path, headers: [], body: null })
        if (pathname + search === signed) {
          expect(answer.status).toBe(200)
          return
        }
        expect([401, 403, 404]).toContain(answer.status)
        expect(JSON.parse(answer.text)).toMatchObject({ success: false })
      }),
      tries(120),
    )
  })
})

describe('a method that a route does not have', () => {
  const methods = [
    'HEAD',
    'OPTIONS',
    'PATCH',
    'PUT',
    'DELETE',
    'POST',
    'PROPFIND',
    'QUERY',
    'PURGE',
    'get',
  ]

  it.each(methods)(
    '%s is answered as a route that is not there, or as what HTTP says of it',
    async (method) => {
      await stage.isAsItWas()
      for (const path of [
        '/',
        '/health',
        '/api/users/profile',
        '/api/users/user',
        signed,
        '/api/none',
        '/%',
        '//',
      ]) {
        const { accessToken } = stage.administrator
        const headers: [string, string][] = [['authorization', `Bearer ${accessToken}`]]
        const answer = await send({ method, path, headers, body: null })
        expect(answer.status, path).toBeLessThan(500)
        if (answer.status < 400 || method === 'HEAD') continue
        expect(JSON.parse(answer.text)).toMatchObject({
          success: false,
          message: expect.any(String),
          code: expect.any(String),
        })
      }
      expect(await stage.isAsItWas()).toBe(true)
    },
  )
})
