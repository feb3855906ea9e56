import { describe, expect, it } from 'vitest'
import { createUser, request } from '../support/world.ts'

const create = (user: Parameters<typeof request>[0], json: unknown) =>
  request(user, 'POST', '/api/datasets/', { json })

describe('creating a dataset', () => {
  it('answers the empty dataset with its trimmed tags, each once and only those that are text', async () => {
    const mario = await createUser()
    const answer = await create(mario, { name: ' mixed ', tags: ['a', '', 3, ' b ', 'a'] })
    expect(answer.status).toBe(201)
    expect(answer.body.dataset).toMatchObject({
      userId: mario.id,
      name: 'mixed',
      data: null,
      tags: ['a', 'b'],
      isDeleted: false,
      deletedAt: null,
      nextUploadIndex: 1,
    })
  })

  it.each([
    ['no name', {}, 'Dataset name is required'],
    ['a blank name', { name: '   ' }, 'Dataset name is required'],
    ['a name that is no text', { name: 5 }, 'Dataset name is required'],
    [
      'a name that is too long',
      { name: 'x'.repeat(256) },
      'name exceeds maximum length of 255 characters (current: 256)',
    ],
    ['tags that are no list', { name: 'x', tags: 'a' }, 'Tags must be an array of strings'],
    [
      'a tag that is too long',
      { name: 'x', tags: ['y'.repeat(101)] },
      'tags[0] exceeds maximum length of 100 characters (current: 101)',
    ],
    ['a name that climbs', { name: '..' }, "must not be '.' or '..'"],
    ['a name with a control character', { name: 'a\u0000b' }, 'control characters'],
    ['a body that is no object', [], 'The body must be a JSON object. Received: an array'],
  ])('refuses %s', async (_case, json, message) => {
    const answer = await create(await createUser(), json)
    expect(answer.status).toBe(400)
    expect(answer.body.success).toBe(false)
    expect(answer.body.message).toContain(message)
  })

  it("keeps a name unique among a user's live datasets, even under sixteen creates at once", async () => {
    const mario = await createUser()
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => create(mario, { name: 'twin', tags: ['t'] })),
    )
    const statuses = answers.map((answer) => answer.status).sort()
    expect(statuses).toEqual([201, ...Array.from({ length: 15 }, () => 400)])
    expect(answers.find((answer) => answer.status === 400)?.body).toMatchObject({
      message: 'A dataset with this name already exists.',
      code: 'datasets.name_taken',
    })
  })

  it('lets two users have the same name, and one user the name of a deleted dataset', async () => {
    const [mario, luigi] = [await createUser(), await createUser()]
    expect((await create(mario, { name: 'photos' })).status).toBe(201)
    expect((await create(luigi, { name: 'photos' })).status).toBe(201)
    expect((await request(mario, 'DELETE', '/api/datasets/photos')).status).toBe(200)
    expect((await create(mario, { name: 'photos' })).status).toBe(201)
  })
})

describe("a dataset's name in an address", () => {
  it.each([
    'with space',
    'città è',
    'a/b',
    '100%',
    '%2F',
    'a%20b',
    '日本 😀',
    'o\'clock "quoted"',
    'a+b',
    'x?y#z',
    'data',
    'a&b=c',
    '...',
  ])('finds, renames and deletes %s', async (name) => {
    const mario = await createUser()
    expect((await create(mario, { name })).status).toBe(201)
    const path = `/api/datasets/${encodeURIComponent(name)}`
    expect((await request(mario, 'GET', path)).body.data.name).toBe(name)
    expect((await request(mario, 'GET', `${path}/data`)).body.data.name).toBe(name)
    expect((await request(mario, 'PUT', path, { json: { tags: ['x'] } })).status).toBe(200)
    expect((await request(mario, 'DELETE', path)).status).toBe(200)
    expect((await request(mario, 'GET', path)).status).toBe(404)
  })
})

