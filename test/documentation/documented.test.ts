import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createApp } from '../../src/app.ts'
import { createDocument } from '../../src/documentation/openapi/create-document.ts'
import { type Answered, createDocumentCheck } from '../support/documented.ts'
import { holdToDocument } from '../support/held-app.ts'
import { app, services } from '../support/world.ts'

const findProblem = createDocumentCheck(createDocument(app, services.settings))

const profile = { id: '7d9f4f6e-6f0b-4b7a-9d35-2f8a1f0c6b1e', name: 'Ada', surname: 'Lovelace' }
const right: Answered = {
  method: 'GET',
  path: '/api/users/profile',
  status: 200,
  contentType: 'application/json',
  body: { success: true, data: { ...profile, email: 'ada@example.com' } },
}
const refusal: Answered = {
  ...right,
  status: 401,
  body: {
    success: false,
    message: 'Access token required',
    code: 'auth.missing',
    documentation: 'http://127.0.0.1/docs/errors/auth.missing',
  },
}
const data = (changes: object) => ({
  ...right,
  body: { success: true, data: { ...profile, email: 'ada@example.com', ...changes } },
})
const refused = (changes: object) => ({
  ...refusal,
  body: { ...(refusal.body as object), ...changes },
})

describe('an answer that the document allows', () => {
  it.each<[string, Answered]>([
    ['of a route', right],
    [
      'of a route with a slash at its end and a query',
      { ...right, path: '/api/users/profile/?a=1' },
    ],
    ['that refuses', refusal],
    ['that refuses with more to tell', refused({ retryAfterSeconds: 3 })],
    [
      'that there is no such route',
      {
        ...refused({ code: 'request.route_not_found' }),
        path: '/api/nothing',
        status: 404,
      },
    ],
    [
      'of media, whatever the method',
      {
        ...refused({ code: 'media.url_invalid' }),
        method: 'PUT',
        path: '/media/a/b/c.png',
        status: 403,
      },
    ],
  ])('passes: %s', (_what, answered) => {
    expect(findProblem(answered)).toBeNull()
  })
})

describe('an answer that the document does not allow', () => {
  it.each<[string, Answered, RegExp]>([
    ['a route that is not in it', { ...right, path: '/api/users/secret' }, /no such route/],
    ['a method that is not in it', { ...right, method: 'PATCH' }, /no such route/],
    ['a status that is not declared', { ...right, status: 418 }, /getProfile answered 418/],
    ['a value of a wrong type', data({ name: 7 }), /getProfile .* at #\/data\/name .* 7/],
    ['a text of a wrong format', data({ id: 'ada' }), /#\/data\/id .*"ada"/],
    ['a property that is missing', data({ email: undefined }), /#\/data .*email/],
    ['a property that is not declared', data({ passwordHash: 'x' }), /#\/data\/passwordHash/],
    [
      'a code that is not declared',
      refused({ code: 'auth.bad_credentials' }),
      /#\/code .*bad_credentials/,
    ],
    ['a refusal without a code', refused({ code: undefined }), /code/],
    [
      'JSON where none is declared',
      { ...right, path: '/openapi.json', status: 304 },
      /not declared/,
    ],
    [
      'a missing route with a word too many',
      {
        ...refused({ code: 'request.route_not_found', stack: 'x' }),
        path: '/nothing',
        status: 404,
      },
      /stack/,
    ],
  ])('fails: %s', (_what, answered, told) => {
    const body = JSON.parse(JSON.stringify(answered.body)) as unknown
    expect(findProblem({ ...answered, body })).toMatch(told)
  })

  it('fails whoever asked the app', async () => {
    const strange = createApp()
    strange.get('/api/secrets', (context) => context.json({ success: true }))
    await expect(holdToDocument(strange).request('/api/secrets', {}, env)).rejects.toThrow(
      'GET /api/secrets answered 200, and the document has no such route.',
    )
  })
})
