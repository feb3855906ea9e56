import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { mediaRoutes } from '../../src/media/media.routes.ts'
import { createPresignedUrls } from '../../src/media/presigned.ts'
import { createSignedUrls } from '../../src/media/signed-urls.ts'
import { createMediaStore } from '../../src/media/store.ts'
import { createRouter } from '../../src/router.ts'
import type { Services } from '../../src/services.ts'
import { renderError } from '../../src/shared/error-renderer.ts'

const user = '4991aeaa-1c3e-421a-800f-02792725c575'
const key = `datasets/${user}/1715ddf7-c718-42a3-bbc0-a1fb9628ef8f_d4ecbb74-bb60-4759-bdb3-b4f09c81c2a0.png`
const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 251)
const clock = { nowMs: () => 1_800_000_000_000 }
const media = createMediaStore(env.MEDIA)
const signedUrls = createSignedUrls({
  baseUrl: 'https://api.example.com',
  secret: 'a secret of at least thirty-two characters',
  ttlSeconds: 3600,
  clock,
})
const presignedUrls = createPresignedUrls({
  endpoint: 'https://account.r2.example.com',
  bucket: 'media',
  accessKeyId: 'access-key',
  secretAccessKey: 'secret-access-key',
  clock,
})

function createApp(delivery: 'stream' | 'redirect') {
  const app = createRouter()
  app.onError(renderError)
  app.use(async (context, next) => {
    const settings = { MEDIA_DELIVERY: delivery }
    context.set('services', {
      clock,
      media,
      signedUrls,
      presignedUrls,
      settings,
    } as unknown as Services)
    await next()
  })
  app.route('/', mediaRoutes)
  return app
}

async function fetchObject(
  headers: Record<string, string> = {},
  options: {
    key?: string
    fileName?: string
    method?: string
    delivery?: 'stream' | 'redirect'
  } = {},
) {
  const url = await signedUrls.sign({ key: options.key ?? key, fileName: options.fileName ?? null })
  const app = createApp(options.delivery ?? 'stream')
  return app.request(url, { headers, method: options.method ?? 'GET' }, env)
}

beforeAll(async () => {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  await media.put({ key, bytes, sha256, contentType: 'image/png', fileName: 'stored è.png' })
})

const bodyOf = async (answer: Response) => new Uint8Array(await answer.arrayBuffer())

describe('an object behind its signed URL', () => {
  it('comes whole, with what a browser needs and nothing that it could run', async () => {
    const answer = await fetchObject()
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '1000',
      'accept-ranges': 'bytes',
      'content-disposition': `inline; filename="stored _.png"; filename*=UTF-8''stored%20%C3%A8.png`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'private, max-age=3600',
      etag: expect.stringMatching(/^"[^"]+"$/),
    })
    expect(await bodyOf(answer)).toEqual(bytes)
  })

  it('has the name that the URL gives it', async () => {
    const answer = await fetchObject({}, { fileName: 'the "cat".png' })
    expect(answer.headers.get('content-disposition')).toBe(
      `inline; filename="the _cat_.png"; filename*=UTF-8''the%20%22cat%22.png`,
    )
    await bodyOf(answer)
  })

  it('needs no Authorization header and does not mind a wrong one', async () => {
    const answer = await fetchObject({ authorization: 'Bearer nonsense' })
    expect(answer.status).toBe(200)
    await bodyOf(answer)
  })

  it.each([
    ['bytes=0-0', 'bytes 0-0/1000', bytes.subarray(0, 1)],
    ['bytes=10-19', 'bytes 10-19/1000', bytes.subarray(10, 20)],
    ['bytes=-3', 'bytes 997-999/1000', bytes.subarray(997)],
    ['bytes=990-2000', 'bytes 990-999/1000', bytes.subarray(990)],
  ])('comes in part for %s', async (range, contentRange, part) => {
    const answer = await fetchObject({ range })
    expect(answer.status).toBe(206)
    expect(answer.headers.get('content-range')).toBe(contentRange)
    expect(answer.headers.get('content-length')).toBe(String(part.length))
    expect(await bodyOf(answer)).toEqual(Uint8Array.from(part))
  })

  it('answers 416 with its size for a range beyond its end', async () => {
    const answer = await fetchObject({ range: 'bytes=1000-' })
    expect(answer.status).toBe(416)
    expect(answer.headers.get('content-range')).toBe('bytes */1000')
    expect(await bodyOf(answer)).toHaveLength(0)
  })

  it('comes whole for several ranges at once', async () => {
    const answer = await fetchObject({ range: 'bytes=0-1,5-6' })
    expect(answer.status).toBe(200)
    expect(await bodyOf(answer)).toEqual(bytes)
  })

  it('is not sent again to a client that has it', async () => {
    const first = await fetchObject()
    await bodyOf(first)
    const etag = first.headers.get('etag') ?? ''
    const again = await fetchObject({ 'if-none-match': etag })
    expect(again.status).toBe(304)
    expect(again.headers.get('etag')).toBe(etag)
    expect(again.headers.get('cache-control')).toBe('private, max-age=3600')
    expect(again.body).toBeNull()
    const other = await fetchObject({ 'if-none-match': '"other"' })
    expect(other.status).toBe(200)
    await bodyOf(other)
  })

  it('goes on where a download broke off, and starts again when the object is another', async () => {
    const first = await fetchObject()
    await bodyOf(first)
    const etag = first.headers.get('etag') ?? ''
    const rest = await fetchObject({ range: 'bytes=500-', 'if-range': etag })
    expect(rest.status).toBe(206)
    expect(await bodyOf(rest)).toHaveLength(500)
    const whole = await fetchObject({ range: 'bytes=500-', 'if-range': '"other"' })
    expect(whole.status).toBe(200)
    expect(await bodyOf(whole)).toHaveLength(1000)
  })

  it.each(['stream', 'redirect'] as const)('is 404 once it is gone, by %s', async (delivery) => {
    for (const headers of [{}, { range: 'bytes=0-1' }]) {
      const answer = await fetchObject(headers, { key: key.replace('.png', '.jpg'), delivery })
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({ success: false, code: 'media.not_found' })
    }
  })

  it.each(['HEAD', 'POST', 'PUT', 'DELETE'])('is refused by %s', async (method) => {
    const answer = await fetchObject({}, { method })
    expect(answer.status).toBe(403)
    if (method !== 'HEAD') expect(await answer.json()).toMatchObject({ code: 'media.url_invalid' })
  })

  it('is refused without a signature, with or without a session', async () => {
    for (const headers of [{}, { authorization: 'Bearer something' }]) {
      const answer = await createApp('stream').request(`/media/${key}`, { headers }, env)
      expect(answer.status).toBe(403)
      expect(await answer.json()).toMatchObject({ success: false, code: 'media.url_invalid' })
    }
  })
})

describe('delivery by redirect', () => {
  it("sends the client to R2's own host, for a few minutes and for this object alone", async () => {
    const answer = await fetchObject({}, { delivery: 'redirect', fileName: 'è.png' })
    expect(answer.status).toBe(302)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const location = new URL(answer.headers.get('location') ?? '')
    expect(location.origin + location.pathname).toBe(`https://account.r2.example.com/media/${key}`)
    expect(location.searchParams.get('X-Amz-Expires')).toBe('300')
    expect(location.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/)
    expect(location.searchParams.get('response-content-disposition')).toBe(
      `inline; filename="_.png"; filename*=UTF-8''%C3%A8.png`,
    )
  })
})
