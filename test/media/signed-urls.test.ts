import { describe, expect, it } from 'vitest'
import { createSignedUrls, type SignedUrlSettings } from '../../src/media/signed-urls.ts'
import { refusalOf } from './fixtures/checks.ts'

const key =
  'datasets/4991aeaa-1c3e-421a-800f-02792725c575/1715ddf7-c718-42a3-bbc0-a1fb9628ef8f_d4ecbb74-bb60-4759-bdb3-b4f09c81c2a0.png'
const fileName = 'città "d\'acqua" (1)+&=#%.png'
const nowMs = 1_800_000_123_456
const baseUrl = 'https://api.example.com'

function createUrls(changes: Partial<SignedUrlSettings> & { nowMs?: number } = {}) {
  return createSignedUrls({
    baseUrl,
    secret: 'the current secret of thirty-two characters',
    ttlSeconds: 3600,
    clock: { nowMs: () => changes.nowMs ?? nowMs },
    ...changes,
  })
}

const get = (url: string) => ({ method: 'GET', url })

describe('a signed URL', () => {
  it('opens its object by GET and carries the file name', async () => {
    const urls = createUrls()
    const url = await urls.sign({ key, fileName })
    expect(url.startsWith(`${baseUrl}/media/${key}?expires=`)).toBe(true)
    expect(await urls.verifyOrThrow(get(url))).toMatchObject({ key, fileName })
  })

  it('needs no file name', async () => {
    const urls = createUrls()
    const url = await urls.sign({ key })
    expect(url).not.toContain('filename')
    expect(await urls.verifyOrThrow(get(url))).toMatchObject({ key, fileName: null })
  })

  it('lives as long as promised and at most a quarter more', async () => {
    for (let offsetMs = 0; offsetMs < 3_600_000; offsetMs += 97_003) {
      const urls = createUrls({ nowMs: nowMs + offsetMs })
      const { expiresAtMs } = await urls.verifyOrThrow(get(await urls.sign({ key })))
      const lifeMs = expiresAtMs - nowMs - offsetMs
      expect(lifeMs).toBeGreaterThanOrEqual(3_600_000)
      expect(lifeMs).toBeLessThanOrEqual(4_500_000)
    }
  })

  it('is the same again for a while, so that clients can cache it', async () => {
    const windowStartMs = Math.floor(nowMs / 900_000) * 900_000
    const first = await createUrls({ nowMs: windowStartMs + 1 }).sign({ key, fileName })
    const last = await createUrls({ nowMs: windowStartMs + 900_000 }).sign({ key, fileName })
    const next = await createUrls({ nowMs: windowStartMs + 900_001 }).sign({ key, fileName })
    expect(last).toBe(first)
    expect(next).not.toBe(first)
  })

  it('is refused with any one character changed to any kind of other', async () => {
    const urls = createUrls()
    const url = await urls.sign({ key, fileName: 'è (1).png' })
    const start = baseUrl.length + 1
    for (let index = start; index < url.length; index += 1) {
      const character = url[index] as string
      for (const other of [
        'A',
        'B',
        '0',
        '1',
        '-',
        '_',
        '/',
        '.',
        '%',
        '=',
        '&',
        character.toLowerCase(),
        character.toUpperCase(),
      ]) {
        if (other === character) continue
        const changed = url.slice(0, index) + other + url.slice(index + 1)
        const { code, status } = await refusalOf(urls.verifyOrThrow(get(changed)))
        expect({ code, status }, changed).toEqual({ code: 'media.url_invalid', status: 403 })
      }
    }
  })

  it('is refused with any one character missing or doubled', async () => {
    const urls = createUrls()
    const url = await urls.sign({ key, fileName: 'è (1).png' })
    for (let index = baseUrl.length + 1; index < url.length; index += 1) {
      const shorter = url.slice(0, index) + url.slice(index + 1)
      const longer = url.slice(0, index) + url[index] + url.slice(index)
      for (const changed of [shorter, longer]) {
        const { code } = await refusalOf(urls.verifyOrThrow(get(changed)))
        expect(code, changed).toBe('media.url_invalid')
      }
    }
  })

  it.each(['HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'get'])(
    'is refused for %s',
    async (method) => {
      const urls = createUrls()
      const url = await urls.sign({ key })
      expect((await refusalOf(urls.verifyOrThrow({ method, url }))).code).toBe('media.url_invalid')
    },
  )

  it('is refused with the signature of another object, name or time', async () => {
    const urls = createUrls()
    const signed = await urls.sign({ key, fileName })
    const others = [
      await urls.sign({ key: key.replace('.png', '.jpg'), fileName }),
      await urls.sign({ key, fileName: 'other.png' }),
      await urls.sign({ key }),
      await createUrls({ nowMs: nowMs + 86_400_000 }).sign({ key, fileName }),
    ]
    for (const other of others) {
      const moved = signed.slice(0, -43) + other.slice(-43)
      expect((await refusalOf(urls.verifyOrThrow(get(moved)))).code).toBe('media.url_invalid')
    }
  })

  it('is refused with anything added, left out or in another order', async () => {
    const urls = createUrls()
    const url = new URL(await urls.sign({ key, fileName: 'a.png' }))
    const signature = url.searchParams.get('signature')
    const expires = url.searchParams.get('expires')
    const path = `${baseUrl}/media/${key}`
    for (const changed of [
      path,
      `${path}?expires=${expires}`,
      `${path}?expires=${expires}&filename=a.png`,
      `${path}?signature=${signature}&expires=${expires}&filename=a.png`,
      `${path}?filename=a.png&expires=${expires}&signature=${signature}`,
      `${url}&x=1`,
      `${url}&signature=${signature}`,
      `${path}?expires=${expires}&expires=${expires}&filename=a.png&signature=${signature}`,
      `${path}?expires=0${expires}&filename=a.png&signature=${signature}`,
      `${path}?expires=${expires}&filename=%61.png&signature=${signature}`,
      `${path}?expires=${expires}&filename=a.png&signature=`,
      `${baseUrl}/media/?expires=${expires}&filename=a.png&signature=${signature}`,
      `${baseUrl}/media/%64atasets${url.pathname.slice(15)}${url.search}`,
    ]) {
      expect((await refusalOf(urls.verifyOrThrow(get(changed)))).code, changed).toBe(
        'media.url_invalid',
      )
    }
  })

  it('is refused from the second it expires, saying when that was', async () => {
    const url = await createUrls().sign({ key })
    const { expiresAtMs } = await createUrls().verifyOrThrow(get(url))
    const lastMoment = createUrls({ nowMs: expiresAtMs - 1 })
    expect(await lastMoment.verifyOrThrow(get(url))).toMatchObject({ key })
    const refusal = await refusalOf(createUrls({ nowMs: expiresAtMs }).verifyOrThrow(get(url)))
    expect(refusal).toMatchObject({ code: 'media.url_expired', status: 403 })
    expect(refusal.message).toContain(new Date(expiresAtMs).toISOString())
  })

  it('tells nothing about expiry to whoever cannot sign', async () => {
    const url = await createUrls().sign({ key })
    const expired = createUrls({ nowMs: nowMs + 86_400_000 })
    const forged = url.slice(0, -43) + 'A'.repeat(43)
    expect((await refusalOf(expired.verifyOrThrow(get(forged)))).code).toBe('media.url_invalid')
  })

  it('is never made for what is no key', async () => {
    for (const wrong of ['', 'a b', 'a?b', 'a#b', 'è', 'a&b=c', 'a%2fb']) {
      await expect(createUrls().sign({ key: wrong })).rejects.toThrow(RangeError)
    }
  })
})

describe('a change of secrets', () => {
  const secret = 'the next secret, again of thirty-two or more'
  const previousSecret = 'the current secret of thirty-two characters'

  it('leaves the URLs that are out working, and signs new ones with the new secret', async () => {
    const old = await createUrls().sign({ key })
    const changed = createUrls({ secret, previousSecret })
    expect(await changed.verifyOrThrow(get(old))).toMatchObject({ key })
    const fresh = await changed.sign({ key })
    expect(fresh).not.toBe(old)
    expect(await createUrls({ secret }).verifyOrThrow(get(fresh))).toMatchObject({ key })
  })

  it('ends them once the previous secret is gone', async () => {
    const old = await createUrls().sign({ key })
    const { code } = await refusalOf(createUrls({ secret }).verifyOrThrow(get(old)))
    expect(code).toBe('media.url_invalid')
  })
})
