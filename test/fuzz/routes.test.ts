import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Things } from '../access/people.ts'
import { isPage, type RouteCase, routes } from '../access/routes.ts'
import { createUser, request, type TestUser } from '../support/world.ts'
import { type Declared, fillIn, listDeclared, requestsTo } from './requests.ts'
import { Stage, send, tellCounts, tries } from './stage.ts'

const declared = listDeclared()
const triesOfReading = 24
const triesOfWriting = 40
/** A password that is right in its form is hashed, which takes a sixth of a second. */
const triesOfPasswords = 24
/** Each that is right compares all there is. */
const triesOfReconciliation = 6

let stage: Stage

tellCounts()
beforeAll(async () => {
  stage = await Stage.open()
})

interface Caller {
  readonly user: TestUser
  readonly things: Things
}

/** What a right request would take away is made for each request anew. */
const made: Readonly<Record<string, () => Promise<Caller>>> = {
  'PUT /api/users/{userId}': withNewUser,
  'DELETE /api/users/{userId}': withNewUser,
  'PUT /api/datasets/{name}': withNewDataset,
  'DELETE /api/datasets/{name}': withNewDataset,
  'DELETE /api/uploads/{id}': withNewFile,
}

async function withNewUser(): Promise<Caller> {
  const user = await createUser()
  return { user, things: { ...stage.things, userId: user.id } }
}

async function withNewDataset(): Promise<Caller> {
  const dataset = `dataset ${crypto.randomUUID()}`
  await request(stage.owner, 'POST', '/api/datasets', { json: { name: dataset } })
  return { user: stage.owner, things: { ...stage.things, dataset } }
}

async function withNewFile(): Promise<Caller> {
  const json = { fileName: 'a.zip', bytes: 10 }
  // One user may have a hundred open.
  const user = await createUser()
  const { body } = await request(user, 'POST', '/api/uploads', { json })
  return { user, things: { ...stage.things, fileUpload: body.data.id } }
}

function countOf(name: string): number {
  if (name === 'POST /api/admin/reconciliations') return triesOfReconciliation
  if (!name.startsWith('GET') && name.includes('/api/users/')) return triesOfPasswords
  return name.startsWith('GET') ? triesOfReading : triesOfWriting
}

describe('the table of routes', () => {
  it('has nothing that the API’s document does not tell, so that every route is tried', () => {
    const ofTheApi = Object.keys(routes).filter((name) => !isPage(name))
    expect([...declared.keys()].sort()).toEqual(ofTheApi.sort())
  })
})

/** Readiness tells what is away, by the status that it has for that. */
const mayBeUnready = (name: string) => (wrong: string) =>
  name === 'GET /health/ready' && wrong.startsWith('503: ')

describe.each([...declared])('%s', (name: string, route: Declared) => {
  it('answers whatever it is asked, and a refusal changes nothing', async () => {
    const table = routes[name] as RouteCase
    const { owner, administrator, things } = stage
    const user = table.gate === 'administrators' ? administrator : owner
    const make = made[name] ?? (async () => ({ user, things }))
    // Which requests come is chance of the seed alone: what is made anew stands in them under a name that stays.
    const requests = requestsTo(route, table)
    await stage.isAsItWas()
    await fc.assert(
      fc.asyncProperty(requests, async (pattern) => {
        const caller = await make()
        if (name in made) stage.hasChanged()
        const sent = fillIn(pattern, { ...caller.things, token: caller.user.accessToken })
        const wrongs = await stage.findWrongs(sent)
        expect(wrongs.filter((wrong) => !mayBeUnready(name)(wrong))).toEqual([])
      }),
      tries(countOf(name)),
    )
    if (route.method === 'GET') expect(await stage.isAsItWas()).toBe(true)
  })
})

describe('after all of it', () => {
  const lists = Object.keys(routes).filter(
    (name) => /^GET [^{]*$/.test(name) && name !== 'GET /health/ready',
  )

  it.each(lists)('%s still answers', async (name) => {
    const { administrator, owner } = stage
    for (const { accessToken } of [administrator, owner]) {
      const headers = [['authorization', `Bearer ${accessToken}`]] as const
      const path = name.slice('GET '.length)
      const { status } = await send({ method: 'GET', path, headers, body: null })
      const isForbidden = accessToken === owner.accessToken && path.startsWith('/api/admin')
      expect(status).toBe(isForbidden ? 403 : 200)
    }
  })
})
