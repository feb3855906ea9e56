import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { readSettingsOrThrow } from '../../src/config.ts'
import { createServices } from '../../src/services.ts'
import { createLogger, describeError, withLogFields } from '../../src/shared/logger.ts'
import { createPerson, createRegistration } from '../support/people.ts'
import { app, createUser, request } from '../support/world.ts'
import { findSecrets, keepWhatIsSeen, logged } from './asking.ts'

const site = 'https://app.example.com'
const envOf = (changes: Record<string, unknown>) => ({ ...env, ...changes }) as unknown as Env
const production = envOf({ APP_ENV: 'production', CORS_ORIGINS: `${site}, https://b.example.com` })

const ask = (path: string, init: RequestInit = {}, of: Env = env) => app.request(path, init, of)

keepWhatIsSeen()
beforeEach(() => {
  logged.length = 0
})

describe('scripts of other sites', () => {
  const preflight = (origin: string, of = production) =>
    ask(
      '/api/users/login',
      {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type,idempotency-key',
        },
      },
      of,
    )

  it('of a site that is named may call, with an access token and a key', async () => {
    const answer = await preflight(site)
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe(site)
    const allowed = answer.headers.get('access-control-allow-headers')?.split(',')
    expect(allowed).toEqual(
      expect.arrayContaining(['Authorization', 'Content-Type', 'Idempotency-Key', 'Range']),
    )
    expect(allowed).not.toContain('Cookie')
    expect(answer.headers.get('access-control-allow-methods')).toBe('GET,POST,PUT,DELETE')
    expect(answer.headers.get('vary')).toContain('Origin')
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
  })

  it.each([
    'https://evil.example',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'null',
    'https://sub.app.example.com',
  ])('of %s may not', async (origin) => {
    expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull()
    const answer = await ask('/health', { headers: { origin } }, production)
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(answer.headers.get('vary')).toContain('Origin')
  })

  it('read what a client needs of every answer, refusals among them', async () => {
    const answer = await ask('/api/users/profile', { headers: { origin: site } }, production)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('access-control-allow-origin')).toBe(site)
    const exposed = answer.headers.get('access-control-expose-headers')?.split(',')
    expect(exposed).toEqual(
      expect.arrayContaining([
        ...['RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id', 'Location', 'ETag'],
        ...['Idempotency-Replayed', 'Content-Range', 'Content-Disposition', 'Accept-Ranges'],
      ]),
    )
  })

  it('of no site may call a production that names none; of every site one that says so', async () => {
    const silent = envOf({ APP_ENV: 'production' })
    expect((await preflight(site, silent)).headers.get('access-control-allow-origin')).toBeNull()
    const open = envOf({ APP_ENV: 'production', CORS_ORIGINS: '*' })
    expect((await preflight(site, open)).headers.get('access-control-allow-origin')).toBe('*')
    expect((await preflight(site, env)).headers.get('access-control-allow-origin')).toBe('*')
  })

  it.each([
    'app.example.com',
    'https://app.example.com/',
    'https://*.example.com/x',
    'https://a,,*',
  ])('are not named by %j, and the setting is refused', (CORS_ORIGINS) => {
    expect(() => readSettingsOrThrow({ ...env, CORS_ORIGINS })).toThrow('CORS_ORIGINS: must be')
  })
})

describe('every answer', () => {
  it.each([
    ['a success', '/health', {}],
    ['a refusal', '/api/users/profile', {}],
    ['a route that is not there', '/nothing/here', {}],
    ['rubbish', '/api/users/login', { method: 'POST', body: '{' }],
    ['an unsigned media URL', '/media/datasets/a', {}],
  ])('has the headers of safety: %s', async (_, path, init) => {
    const answer = await ask(path, init)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy':
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(answer.headers.get('strict-transport-security')).toBeNull()
    expect(answer.headers.get('x-powered-by')).toBeNull()
  })

  it('has browsers come back by HTTPS alone, outside development', async () => {
    const answer = await ask('/health', {}, production)
    expect(answer.headers.get('strict-transport-security')).toBe(
      'max-age=31536000; includeSubDomains',
    )
  })
})

describe('the id of a request', () => {
  const ray = '8f1b2c3d4e5f6a7b-MXP'
  const idOf = async (headers: Record<string, string>, of: Env) =>
    (await ask('/health', { headers }, of)).headers.get('x-request-id')

  it('is Cloudflare’s own where Cloudflare gives one', async () => {
    expect(await idOf({ 'cf-ray': ray }, production)).toBe(ray)
  })

  it('is nobody’s choice elsewhere', async () => {
    expect(await idOf({ 'cf-ray': ray }, env)).toMatch(/^[0-9a-f-]{36}$/)
    expect(await idOf({ 'x-request-id': 'mine' }, production)).toMatch(/^[0-9a-f-]{36}$/)
    expect(await idOf({ 'x-request-id': 'mine' }, env)).not.toBe('mine')
  })

  it.each(['x', `${ray} x`, '8f1b2c3d4e5f6a7b-MXP"', 'a'.repeat(5000), '{"level":"error"}'])(
    'is never a text of another form: %j',
    async (text) => {
      expect(await idOf({ 'cf-ray': text }, production)).toMatch(/^[0-9a-f-]{36}$/)
    },
  )

  it('is in every line that is logged on the way, whoever writes it', async () => {
    const broken = envOf({
      RATE_LIMITS: {
        getByName: () => ({
          take: () => Promise.reject(new Error('the object is away')),
        }),
      },
    })
    const ids = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const answer = await ask(
          '/api/users/login',
          { method: 'POST', body: JSON.stringify({ email: 'a@example.com', password: 'x' }) },
          broken,
        )
        expect(answer.status).toBe(401)
        return answer.headers.get('x-request-id')
      }),
    )
    const lines = logged.map((line) => JSON.parse(line))
    expect(lines.map(({ event }) => event)).toEqual(ids.map(() => 'rate_limits.unavailable'))
    expect(lines.map(({ requestId }) => requestId).sort()).toEqual([...ids].sort())
  })

  it('is in the line of a failure, with what failed; the answer has the id and no more', async () => {
    const broken = breakDatabase('near "SECRET_TABLE": syntax error')
    const answer = await ask('/api/users/user', registration(), broken)
    expect(answer.status).toBe(500)
    const body = await answer.text()
    expect(body).not.toMatch(/SECRET_TABLE|syntax|Error|src\//)
    const line = JSON.parse(logged.at(-1) ?? '')
    expect(line).toMatchObject({
      level: 'error',
      event: 'request.failed',
      requestId: answer.headers.get('x-request-id'),
      path: '/api/users/user',
    })
    expect(JSON.stringify(line)).toContain('SECRET_TABLE')
  })
})

