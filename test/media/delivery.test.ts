import { describe, expect, it } from 'vitest'
import { decideDelivery } from '../../src/media/delivery.ts'
import { cleanFileName, formatInlineDisposition } from '../../src/media/file-names.ts'

const etag = '"abc"'
const decide = (headers: Record<string, string>, bytes = 1000) =>
  decideDelivery(new Headers(headers), { etag, bytes })
const part = (offset: number, length: number) => ({ status: 206, offset, length })

describe('a range of an object of 1000 bytes', () => {
  it.each([
    ['bytes=0-0', part(0, 1)],
    ['bytes=0-', part(0, 1000)],
    ['bytes=0-999', part(0, 1000)],
    ['bytes=999-999', part(999, 1)],
    ['bytes=999-', part(999, 1)],
    ['bytes=100-199', part(100, 100)],
    ['bytes=900-5000', part(900, 100)],
    ['bytes=-1', part(999, 1)],
    ['bytes=-1000', part(0, 1000)],
    ['bytes=-5000', part(0, 1000)],
    ['BYTES=5-6', part(5, 2)],
    ['bytes=1000-', { status: 416 }],
    ['bytes=1000-1001', { status: 416 }],
    ['bytes=-0', { status: 416 }],
    ['bytes=0-0,5-9', { status: 200 }],
    ['bytes=9-5', { status: 200 }],
    ['bytes=-', { status: 200 }],
    ['bytes=a-b', { status: 200 }],
    ['items=0-1', { status: 200 }],
    ['bytes=0-1x', { status: 200 }],
    ['', { status: 200 }],
  ])('%s', (range, delivery) => {
    expect(decide({ range })).toEqual(delivery)
  })

  it('is never there of an empty object', () => {
    expect(decide({ range: 'bytes=0-' }, 0)).toEqual({ status: 416 })
    expect(decide({ range: 'bytes=-5' }, 0)).toEqual({ status: 416 })
  })

  it('is given only while the object is the one that the client has a part of', () => {
    const range = 'bytes=5-9'
    expect(decide({ range, 'if-range': etag })).toEqual(part(5, 5))
    expect(decide({ range, 'if-range': '"other"' })).toEqual({ status: 200 })
    expect(decide({ range, 'if-range': 'W/"abc"' })).toEqual({ status: 200 })
    expect(decide({ range, 'if-range': 'Wed, 21 Oct 2015 07:28:00 GMT' })).toEqual({ status: 200 })
  })
})

describe('an object that the client has', () => {
  it.each(['"abc"', 'W/"abc"', '"x", "abc"', '*', ' "abc" '])(
    'is not sent again for %s',
    (known) => {
      expect(decide({ 'if-none-match': known, range: 'bytes=0-1' })).toEqual({ status: 304 })
    },
  )

  it.each(['"abcd"', 'abc', '""', '"ab", "c"'])('is sent for %s', (known) => {
    expect(decide({ 'if-none-match': known })).toEqual({ status: 200 })
  })
})

describe('a file name in a header', () => {
  it.each([
    ['photo.png', `inline; filename="photo.png"; filename*=UTF-8''photo.png`],
    ['città è.png', `inline; filename="citt_ _.png"; filename*=UTF-8''citt%C3%A0%20%C3%A8.png`],
    ['a"b\\c.png', `inline; filename="c.png"; filename*=UTF-8''c.png`],
    ['a"b;c=d.png', `inline; filename="a_b;c=d.png"; filename*=UTF-8''a%22b%3Bc%3Dd.png`],
    [
      "it's (1)*!.png",
      `inline; filename="it's (1)*!.png"; filename*=UTF-8''it%27s%20%281%29%2A%21.png`,
    ],
    [
      '日本 😀.png',
      `inline; filename="__ _.png"; filename*=UTF-8''%E6%97%A5%E6%9C%AC%20%F0%9F%98%80.png`,
    ],
    ['../../etc/passwd', `inline; filename="passwd"; filename*=UTF-8''passwd`],
    [
      'a\r\nSet-Cookie: b.png',
      `inline; filename="aSet-Cookie: b.png"; filename*=UTF-8''aSet-Cookie%3A%20b.png`,
    ],
    ['100%.png', `inline; filename="100_.png"; filename*=UTF-8''100%25.png`],
    ['', 'inline'],
    ['\u202e\u0000', 'inline'],
    ['\ud800.png', `inline; filename="_.png"; filename*=UTF-8''%EF%BF%BD.png`],
  ])('%j is safe', (name, header) => {
    expect(formatInlineDisposition(name)).toBe(header)
    expect(new Headers({ 'content-disposition': header }).get('content-disposition')).toBe(header)
  })

  it('is cut between characters and keeps its extension', () => {
    const name = cleanFileName(`${'😀'.repeat(300)}.jpeg`)
    expect(name).toBe(`${'😀'.repeat(195)}.jpeg`)
  })
})
