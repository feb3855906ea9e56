import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../../src/app.ts'
import {
  allErrors,
  type ErrorPage,
  findErrorPage,
} from '../../src/documentation/errors/all-errors.ts'
import { createServiceRefusal, tellFailure } from '../../src/inference-service/service.errors.ts'
import { findInternalWords } from '../fuzz/judge.ts'
import { createUploader, grey, mask, picture, upload } from '../support/uploads.ts'
import { type Answer, app, request, services, type TestUser } from '../support/world.ts'

const nothingSent = { method: 'GET', path: '', headers: [], body: null }
const charactersMin = 40

/** What of a page's text its reader could not use. */
function findProblems({ code, meaning, remedy }: ErrorPage): string[] {
  return [['meaning', meaning] as const, ['remedy', remedy] as const].flatMap(([name, text]) => {
    const problem = (is: boolean, what: string) =>
      is ? [`${code}: the ${name} ${what}: ${text}`] : []
    const typed = text.split('`').length - 1
    return [
      ...problem(text.length < charactersMin, 'is no sentence'),
      ...problem(!text.endsWith('.'), 'ends without a full stop'),
      ...problem(!/^[A-Z`]/.test(text), 'begins without a capital'),
      ...problem(/ {2}|^\s|\s$|\n/.test(text), 'has spaces to spare'),
      ...problem(typed % 2 === 1, 'has a backtick without another'),
      ...findInternalWords(text, nothingSent).map((word) => `${code}: the ${name} says ${word}`),
    ]
  })
}

describe('every error code', () => {
  it('says in whole sentences what happened and what to do, in no words of the workshop', () => {
    expect(allErrors.flatMap(findProblems)).toEqual([])
    expect(allErrors.length).toBeGreaterThan(130)
  })

  it.each(['code', 'meaning', 'remedy'] as const)('has a %s of its own', (name) => {
    const texts = allErrors.map((page) => page[name])
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([])
  })

  it('is one that a program can hold on to', () => {
    expect(allErrors.filter(({ code }) => !/^[a-z_]+\.[a-z_]+$/.test(code))).toEqual([])
  })

  it('that costs no tokens says so, where its request would cost some', () => {
    const costly =
      /^(tokens|upload|media|mask|archive|inferences)\.(?!.*(found|url|results|ended|id_))/
    const silent = allErrors
      .filter(({ code, status }) => status !== null && costly.test(code))
      .filter(({ remedy }) => !/charged|refunded|booked|returned|costs tokens/.test(remedy))
    expect(silent.map(({ code }) => code)).toEqual([])
  })

  it('is found by its name, and no other is', () => {
    for (const page of allErrors) expect(findErrorPage(page.code)).toBe(page)
    for (const strange of ['', 'tokens', 'tokens.none', 'constructor', 'tokens.insufficient ']) {
      expect(findErrorPage(strange)).toBeNull()
    }
  })
})

interface Refused {
  readonly code: string
  readonly ask: () => Promise<Answer>
}

describe('a refusal', () => {
  let user: TestUser
  let poor: TestUser
  beforeAll(async () => {
    user = await createUploader()
    poor = await createUploader({ tokens: 0 })
  })

  const as = (method: string, path: string, json?: unknown) => () =>
    request(user, method, path, json === undefined ? {} : { json })
  const missing = '00000000-0000-4000-8000-000000000000'

  const refused: readonly Refused[] = [
    { code: 'request.route_not_found', ask: as('GET', '/api/nothing') },
    { code: 'request.malformed_json', ask: as('POST', '/api/datasets/', '{"name": Scans}') },
    { code: 'request.invalid', ask: as('GET', '/api/datasets/?page=0') },
    { code: 'auth.missing', ask: () => request(null, 'GET', '/api/datasets/') },
    {
      code: 'auth.malformed',
      ask: () => request(null, 'GET', '/api/models', { headers: { authorization: 'Basic x' } }),
    },
    {
      code: 'auth.invalid',
      ask: () => request(null, 'GET', '/api/models', { headers: { authorization: 'Bearer x' } }),
    },
    { code: 'auth.admin_required', ask: as('GET', '/api/admin/transactions') },
    {
      code: 'auth.bad_credentials',
      ask: as('POST', '/api/users/login', { email: 'a@example.com', password: 'wrong' }),
    },
    { code: 'users.not_yours', ask: as('DELETE', `/api/users/${missing}`) },
    { code: 'datasets.name_taken', ask: as('POST', '/api/datasets/', { name: 'photos' }) },
    { code: 'datasets.not_found', ask: as('GET', '/api/datasets/none') },
    {
      code: 'file_uploads.bytes_invalid',
      ask: as('POST', '/api/uploads', { fileName: 'a', bytes: -1 }),
    },
    { code: 'upload.not_found', ask: as('GET', `/api/datasets/uploads/${missing}`) },
    { code: 'upload.files_required', ask: () => upload(user, {}) },
    {
      code: 'media.kind_unsupported',
      ask: () => upload(user, { image: new TextEncoder().encode('text'), mask }),
    },
    { code: 'mask.not_binary', ask: () => upload(user, { image: picture, mask: grey(128) }) },
    { code: 'tokens.insufficient', ask: () => upload(poor, { image: picture, mask }) },
    { code: 'media.url_invalid', ask: as('GET', '/media/none') },
    {
      code: 'inferences.dataset_empty',
      ask: as('POST', '/api/inferences/', { datasetName: 'photos' }),
    },
    { code: 'inferences.id_invalid', ask: as('GET', '/api/inferences/7') },
    {
      code: 'idempotency.key_invalid',
      ask: () =>
        request(user, 'POST', '/api/datasets/', {
          json: { name: 'x' },
          headers: { 'idempotency-key': 'a b' },
        }),
    },
  ]

  it.each(refused)('of $code links the page of its code, which there is', async ({ code, ask }) => {
    const { status, body } = await ask()
    expect(body).toMatchObject({ success: false, code })
    expect(body.documentation).toBe(`${services.settings.PUBLIC_BASE_URL}/docs/errors/${code}`)
    expect(findErrorPage(code)?.status).toBe(status)
    const page = await app.request(new URL(body.documentation).pathname, {}, env)
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^text\/html/),
    ])
  })

  it('whose words are the original’s has a hint beside them', async () => {
    const { body } = await request(null, 'GET', '/api/datasets/')
    expect(body.message).toBe('Access token required')
    expect(body.hint).toContain('POST /api/users/login')
  })

  it('that comes before the settings could be read links a page at the address it was asked at', async () => {
    const broken = createApp(() => {
      throw new Error('The configuration is wrong.')
    })
    const answer = await broken.request('https://api.example.org/api/datasets/', {}, env)
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({
      code: 'server.internal',
      documentation: 'https://api.example.org/docs/errors/server.internal',
    })
  })
})

describe('what the inference service refuses a file for', () => {
  it.each([
    ['video.no_frames', 400],
    ['media.too_large', 413],
    ['mask.not_binary', 400],
  ])('as %s has that code here', (code, status) => {
    const refusal = createServiceRefusal({ code, message: 'It is so.', details: { limit: 1 } })
    expect(refusal).toMatchObject({ code, status, message: 'It is so.', details: { limit: 1 } })
  })

  it('for a reason that is about the installation is told without the names of places', () => {
    const message = 'imageUrl points at http://10.0.0.7:9000, which is not among the media origins.'
    const told = tellFailure({ code: 'origin.refused', message })
    expect(told.message).toMatch(/Tell whoever runs the API\.$/)
    expect(createServiceRefusal({ code: 'origin.refused', message }).message).toBe(told.message)
    expect(tellFailure({ code: 'item.timeout', message: 'It is so.' }).message).toBe('It is so.')
  })

  it('and that only a later version of it knows has a page as well', () => {
    const refusal = createServiceRefusal({ code: 'video.too_odd', message: 'It is odd.' })
    expect(refusal).toMatchObject({
      code: 'service.refused',
      message: 'It is odd.',
      details: { reason: 'video.too_odd' },
    })
    expect(findErrorPage(refusal.code)).not.toBeNull()
  })
})
