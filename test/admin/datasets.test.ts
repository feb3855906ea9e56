import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { insertDataset } from '../../src/datasets/datasets.repository.ts'
import { createAdministrator, createPerson, type Person, refusal } from '../support/people.ts'
import { ask, services } from '../support/world.ts'

let administrator: Person
let mario: Person
let gone: Person
let nowMs = Date.UTC(2026, 10, 1)

async function addDataset(
  owner: Person,
  name: string,
  { tags = [], items = 0, frames = 0 }: { tags?: string[]; items?: number; frames?: number } = {},
): Promise<void> {
  nowMs += 1000
  const id = crypto.randomUUID()
  const { database, createId } = services
  await insertDataset(database, { id, userId: owner.user.id, name, tags, createId, nowMs })
  await env.DB.prepare('UPDATE datasets SET item_count = ?2, frame_count = ?3 WHERE id = ?1')
    .bind(id, items, frames)
    .run()
}

beforeAll(async () => {
  administrator = await createAdministrator()
  mario = await createPerson({ tokens: 210.55 })
  gone = await createPerson()
  await addDataset(mario, 'Empty')
  await addDataset(mario, 'Pictures', { tags: ['scratch', 'Old'], items: 3 })
  await addDataset(mario, 'Film', { tags: ['scratch'], items: 4, frames: 4 })
  await addDataset(mario, 'Both', { items: 5, frames: 2 })
  await addDataset(gone, 'Left behind', { items: 1 })
  await addDataset(mario, 'Thrown away')
  await env.DB.prepare("UPDATE datasets SET deleted_at = 1 WHERE name = 'Thrown away'").run()
  await ask('DELETE', `/api/users/${gone.user.id}`, { token: gone.token })
  await services.ledger.flush(mario.user.id)
})

const list = (query = '', token = administrator.token) =>
  ask('GET', `/api/admin/datasets${query}`, { token })

async function namesOf(query: string): Promise<string[]> {
  const { body } = await list(query)
  return body.data.datasets.map(({ name }: { name: string }) => name)
}

