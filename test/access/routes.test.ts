import { beforeAll, describe, expect, it } from 'vitest'
import { createAdministrator, createPerson } from '../support/people.ts'
import { app, createUser, services, type TestUser } from '../support/world.ts'
import { addressOf, askAndKeep, expectNoSecrets, keepWhatIsSeen, logged, seen } from './asking.ts'
import { type BadCredential, makeBadCredentials, signRightToken } from './credentials.ts'
import { createOwner, nameNothing, photographWorld, type Things } from './people.ts'
import { routes } from './routes.ts'

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

let owner: TestUser
let things: Things
let stranger: TestUser
let otherStranger: TestUser
let administrator: TestUser
let badCredentials: BadCredential[]

keepWhatIsSeen()
beforeAll(async () => {
  ;({ owner, things } = await createOwner())
  stranger = await createUser()
  otherStranger = await createUser()
  const { user, token } = await createAdministrator()
  administrator = { id: user.id, email: user.email, accessToken: token }
  badCredentials = await makeBadCredentials(administrator.id)
})

/** Does something that must leave the world as it is. */
async function withoutEffect(act: () => Promise<void>): Promise<void> {
  const people = [owner, stranger, otherStranger, administrator]
  const before = await photographWorld(people)
  await act()
  expect(await photographWorld(people)).toBe(before)
}

const gated = Object.entries(routes).filter(
  ([, { gate }]) => gate === 'users' || gate === 'administrators',
)
const forAdministrators = gated.filter(([, { gate }]) => gate === 'administrators')
/** Administrators may name anybody's things. */
const ofSomebody = gated.filter(([, { gate, names = {} }]) => {
  return gate === 'users' && Object.keys(names).length > 0
})

