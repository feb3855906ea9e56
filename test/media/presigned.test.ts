import { describe, expect, it } from 'vitest'
import { createPresignedUrls } from '../../src/media/presigned.ts'

const urls = createPresignedUrls({
  endpoint: 'http://127.0.0.1:8787/cdn-cgi/local/r2/s3',
  bucket: 'media',
  accessKeyId: 'access-key',
  secretAccessKey: 'secret-access-key',
  clock: { nowMs: () => Date.UTC(2026, 10, 21, 10, 30, 5, 999) },
})
const key = 'inferences/a/b/processed_c.png'

describe('a presigned URL', () => {
  it('names endpoint, bucket and key, and is signed for its lifetime', async () => {
    const url = new URL(await urls.presignGet({ key, expiresInSeconds: 900 }))
    expect(url.origin + url.pathname).toBe(
      'http://127.0.0.1:8787/cdn-cgi/local/r2/s3/media/inferences/a/b/processed_c.png',
    )
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'access-key/20261121/auto/s3/aws4_request',
      'X-Amz-Date': '20261121T103005Z',
      'X-Amz-Expires': '900',
      'X-Amz-SignedHeaders': 'host',
    })
  })

  it('binds a writer to its content type', async () => {
    const put = (contentType: string) =>
      urls.presignPut({ key, expiresInSeconds: 900, contentType })
    const url = new URL(await put('image/png'))
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('content-type;host')
    expect(await put('image/png')).toBe(url.toString())
    expect(await put('text/html')).not.toBe(url.toString())
  })

  it('binds a writer to a number of bytes, of whatever type', async () => {
    const put = (bytes: number) => urls.presignPut({ key, expiresInSeconds: 900, bytes })
    const url = new URL(await put(1000))
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host')
    expect(await put(1000)).toBe(url.toString())
    expect(await put(1001)).not.toBe(url.toString())
  })

  it('is another for another method', async () => {
    const read = new URL(await urls.presignGet({ key, expiresInSeconds: 900 }))
    const write = new URL(
      await urls.presignPut({ key, expiresInSeconds: 900, contentType: 'image/png' }),
    )
    expect(read.searchParams.get('X-Amz-Signature')).not.toBe(
      write.searchParams.get('X-Amz-Signature'),
    )
  })

  it.each([0, -1, 1.5, 604_801, Number.NaN])('is never made for %d seconds', async (seconds) => {
    await expect(urls.presignGet({ key, expiresInSeconds: seconds })).rejects.toThrow(RangeError)
  })
})
