import { jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { createServiceCall } from '../../src/inference-service/service-call.ts'

const secret = 'staged-inference-secret-0123456789-01'
const signal = AbortSignal.timeout(10_000)

function staged(answer: (request: Request) => Response | Promise<Response>) {
  return createServiceCall({
    baseUrl: 'http://inference.invalid',
    secret,
    clock: { nowMs: () => Date.now() },
    fetch: async (...request) => answer(new Request(...request)),
  })
}

const lines = (...texts: string[]) => new Response(texts.join('\n'))
const told = (status: number, error: object, headers = {}) =>
  Response.json({ error }, { status, headers })

async function readAll(answer: () => Response | Promise<Response>) {
  const seen: unknown[] = []
  const end = await staged(answer).postLines(
    '/v1/inpaint',
    {},
    {
      signal,
      onLine: async (line) => void seen.push(line),
    },
  )
  return { seen, end }
}

describe('a call of the inference service', () => {
  it('carries its JSON and an access token for the service alone', async () => {
    const call = staged(async (request) => {
      const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? ''
      const { payload } = await jwtVerify(token, new TextEncoder().encode(secret))
      return Response.json({
        audience: payload.aud,
        path: new URL(request.url).pathname,
        sent: await request.json(),
      })
    })
    expect(await call.postJson('/v1/probe', { url: 'x' }, { signal })).toEqual({
      kind: 'answered',
      body: { audience: 'inference', path: '/v1/probe', sent: { url: 'x' } },
    })
  })

  it('asks for what there is without a body, and with an access token too', async () => {
    const call = staged(async ({ method, url, headers, body }) =>
      Response.json({ method, url, body, hasToken: headers.has('authorization') }),
    )
    expect(await call.getJson('/v1/models', { signal })).toEqual({
      kind: 'answered',
      body: {
        method: 'GET',
        url: 'http://inference.invalid/v1/models',
        body: null,
        hasToken: true,
      },
    })
  })

  it('hands over the lines before the end, and the end', async () => {
    const { seen, end } = await readAll(() =>
      lines('{"type":"frame","index":1}', '', '{"type":"end","failed":0}', '{"type":"late"}', ''),
    )
    expect(seen).toEqual([{ type: 'frame', index: 1 }])
    expect(end).toEqual({ kind: 'ended', end: { type: 'end', failed: 0 } })
  })

  it('puts a line together that comes in pieces, even of a character', async () => {
    const bytes = new TextEncoder().encode('{"type":"end","name":"città"}\n')
    const { end } = await readAll(
      () =>
        new Response(
          new ReadableStream({
            start(controller) {
              for (const byte of bytes) controller.enqueue(new Uint8Array([byte]))
              controller.close()
            },
          }),
        ),
    )
    expect(end).toMatchObject({ end: { name: 'città' } })
  })

  it.each([
    ['closes before the end', () => lines('{"type":"frame"}', '')],
    ['breaks off within the last line', () => lines('{"type":"end"')],
    ['says what is no JSON', () => lines('<html>', '')],
    ['says what is no line of the contract', () => lines('[1]', '')],
    ['tells an error without its words', () => lines('{"type":"error"}', '')],
    ['is not there', () => Promise.reject(new TypeError('Network connection lost'))],
    ['answers 500', () => new Response('oops', { status: 500 })],
    ['refuses the access token', () => told(401, { code: 'auth.invalid', message: 'x' })],
    ['answers 404 in words that are not its own', () => new Response('Not found', { status: 404 })],
    ['cannot fetch a file now', () => told(503, { code: 'media.fetch_failed', message: 'x' })],
  ])('is broken when the service %s', async (_case, answer) => {
    expect((await readAll(answer)).end).toMatchObject({ kind: 'broken' })
  })

  it('is broken when its line cannot be taken in', async () => {
    const end = await staged(() => lines('{"type":"frame"}', '{"type":"end"}', '')).postLines(
      '/v1/frames',
      {},
      { signal, onLine: () => Promise.reject(new Error('no disk')) },
    )
    expect(end).toEqual({ kind: 'broken', reason: 'no disk' })
  })

  it('is broken when an answer that should be JSON is not', async () => {
    const call = staged(() => new Response('<html>'))
    expect(await call.postJson('/v1/probe', {}, { signal })).toMatchObject({ kind: 'broken' })
  })

  it.each([
    [
      'says for how long',
      () => told(503, { code: 'service.busy', message: 'x' }, { 'retry-after': '7' }),
      7,
    ],
    [
      'says so in its only line',
      () =>
        lines(
          '{"type":"error","error":{"code":"service.busy","message":"x","retryable":true}}',
          '',
        ),
      2,
    ],
    ['says nothing else', () => new Response('{}', { status: 503 }), 2],
    ['names a date', () => new Response('', { status: 429, headers: { 'retry-after': 'Mon' } }), 2],
  ])('waits when the service is busy and %s', async (_case, answer, retryAfterSeconds) => {
    expect((await readAll(answer)).end).toEqual({ kind: 'busy', retryAfterSeconds })
  })

  it('is refused for good with the code, the sentence and the facts, by an answer or by a line', async () => {
    const error = { code: 'video.too_many_frames', message: 'Too many.', found: 9, limit: 3 }
    const refused = {
      kind: 'refused',
      code: 'video.too_many_frames',
      message: 'Too many.',
      details: { found: 9, limit: 3 },
    }
    expect((await readAll(() => told(422, error))).end).toEqual(refused)
    const line = (retryable: boolean) =>
      lines(JSON.stringify({ type: 'error', error: { ...error, retryable } }), '')
    expect((await readAll(() => line(false))).end).toEqual(refused)
    expect((await readAll(() => line(true))).end).toMatchObject({ kind: 'broken' })
  })
})
