import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { createSignedUrls } from '../../src/media/signed-urls.ts'
import { picture } from '../support/uploads.ts'
import { createUser, request, services, type TestUser } from '../support/world.ts'
import { askAndKeep, expectNoSecrets, keepWhatIsSeen } from './asking.ts'
import { createOwner, photographWorld, type Things } from './people.ts'

let owner: TestUser
let stranger: TestUser
let things: Things
/** Signed URLs of an image, of its mask and of a result. */
let image: URL
let mask: URL
let result: URL

keepWhatIsSeen()
beforeAll(async () => {
  ;({ owner, things } = await createOwner())
  stranger = await createUser()
  const items = await request(
    owner,
    'GET',
    `/api/datasets/${encodeURIComponent(things.dataset)}/data`,
  )
  const [item] = items.body.data.items
  image = new URL(item.imageUrl)
  mask = new URL(item.maskUrl)
  const results = await request(owner, 'GET', `/api/inferences/${things.inference}/results`)
  result = new URL(results.body.data.images[0].downloadUrl)
})

const fetchUrl = (url: URL | string, method = 'GET', headers: Record<string, string> = {}) => {
  const { pathname, search } = new URL(url)
  return askAndKeep(`${method} ${pathname}${search}`, { headers })
}

/** The URL with one of its parameters replaced, left out where the value is null. */
function change(url: URL, changes: Record<string, string | null>): URL {
  const changed = new URL(url)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) changed.searchParams.delete(name)
    else changed.searchParams.set(name, value)
  }
  return changed
}

const expectRefused = async (answer: ReturnType<typeof fetchUrl>, code = 'media.url_invalid') => {
  const { status, text } = await answer
  expect([status, JSON.parse(text).code]).toEqual([403, code])
}

describe('a signed media URL', () => {
  it('opens its object to whoever holds it, with any access token and with none', async () => {
    for (const headers of [
      {},
      { authorization: `Bearer ${stranger.accessToken}` },
      { authorization: 'Bearer rubbish' },
    ]) {
      for (const url of [image, mask, result]) {
        expect((await fetchUrl(url, 'GET', headers)).status).toBe(200)
      }
    }
  })

  it('cannot be moved to another object: of the same user, of another kind, or of another user', async () => {
    const other = await createOwner()
    const items = await request(
      other.owner,
      'GET',
      `/api/datasets/${encodeURIComponent(other.things.dataset)}/data`,
    )
    const anothers = new URL(items.body.data.items[0].imageUrl)
    for (const target of [mask, result, anothers]) {
      const moved = new URL(image)
      moved.pathname = target.pathname
      await expectRefused(fetchUrl(moved))
      await expectRefused(
        fetchUrl(change(target, { signature: image.searchParams.get('signature') })),
      )
    }
  })

  it.each(['HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'QUERY'])(
    'cannot be moved to another method: %s changes nothing',
    async (method) => {
      const before = await photographWorld([owner, stranger])
      const { status } = await fetchUrl(image, method)
      expect(status).toBe(403)
      expect(await photographWorld([owner, stranger])).toBe(before)
    },
  )

  it('cannot be moved to another time, by a second or by a year', async () => {
    const expires = Number(image.searchParams.get('expires'))
    for (const seconds of [1, -1, 3600, 31_536_000]) {
      await expectRefused(fetchUrl(change(image, { expires: String(expires + seconds) })))
    }
  })

  it('ends with its time', async () => {
    const expired = await createSignedUrls({
      baseUrl: services.settings.PUBLIC_BASE_URL,
      secret: services.settings.MEDIA_URL_SECRET,
      ttlSeconds: 60,
      clock: { nowMs: () => Date.now() - 3_600_000 },
    }).sign({ key: image.pathname.slice('/media/'.length) })
    await expectRefused(fetchUrl(expired), 'media.url_expired')
  })

  it('is refused with any one of its parameters changed, left out, doubled or added', async () => {
    for (const [name, value] of image.searchParams) {
      await expectRefused(fetchUrl(change(image, { [name]: null })))
      await expectRefused(fetchUrl(change(image, { [name]: '' })))
      await expectRefused(fetchUrl(change(image, { [name]: `${value}0` })))
      await expectRefused(fetchUrl(`${image}&${name}=${encodeURIComponent(value)}`))
    }
    await expectRefused(fetchUrl(`${image}&method=PUT`))
    await expectRefused(fetchUrl(change(mask, { filename: 'page.html' })))
  })

  it.each([
    ['the secret of access tokens', () => services.settings.JWT_SECRET],
    ['the inference service’s secret', () => services.settings.INFERENCE_SECRET],
    ['a secret of somebody else', () => 'a secret of at least thirty-two characters'],
  ])('is refused when it was signed with %s', async (_, secret) => {
    const forged = createSignedUrls({
      baseUrl: services.settings.PUBLIC_BASE_URL,
      secret: secret(),
      ttlSeconds: 3600,
      clock: services.clock,
    })
    const key = image.pathname.slice('/media/'.length)
    await expectRefused(fetchUrl(await forged.sign({ key })))
  })

  it('is no access token, nor does an access token open media without a signature', async () => {
    const signature = image.searchParams.get('signature') ?? ''
    const profile = await askAndKeep('GET /api/users/profile', {
      headers: { authorization: `Bearer ${signature}` },
    })
    expect(profile.status).toBe(401)
    const unsigned = `${image.origin}${image.pathname}`
    await expectRefused(fetchUrl(unsigned, 'GET', { authorization: `Bearer ${owner.accessToken}` }))
  })

  it.each(['../secrets', '..%2fsecrets', '%2e%2e/secrets', 'datasets/', '', 'datasets/%00'])(
    'cannot be guessed for the key %j',
    async (key) => {
      const { status } = await askAndKeep(`GET /media/${key}${image.search}`)
      expect([403, 404]).toContain(status)
    },
  )
})

describe('media', () => {
  it('is shown and never run: no sniffing, no scripts, in a sandbox, and on pages of any origin', async () => {
    const paths = [
      `${image.pathname}${image.search}`,
      `/api/datasets/${encodeURIComponent(things.dataset)}/image/${things.fileName}`,
      `/api/inferences/${things.inference}/download/${things.result}`,
      `/api/inferences/${things.inference}/results.zip`,
    ]
    for (const path of paths) {
      const answer = await askAndKeep(`GET ${path}`, {
        headers: { authorization: `Bearer ${owner.accessToken}` },
      })
      expect(answer.status, answer.text).toBe(200)
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': "sandbox; default-src 'none'",
        'cross-origin-resource-policy': 'cross-origin',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
        'content-type': expect.stringMatching(/^(image\/png|application\/zip)$/),
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      })
    }
  })

  it.each([
    'text/html',
    'image/svg+xml',
    'application/javascript',
    'text/xml',
    'TEXT/HTML; x=1',
    '',
  ])(
    'that was stored as %j comes as bytes without a meaning, whatever its name says',
    async (contentType) => {
      const key = `datasets/${owner.id}/${crypto.randomUUID()}_page.html`
      await env.MEDIA.put(key, picture, { httpMetadata: { contentType } })
      const url = await services.signedUrls.sign({ key, fileName: 'page.html' })
      const answer = await fetchUrl(url)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('application/octet-stream')
    },
  )

  it('tells no secret', () => expectNoSecrets())
})