describe('everybody’s datasets', () => {
  it('come newest first, with their type, price and owner', async () => {
    const { status, body } = await list('?limit=2')
    expect(status).toBe(200)
    const { id, name, surname, email, role } = mario.user
    const user = { id, name, surname, email, currentTokens: 210.55, role }
    const shared = {
      id: expect.any(String),
      userId: id,
      nextUploadIndex: 1,
      isDeleted: false,
      deletedAt: null,
      status: 'active',
      isOrphaned: false,
      user,
    }
    expect(body).toEqual({
      success: true,
      message: 'All datasets retrieved successfully',
      data: {
        datasets: [
          {
            ...shared,
            name: 'Both',
            tags: [],
            datasetType: 'image-mask',
            itemCount: 5,
            estimatedInferenceCost: 3 * 2.75 + 2 * 1.5,
            createdAt: '2026-11-01T00:00:04.000Z',
            updatedAt: '2026-11-01T00:00:04.000Z',
          },
          {
            ...shared,
            name: 'Film',
            tags: ['scratch'],
            datasetType: 'video-frames',
            itemCount: 4,
            estimatedInferenceCost: 6,
            createdAt: '2026-11-01T00:00:03.000Z',
            updatedAt: '2026-11-01T00:00:03.000Z',
          },
        ],
        pagination: { totalItems: 4, currentPage: 1, totalPages: 2, itemsPerPage: 2 },
        filters: { includeDeleted: false },
        summary: {
          totalDatasets: 2,
          totalDatasetItems: 9,
          totalEstimatedInferenceCost: 17.25,
          typeBreakdown: { 'image-mask': 1, 'video-frames': 1 },
          statusBreakdown: { active: 2 },
          orphanedDatasets: 0,
          averageItemsPerDataset: 4.5,
          queryInfo: {
            totalFromDatabase: 4,
            totalAfterFiltering: 2,
            includeDeletedRequested: false,
          },
        },
      },
    })
  })

  it('include the deleted ones when asked', async () => {
    const { body } = await list('?includeDeleted=true')
    expect(body.data.pagination.totalItems).toBe(6)
    const thrown = body.data.datasets.find(({ name }: { name: string }) => name === 'Thrown away')
    expect(thrown).toMatchObject({ isDeleted: true, status: 'deleted', isOrphaned: false })
    expect(body.data.summary.statusBreakdown).toEqual({ active: 4, deleted: 2 })
  })

  it('of a deleted user are orphans of nobody', async () => {
    const { body } = await list('?includeDeleted=true&orphaned=true')
    expect(body.data.datasets).toHaveLength(1)
    expect(body.data.datasets[0]).toMatchObject({
      name: 'Left behind',
      userId: null,
      user: null,
      isOrphaned: true,
      isDeleted: true,
    })
    expect(body.data.filters).toEqual({ includeDeleted: true, orphaned: true })
    expect(body.data.summary.orphanedDatasets).toBe(1)
    expect(JSON.stringify(body)).not.toContain(gone.user.email)
  })

  it.each([
    ['type=empty', ['Empty']],
    ['type=image-mask', ['Both', 'Pictures']],
    ['type=video-frames', ['Film']],
    ['type=image-mask&includeDeleted=true', ['Left behind', 'Both', 'Pictures']],
    ['name=IL', ['Film']],
    ['name=%25', []],
    ['name=Left%20behind&includeDeleted=true', ['Left behind']],
    ['tag=scratch', ['Film', 'Pictures']],
    ['tag=scratch&type=image-mask', ['Pictures']],
    ['tag=scr', []],
    ['orphaned=true', []],
    ['orphaned=false&includeDeleted=true&name=t', ['Thrown away', 'Both', 'Pictures', 'Empty']],
    ['type=&name=&tag=&orphaned=&includeDeleted=&userId=', ['Both', 'Film', 'Pictures', 'Empty']],
  ])('are filtered by %s', async (query, names) => {
    expect(await namesOf(`?${query}`)).toEqual(names)
  })

  it('are filtered by owner', async () => {
    expect(await namesOf(`?userId=${mario.user.id}`)).toHaveLength(4)
    expect(await namesOf(`?userId=${crypto.randomUUID()}`)).toEqual([])
  })

  it('are paged after they are filtered', async () => {
    const { body } = await list('?type=image-mask&limit=1&page=2')
    expect(body.data.datasets.map(({ name }: { name: string }) => name)).toEqual(['Pictures'])
    expect(body.data.pagination).toEqual({
      totalItems: 2,
      currentPage: 2,
      totalPages: 2,
      itemsPerPage: 1,
    })
  })

  it('tell nothing of a password', async () => {
    expect(JSON.stringify((await list()).body)).not.toMatch(/argon2|password/i)
  })
})

describe('a list of datasets is refused', () => {
  it.each([
    ['?userId=xyz', 'Invalid userId format. It must be a UUID'],
    ['?type=audio', 'Invalid type. Allowed values: empty, image-mask, video-frames'],
    ['?orphaned=perhaps', 'Invalid orphaned. Allowed values: true, false'],
    ['?includeDeleted=1', 'Invalid includeDeleted. Allowed values: true, false'],
    [`?name=${'x'.repeat(256)}`, 'name must be at most 255 characters long'],
    [`?tag=${'x'.repeat(101)}`, 'tag must be at most 100 characters long'],
    ['?limit=0', "Invalid pagination parameters: 'limit' must be 1-100."],
    ['?page=1.5', "Invalid pagination parameters: 'page' must be 1-1000000."],
  ])('for %s', async (query, message) => {
    const { status, body } = await list(query)
    expect(status).toBe(400)
    expect(body).toEqual(refusal(message))
  })

  it('to a user', async () => {
    const { status, body } = await list('', mario.token)
    expect(status).toBe(403)
    expect(body).toEqual(refusal('Administrator privileges required for this operation'))
  })

  it('without an access token', async () => {
    expect((await ask('GET', '/api/admin/datasets')).status).toBe(401)
  })
})
