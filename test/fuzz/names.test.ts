import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createForm, mask, picture } from '../support/uploads.ts'
import { createUser, request, type TestUser } from '../support/world.ts'
import { text } from './rubbish.ts'
import { tellCounts, tries } from './stage.ts'

let mario: TestUser

tellCounts()
beforeAll(async () => {
  mario = await createUser({ tokens: 10_000 })
})

/** What a URL's writer does to a name that stands in a path. */
const addressOf = (name: string) => `/api/datasets/${encodeURIComponent(name)}`

describe('a name that a dataset was given', () => {
  it('is the one that it was given but for spaces, and finds it wherever a name stands', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (name) => {
        const created = await request(mario, 'POST', '/api/datasets', { json: { name } })
        if (created.status !== 201) {
          expect(created.status).toBe(400)
          return
        }
        const kept: string = created.body.dataset.name
        expect(kept).toBe(name.trim())
        const found = await request(mario, 'GET', addressOf(kept))
        expect([found.status, found.body.data?.name]).toEqual([200, kept])
        const items = await request(mario, 'GET', `${addressOf(kept)}/data`)
        expect([items.status, items.body.data?.name]).toEqual([200, kept])
        const changed = await request(mario, 'PUT', addressOf(kept), { json: { tags: ['a'] } })
        expect(changed.status).toBe(200)
        const removed = await request(mario, 'DELETE', addressOf(kept))
        expect(removed.status).toBe(200)
        expect((await request(mario, 'GET', addressOf(kept))).status).toBe(404)
      }),
      {
        ...tries(60),
        examples: ['uploads', 'data', 'data/data', 'image', '%2e%2e', '...', 'a/../b'].map(
          (name) => [name] as [string],
        ),
      },
    )
  })
})

describe('a name that a file was given', () => {
  it('is told back without what cannot stand in a name, and served under it', async () => {
    await request(mario, 'POST', '/api/datasets', { json: { name: 'photos' } })
    await fc.assert(
      fc.asyncProperty(text, async (name) => {
        const body = createForm({
          datasetName: 'photos',
          image: [picture, name],
          mask: [mask, name],
        })
        const sent = await request(mario, 'POST', '/api/datasets/data', { body })
        if (sent.status !== 200) {
          expect(sent.status).toBe(400)
          expect(['upload.files_required', 'upload.form_malformed']).toContain(sent.body.code)
          return
        }
        const { body: listed } = await request(mario, 'GET', '/api/datasets/photos/data?limit=100')
        const item = listed.data.items.at(-1)
        for (const url of [item.imageUrl, item.maskUrl]) {
          const { pathname, search } = new URL(url)
          const served = await request(null, 'GET', pathname + search)
          expect(served.status).toBe(200)
          const disposition = served.headers.get('content-disposition') ?? ''
          expect(disposition).toMatch(
            /^inline; filename="[\x20-\x7e]*"; filename\*=UTF-8''[\w%.~-]+$/,
          )
        }
      }),
      tries(40),
    )
  })
})
