import { env } from 'cloudflare:workers'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createAccessTokens } from '../../src/users/access-tokens.ts'
import { issueAccessToken } from '../../src/users/log-in.ts'
import { createAdministrator, createPerson, refusal } from '../support/people.ts'
import { app, ask, services } from '../support/world.ts'

const profile = async (headers: Record<string, string>) =>
  ask('GET', '/api/users/profile', { headers })

const clock = services.clock
const previousSecret = 'test-previous-jwt-secret-0123456789-01'

describe('the gate for users', () => {
  it('lets a live access token through, whatever the case of “Bearer”', async () => {
    const { user, token } = await createPerson()
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const { status, body } = await profile({ authorization: `${scheme} ${token}` })
      expect(status).toBe(200)
      const { id, name, surname, email } = user
      expect(body).toEqual({ success: true, data: { id, name, surname, email } })
    }
  })

  it('lets a token of the previous secret through while the settings keep it', async () => {
    const { user } = await createPerson()
    const previous = createAccessTokens({ secrets: [previousSecret], clock })
    const token = await issueAccessToken(previous, user)
    expect((await profile({ authorization: `Bearer ${token}` })).status).toBe(200)
  })

  it('asks the database one question', async () => {
    const { token } = await createPerson()
    const statements: string[] = []
    const DB = new Proxy(env.DB, {
      get(target, name) {
        if (name === 'prepare') {
          return (text: string) => {
            statements.push(text)
            return target.prepare(text)
          }
        }
        return Reflect.get(target, name)
      },
    })
    const headers = { authorization: `Bearer ${token}` }
    const answer = await app.request('/api/users/profile', { headers }, { ...env, DB })
    expect(answer.status).toBe(200)
    expect(statements).toHaveLength(1)
    expect(statements[0]).toMatch(/where "users"\."id" = \?/)
  })

  it('refuses a request without an access token, and says which scheme it takes', async () => {
    const { status, body, headers } = await profile({})
    expect(status).toBe(401)
    expect(body).toEqual(refusal('Access token required'))
    expect(headers.get('www-authenticate')).toBe('Bearer')
  })

  it.each([['Basic'], ['Token'], ['JWT'], ['']])(
    'refuses a good token behind the scheme %j',
    async (scheme) => {
      const { token } = await createPerson()
      const { status, body } = await profile({ authorization: `${scheme} ${token}`.trim() })
      expect(status).toBe(401)
      expect(body).toEqual(refusal('Invalid token format'))
    },
  )

  it.each([['Bearer'], ['Bearer '], ['Bearer one two'], ['Bearertoken']])(
    'refuses the header %j',
    async (authorization) => {
      const { status, body } = await profile({ authorization })
      expect(status).toBe(401)
      expect(body).toEqual(refusal('Invalid token format'))
    },
  )

  it.each<[string, () => Promise<string>]>([
    ['garbage', async () => 'garbage'],
    [
      'a token of a stranger’s secret',
      async () => forgeWith('a-secret-of-somebody-else-0123456789-012'),
    ],
    ['an expired token', async () => issueAt(Date.now() - 25 * 60 * 60 * 1000)],
    ['a token of the inference service', async () => forgeForInference()],
  ])('refuses %s', async (_, make) => {
    const { status, body } = await profile({ authorization: `Bearer ${await make()}` })
    expect(status).toBe(401)
    expect(body).toEqual(refusal('Invalid or expired token'))
  })

  it('refuses the token of a user who never was', async () => {
    const token = await services.accessTokens.issue({
      userId: crypto.randomUUID(),
      email: 'ghost@example.com',
      accessVersion: 1,
    })
    const { status, body } = await profile({ authorization: `Bearer ${token}` })
    expect(status).toBe(401)
    expect(body).toEqual(refusal('Invalid token - user not found'))
  })

  it('refuses the token of a deleted user', async () => {
    const { token } = await createPerson({ deletedAt: 1 })
    const { status, body } = await profile({ authorization: `Bearer ${token}` })
    expect(status).toBe(401)
    expect(body).toEqual(refusal('Invalid token - user not found'))
  })

  it.each([1, 3])('refuses access version %i of a user whose version is 2', async (version) => {
    const { user } = await createPerson({ accessVersion: 2 })
    const token = await issueAccessToken(services.accessTokens, { ...user, accessVersion: version })
    const { status, body } = await profile({ authorization: `Bearer ${token}` })
    expect(status).toBe(401)
    expect(body).toEqual(refusal('Invalid or expired token'))
  })
})

describe('the gate for administrators', () => {
  const transactions = (token?: string) =>
    ask('GET', '/api/admin/transactions', token === undefined ? {} : { token })

  it('lets an administrator through', async () => {
    const { token } = await createAdministrator()
    expect((await transactions(token)).status).toBe(200)
  })

  it('refuses a user, whatever the token or the request says of a role', async () => {
    const { user } = await createPerson()
    const claims = { userId: user.id, email: user.email, accessVersion: 1, role: 'admin' }
    const token = await services.accessTokens.issue(claims)
    const answer = await ask('GET', '/api/admin/transactions?role=admin', {
      token,
      headers: { 'x-role': 'admin' },
    })
    expect(answer.status).toBe(403)
    expect(answer.body).toEqual(refusal('Administrator privileges required for this operation'))
  })

  it('refuses somebody who is an administrator no more', async () => {
    const { user, token } = await createAdministrator()
    await env.DB.prepare("UPDATE users SET role = 'user' WHERE id = ?").bind(user.id).run()
    expect((await transactions(token)).status).toBe(403)
  })

  it('refuses who brings no token with 401', async () => {
    const { status, body } = await transactions()
    expect(status).toBe(401)
    expect(body).toEqual(refusal('Access token required'))
  })
})

async function forgeWith(secret: string): Promise<string> {
  const { user } = await createPerson()
  return issueAccessToken(createAccessTokens({ secrets: [secret], clock }), user)
}

async function issueAt(nowMs: number): Promise<string> {
  const { user } = await createPerson()
  const secret = services.settings.JWT_SECRET
  return issueAccessToken(
    createAccessTokens({ secrets: [secret], clock: { nowMs: () => nowMs } }),
    user,
  )
}

async function forgeForInference(): Promise<string> {
  const { user } = await createPerson()
  return new SignJWT({ userId: user.id, email: user.email, accessVersion: 1 })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setAudience('inference')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(services.settings.INFERENCE_SECRET))
}
