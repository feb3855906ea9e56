import fc, { type Arbitrary } from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { mask, picture } from '../support/uploads.ts'
import { request } from '../support/world.ts'
import { text } from './rubbish.ts'
import { Stage, send, tellCounts, tries } from './stage.ts'

let stage: Stage

tellCounts()
beforeAll(async () => {
  stage = await Stage.open()
  // What is right in spite of everything goes where nothing else looks.
  await request(stage.owner, 'POST', '/api/datasets', { json: { name: 'forms' } })
  stage.hasChanged()
})

const latin = (value: string) => Buffer.from(value, 'utf8')
const boundary = 'the-boundary'

/** A text in a part's header, as browsers escape it, or as it comes. */
const quoted = text.map((value) => value.replace(/[\r\n]/g, ' ').toWellFormed())

const contents: Arbitrary<Uint8Array> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(picture, mask) },
  { weight: 1, arbitrary: fc.nat(picture.length).map((length) => picture.subarray(0, length)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  { weight: 1, arbitrary: text.map(latin) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      latin(`--${boundary}`),
      latin(`\r\n--${boundary}--\r\n`),
      latin(
        `--inner\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\nx\r\n--inner--`,
      ),
      latin('PK\u0003\u0004'),
      latin('\u0000'.repeat(200)),
    ),
  },
)

const dispositions: Arbitrary<string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'form-data; name="image"; filename="a.png"',
      'form-data; name="mask"; filename="a.png"',
      'form-data; name="datasetName"',
    ),
  },
  { weight: 2, arbitrary: quoted.map((name) => `form-data; name="image"; filename="${name}"`) },
  { weight: 2, arbitrary: quoted.map((name) => `form-data; name="${name}"`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '',
      'form-data',
      'form-data; name=',
      'form-data; name="image',
      'form-data; filename="a.png"',
      'form-data; name="image"; filename*=UTF-8\'\'%ff%zz',
      'form-data; name="image"; filename*=bogus\'en\'a.png',
      'form-data; name="image"; name="mask"; filename="a"; filename="b"',
      'attachment; name="image"; filename="a.png"',
      `form-data; name="${'n'.repeat(5_000)}"`,
    ),
  },
)

const types = fc.constantFrom(
  '',
  'image/png',
  'text/plain; charset=utf-16',
  'text/plain; charset=bogus',
  'multipart/mixed; boundary=inner',
  'application/octet-stream; x="',
  ';;;',
)
const encodings = fc.constantFrom('', '', '', 'base64', 'quoted-printable', 'gzip', 'x')

const part: Arbitrary<Uint8Array> = fc
  .record({
    disposition: dispositions,
    type: types,
    encoding: encodings,
    content: contents,
    newline: fc.constantFrom('\r\n', '\r\n', '\r\n', '\n'),
  })
  .map(({ disposition, type, encoding, content, newline }) => {
    const lines = [
      `--${boundary}`,
      ...(disposition ? [`Content-Disposition: ${disposition}`] : []),
      ...(type ? [`Content-Type: ${type}`] : []),
      ...(encoding ? [`Content-Transfer-Encoding: ${encoding}`] : []),
      '',
      '',
    ]
    return Buffer.concat([latin(lines.join(newline)), content, latin('\r\n')])
  })

const field = (name: string, value: string) =>
  latin(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
const file = (name: string, bytes: Uint8Array) =>
  Buffer.concat([
    latin(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${name}.png"\r\n\r\n`,
    ),
    bytes,
    latin('\r\n'),
  ])
const rightParts = [field('datasetName', 'forms'), file('image', picture), file('mask', mask)]

const ends = fc.constantFrom(
  `--${boundary}--\r\n`,
  `--${boundary}--\r\n`,
  `--${boundary}--\r\nand an epilogue`,
  `--${boundary}--`,
  `--${boundary}`,
  `--${boundary}\r\n`,
  '',
)

/** Forms of right parts and wrong ones in any order, with any end, or cut off anywhere. */
const forms: Arbitrary<Uint8Array<ArrayBuffer>> = fc
  .record({
    parts: fc.oneof(
      fc
        .shuffledSubarray(rightParts, { minLength: 1 })
        .chain((right) => fc.array(part, { maxLength: 2 }).map((wrong) => [...wrong, ...right])),
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(
        Array.from({ length: 200 }, () => field('a', 'b')),
        Array.from({ length: 100 }, (_, index) => file(`f${index}`, picture)),
        [...rightParts, ...rightParts],
        [field('datasetName', 'x'.repeat(100_000))],
        [field('__proto__', 'a'), field('constructor', 'b'), ...rightParts],
        [field('datasetName', 'forms'), field('fps', '1e309'), ...rightParts.slice(1)],
      ),
    ),
    preamble: fc.constantFrom('', '', '', '\r\n', 'a preamble\r\n'),
    end: ends,
    cut: fc.oneof(
      { weight: 4, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
    ),
  })
  .map(({ parts, preamble, end, cut }) => {
    const whole = Buffer.concat([latin(preamble), ...parts, latin(end)])
    return Uint8Array.from(whole.subarray(0, Math.floor(whole.length * cut)))
  })

const contentTypes = fc.oneof(
  { weight: 12, arbitrary: fc.constant(`multipart/form-data; boundary=${boundary}`) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      `multipart/form-data; boundary="${boundary}"`,
      `Multipart/Form-Data;boundary=${boundary};charset=bogus`,
      `multipart/form-data; boundary=other; boundary=${boundary}`,
      'multipart/form-data',
      'multipart/form-data; boundary=',
      'multipart/form-data; boundary=""',
      'multipart/form-data; boundary="',
      `multipart/form-data; boundary=${'b'.repeat(3_000)}`,
      `multipart/mixed; boundary=${boundary}`,
      'multipart/form-data, multipart/form-data',
      '',
    ),
  },
)

describe('a form', () => {
  it('of any parts is stored whole or refused with its reason, and a refused one costs nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        forms,
        contentTypes,
        fc.constantFrom('', '', 'key'),
        async (body, type, key) => {
          const wrongs = await stage.findWrongs({
            method: 'POST',
            path: '/api/datasets/data',
            headers: [
              ['authorization', `Bearer ${stage.owner.accessToken}`],
              ['content-type', type],
              ...(key === ''
                ? []
                : [['idempotency-key', `${key}-${crypto.randomUUID()}`] as const]),
            ],
            body,
          })
          expect(wrongs).toEqual([])
        },
      ),
      tries(200),
    )
  })

  it.each([
    ['; name="datasetName"', []],
    ['', []],
    ['; name="datasetName"', [['idempotency-key', 'charset']]],
    ['', [['idempotency-key', 'charset-of-none']]],
  ] as [string, [string, string][]][])(
    'whose text is in a charset that nobody knows is refused for it (field %j, %j)',
    async (name, more) => {
      const lines = [
        `--${boundary}`,
        `Content-Disposition: form-data${name}`,
        'Content-Type: text/plain; charset=bogus',
        '',
        'forms',
        `--${boundary}--`,
        '',
      ]
      const answer = await send({
        method: 'POST',
        path: '/api/datasets/data',
        headers: [
          ['authorization', `Bearer ${stage.owner.accessToken}`],
          ['content-type', `multipart/form-data; boundary=${boundary}`],
          ...more,
        ],
        body: lines.join('\r\n'),
      })
      expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
        400,
        { code: 'upload.form_malformed', message: expect.stringContaining('charset') },
      ])
    },
  )
})