describe('the table of routes', () => {
  it('has every route that is served, and no other', () => {
    const served = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`)
      .concat('GET /media/{key}')
    expect(Object.keys(routes).sort()).toEqual([...new Set(served)].sort())
  })

  it('has every route that the API’s document tells', () => {
    const told = app.openAPIRegistry.definitions.flatMap((definition) =>
      definition.type === 'route'
        ? [`${definition.route.method.toUpperCase()} ${definition.route.path}`]
        : [],
    )
    const withoutSlash = told.map((name) => name.replace(/(?<=\w)\/$/, ''))
    expect([...new Set(withoutSlash)].filter((name) => routes[name] === undefined)).toEqual([])
  })

  it('is tried with tokens that are wrong for one reason alone', async () => {
    const token = await signRightToken(administrator.id)
    const answer = await askAndKeep('GET /api/admin/transactions', { headers: bearer(token) })
    expect(answer.status).toBe(200)
  })
})

describe.each(gated)('%s', (name, route) => {
  const ask = (headers: Record<string, string>, of = things) =>
    askAndKeep(`${name.split(' ')[0]} ${addressOf(name.split(' ')[1] ?? '', route, of)}`, {
      headers,
      json: route.json?.(of),
    })

  it('refuses every credential that is none, and nothing changes', async () => {
    await withoutEffect(async () => {
      for (const { name: credential, headers, code } of badCredentials) {
        const answer = await ask(headers)
        const told = `${credential}: ${answer.status} ${JSON.parse(answer.text).code}`
        expect(told).toBe(`${credential}: 401 ${code}`)
        expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      }
    })
  })

  it('takes no access token from the address', async () => {
    await withoutEffect(async () => {
      const { accessToken } = administrator
      const [method = '', path = ''] = name.split(' ')
      const query = `?token=${accessToken}&access_token=${accessToken}`
      const answer = await askAndKeep(`${method} ${addressOf(path, route, things)}${query}`)
      expect(answer.status).toBe(401)
      seen.pop()
    })
  })
})

describe.each(forAdministrators)('%s', (name, route) => {
  it('refuses every user who is no administrator, and nothing changes', async () => {
    const demoted = await createPerson({ role: 'user' })
    await withoutEffect(async () => {
      for (const token of [owner.accessToken, stranger.accessToken, demoted.token]) {
        const [method = '', path = ''] = name.split(' ')
        const answer = await askAndKeep(`${method} ${addressOf(path, route, things)}`, {
          headers: { ...bearer(token), 'x-role': 'admin', 'x-user-role': 'admin' },
          json: route.json?.(things),
        })
        expect(answer.status).toBe(403)
        expect(JSON.parse(answer.text).code).toBe('auth.admin_required')
      }
    })
  })
})

describe.each(ofSomebody)('%s', (name, route) => {
  /** The answer, without the words of the request in it. */
  async function askFor(user: TestUser, of: Things) {
    const [method = '', path = ''] = name.split(' ')
    const answer = await askAndKeep(`${method} ${addressOf(path, route, of)}`, {
      headers: bearer(user.accessToken),
      json: route.json?.(of),
    })
    const words = Object.values(route.names ?? {}).map((thing) => of[thing])
    // The link to the code's page tells of no thing, and may hold a word by chance.
    const told = answer.text.replace(/,"documentation":"[^"]*"/, '')
    const text = words.reduce((rest, word) => rest.replaceAll(word, '…'), told)
    return { status: answer.status, text }
  }

  it('answers about another’s as about what is not there, and nothing changes', async () => {
    await withoutEffect(async () => {
      const anothers = await askFor(stranger, things)
      expect([403, 404]).toContain(anothers.status)
      expect(anothers).toEqual(await askFor(otherStranger, nameNothing()))
    })
  })
})

describe('a body that names another’s things', () => {
  it.each([
    ['POST /api/inferences', () => ({ datasetName: things.dataset, modelId: 'telea' })],
    [
      'POST /api/datasets/data',
      () => ({ datasetName: 'mine', image: things.fileUpload, mask: things.fileUpload }),
    ],
    [
      'POST /api/datasets/data',
      () => ({ datasetName: things.dataset, image: things.fileUpload, mask: things.fileUpload }),
    ],
  ])('%s is refused as if they were not there, and nothing changes', async (name, body) => {
    await askAndKeep('POST /api/datasets', {
      headers: bearer(stranger.accessToken),
      json: { name: 'mine' },
    })
    await withoutEffect(async () => {
      const answer = await askAndKeep(name, {
        headers: { ...bearer(stranger.accessToken), 'content-type': 'application/json' },
        json: body(),
      })
      expect([answer.status, answer.text]).toEqual([404, expect.stringContaining('not')])
    })
  })
})

describe('the owner', () => {
  const order = ['GET', 'POST', 'PUT', 'DELETE']
  const own = gated
    .filter(([, { gate }]) => gate === 'users')
    .sort(([a], [b]) => order.indexOf(a.split(' ')[0] ?? '') - order.indexOf(b.split(' ')[0] ?? ''))
    // Whoever is gone can do no more.
    .sort(
      ([a], [b]) =>
        Number(a.startsWith('DELETE /api/users')) - Number(b.startsWith('DELETE /api/users')),
    )

  it.each(own)('comes in: %s', async (name, route) => {
    const [method = '', path = ''] = name.split(' ')
    const answer = await askAndKeep(`${method} ${addressOf(path, route, things)}`, {
      headers: { ...bearer(owner.accessToken), 'content-type': 'application/json' },
      json: route.json?.(things),
    })
    expect([401, 403, 404], answer.text).not.toContain(answer.status)
    if (method === 'GET' && path !== '/api/models') expect(answer.status, answer.text).toBe(200)
  })

  it.each(forAdministrators)('and an administrator: %s', async (name, route) => {
    const other = await createOwner()
    const [method = '', path = ''] = name.split(' ')
    const answer = await askAndKeep(`${method} ${addressOf(path, route, other.things)}`, {
      headers: bearer(administrator.accessToken),
      json: route.json?.(other.things),
    })
    expect([401, 403], answer.text).not.toContain(answer.status)
  })
})

describe('of all these answers', () => {
  it('there were many, and none was a failure of the API', () => {
    expect(seen.length).toBeGreaterThan(gated.length * 30)
    const failures = seen.filter(({ status }) => status >= 500 && status !== 503)
    expect(failures.map(({ asked, status }) => `${asked}: ${status}`)).toEqual([])
  })

  it('none, and no line of the logs, holds a secret, a hash, a token, an internal address or a stack', () => {
    expectNoSecrets()
    services.logger.info('access.all_asked')
    expect(logged.at(-1), 'lines were kept').toContain('access.all_asked')
  })

  it('each is kept by nobody and says what it is, whoever asked', () => {
    for (const { asked, headers } of seen) {
      expect(headers.get('x-content-type-options'), asked).toBe('nosniff')
      expect(headers.get('x-request-id'), asked).toMatch(/^[0-9a-f-]{36}$/)
      if (headers.get('content-type')?.includes('json')) {
        expect(headers.get('cache-control'), asked).toBe('no-store')
      }
    }
  })
})