const registration = () => ({
  method: 'POST',
  body: JSON.stringify(createRegistration({ surname: 'Confidential' })),
})

/** An environment whose database finds, and fails at whatever is to be written. */
function breakDatabase(reason: string): Env {
  const fail = () => Promise.reject(new Error(`D1_ERROR: ${reason}`))
  const DB = new Proxy(env.DB, {
    get(target, name) {
      if (name === 'batch') return fail
      if (name !== 'prepare') return Reflect.get(target, name)
      return (sql: string) => {
        if (/^select/i.test(sql)) return target.prepare(sql)
        const failing = { bind: () => failing, run: fail, all: fail, first: fail, raw: fail }
        return failing
      }
    },
  })
  return envOf({ DB })
}

describe('the logs', () => {
  it('hold no value of a query that failed: no hash, no name, no address', async () => {
    // Their hash is a weak one, which a login replaces by a stronger.
    const { user, password } = await createPerson()
    const body = JSON.stringify({ email: user.email, password })
    const broken = breakDatabase('disk I/O error')
    expect((await ask('/api/users/login', { method: 'POST', body }, broken)).status).toBe(500)
    const lines = logged.join('\n')
    expect(lines).toContain('update \\"users\\" set')
    expect(lines).toContain('disk I/O error')
    expect(lines).not.toContain(user.id)
    expect(findSecrets(lines)).toEqual([])
  })

  it('hold no access token, password or signed URL of the requests they are about', async () => {
    const { user, password, token } = await createPerson()
    const broken = breakDatabase('gone')
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const changed = { method: 'PUT', headers, body: JSON.stringify({ password: `${password}1` }) }
    expect((await ask(`/api/users/${user.id}?signature=abcdef`, changed, broken)).status).toBe(500)
    const lines = logged.join('\n')
    expect(lines).toContain('request.failed')
    for (const word of [token, password, 'signature', user.email]) expect(lines).not.toContain(word)
  })

  it('tell an error’s frames and not its message twice', () => {
    const cause = new Error('D1_ERROR: no such table')
    const error = new Error(
      'Failed query: insert into users values (?)\nparams: $argon2id$x,Mario',
      {
        cause,
      },
    )
    const told = describeError(error)
    expect(told.error).toBe('Failed query: insert into users values (?): D1_ERROR: no such table')
    expect(told.stack).toMatch(/^\s+at /)
    expect(JSON.stringify(told)).not.toContain('argon2')
    expect(JSON.stringify(told)).not.toContain('Mario')
  })

  it('give what a line says itself before what surrounds it', () => {
    withLogFields({ requestId: 'outer', run: 1 }, () =>
      withLogFields({ requestId: 'inner' }, () =>
        createLogger({ part: 'x' }).info('told', { run: 2 }),
      ),
    )
    expect(JSON.parse(logged.at(-1) ?? '')).toEqual({
      level: 'info',
      event: 'told',
      requestId: 'inner',
      part: 'x',
      run: 2,
    })
  })
})

describe('the settings', () => {
  it('never tell a value when one is wrong', () => {
    const wrong = { ...env, JWT_SECRET: 'too short', INFERENCE_SECRET: 'short too' }
    expect(() => createServices(wrong as unknown as Env)).toThrow(/JWT_SECRET.*INFERENCE_SECRET/)
    expect(() => createServices(wrong as unknown as Env)).not.toThrow(/too short|short too/)
  })

  it('take no quota that is none', () => {
    const wrong = { ...env, UPLOADS_BY_ACCOUNT: 'many' }
    expect(() => readSettingsOrThrow(wrong)).toThrow(
      "UPLOADS_BY_ACCOUNT: must be requests/seconds, as '30/60'",
    )
  })
})

describe('one user’s session', () => {
  it('ends with a change of password, and the answer has the next token', async () => {
    const mario = await createUser()
    const changed = await request(mario, 'PUT', `/api/users/${mario.id}`, {
      json: { password: 'another Passphrase' },
    })
    expect(changed.status).toBe(200)
    expect((await request(mario, 'GET', '/api/users/profile')).status).toBe(401)
    const next = { ...mario, accessToken: changed.body.data.token }
    expect((await request(next, 'GET', '/api/users/profile')).status).toBe(200)
  })
})