describe('reading datasets', () => {
  it('lists them newest first, with the deleted ones only when asked', async () => {
    const mario = await createUser()
    for (const name of ['one', 'two', 'three']) await create(mario, { name })
    await request(mario, 'DELETE', '/api/datasets/two')
    const live = await request(mario, 'GET', '/api/datasets/')
    expect(live.body.data.map((dataset: { name: string }) => dataset.name)).toEqual([
      'three',
      'one',
    ])
    expect(live.body.summary).toEqual({ total: 2, active: 2, deleted: 0, includeDeleted: false })
    const all = await request(mario, 'GET', '/api/datasets?includeDeleted=true')
    expect(all.body.data).toHaveLength(3)
    expect(all.body.data[1]).toMatchObject({ name: 'two', isDeleted: true, status: 'deleted' })
    expect(all.body.summary).toEqual({ total: 3, active: 2, deleted: 1, includeDeleted: true })
  })

  it('pages them', async () => {
    const mario = await createUser()
    for (const name of ['one', 'two', 'three']) await create(mario, { name })
    const second = await request(mario, 'GET', '/api/datasets?page=2&limit=2')
    expect(second.body.data.map((dataset: { name: string }) => dataset.name)).toEqual(['one'])
    expect(second.body.pagination).toEqual({
      totalItems: 3,
      currentPage: 2,
      totalPages: 2,
      itemsPerPage: 2,
    })
  })

  it.each([
    'page=0',
    'page=-1',
    'page=1.5',
    'page=abc',
    'limit=0',
    'limit=101',
    'page=1000001',
    'page=1e3',
  ])('refuses %s', async (query) => {
    const answer = await request(await createUser(), 'GET', `/api/datasets?${query}`)
    expect(answer.status).toBe(400)
    expect(answer.body.message).toContain('Invalid pagination parameters')
  })

  it("hides another user's dataset as if it were not there", async () => {
    const [mario, luigi] = [await createUser(), await createUser()]
    await create(mario, { name: 'private' })
    for (const [method, path, json] of [
      ['GET', '/api/datasets/private', undefined],
      ['GET', '/api/datasets/private/data', undefined],
      ['PUT', '/api/datasets/private', { name: 'mine' }],
      ['DELETE', '/api/datasets/private', undefined],
    ] as const) {
      const answer = await request(luigi, method, path, json ? { json } : {})
      expect([method, answer.status, answer.body.message]).toEqual([
        method,
        404,
        'Dataset not found',
      ])
    }
  })

  it('answers an empty page for a dataset without items', async () => {
    const mario = await createUser()
    await create(mario, { name: 'empty' })
    const answer = await request(mario, 'GET', '/api/datasets/empty/data')
    expect(answer.body.data).toEqual({
      name: 'empty',
      type: 'unknown',
      totalItems: 0,
      currentPage: 1,
      totalPages: 0,
      itemsPerPage: 10,
      items: [],
    })
  })
})

describe('updating a dataset', () => {
  it('tells what has changed', async () => {
    const mario = await createUser()
    await create(mario, { name: 'old', tags: ['a'] })
    const renamed = await request(mario, 'PUT', '/api/datasets/old', { json: { name: 'new' } })
    expect(renamed.body.data).toEqual({
      userId: mario.id,
      itemCount: 0,
      changes: { nameChanged: true, tagsChanged: false, previousName: 'old' },
    })
    const tagged = await request(mario, 'PUT', '/api/datasets/new', { json: { tags: ['b', 'c'] } })
    expect(tagged.body.data.changes).toEqual({ nameChanged: false, tagsChanged: true })
    expect((await request(mario, 'GET', '/api/datasets/new')).body.data.tags).toEqual(['b', 'c'])
  })

  it.each([
    ['nothing', {}, 400, 'At least one field (name or tags) must be provided for update'],
    [
      'what is there already',
      { name: 'mine', tags: ['b', 'a'] },
      400,
      'No changes detected. Please provide a different name or modify tags to update the dataset.',
    ],
    [
      'a name that is taken',
      { name: 'other' },
      400,
      "A dataset named 'other' already exists in your account. Please choose a different name.",
    ],
    ['a blank name', { name: ' ' }, 400, 'Dataset name is required'],
  ])('refuses %s', async (_case, json, status, message) => {
    const mario = await createUser()
    await create(mario, { name: 'mine', tags: ['a', 'b'] })
    await create(mario, { name: 'other' })
    const answer = await request(mario, 'PUT', '/api/datasets/mine', { json })
    expect([answer.status, answer.body.message]).toEqual([status, message])
  })

  it('reuses a tag that another dataset has', async () => {
    const mario = await createUser()
    const luigi = await createUser()
    const tag = crypto.randomUUID()
    await create(mario, { name: 'a', tags: [tag] })
    await create(luigi, { name: 'b', tags: [tag, 'another'] })
    const { env } = await import('cloudflare:workers')
    const row = await env.DB.prepare('SELECT count(*) AS n FROM tags WHERE name = ?')
      .bind(tag)
      .first<{ n: number }>()
    expect(row?.n).toBe(1)
  })

  it('answers 404 for a dataset that was deleted meanwhile', async () => {
    const mario = await createUser()
    await create(mario, { name: 'gone' })
    await request(mario, 'DELETE', '/api/datasets/gone')
    const again = await request(mario, 'DELETE', '/api/datasets/gone')
    expect([again.status, again.body.message]).toEqual([404, 'Dataset not found'])
  })
})
