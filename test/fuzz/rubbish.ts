import fc, { type Arbitrary } from 'fast-check'

/** What people and their programs send by mistake or on purpose; each a way of its own to go wrong. */

const oddTexts = [
  '',
  ' ',
  '.',
  '..',
  '../..',
  '..\\..',
  '/',
  '//',
  'a/b',
  '%',
  '%%',
  '%2',
  '%zz',
  '%00',
  '%2F',
  '%2e%2e',
  '%252e%252e%252f',
  '%E0%A4%A',
  '%ff%fe',
  '\u0000',
  'a\u0000b',
  '\r\n',
  'a\r\nSet-Cookie: b=c',
  '\t',
  '\u001b[31m',
  '\u007f',
  '\u0085',
  '\u2028',
  '\ud800',
  'a\udfff',
  '\u202egnp.exe',
  '\u200b',
  '\ufeff',
  'e\u0301',
  'Z̸̢͑a̷͎͝l̵͇̒g̴̨͋o̷͇͝',
  'شكرا',
  '👩‍👩‍👧‍👦',
  '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  'ﷺ',
  'İ',
  'ß',
  "'; DROP TABLE users; --",
  "' OR 1=1 --",
  '"',
  '\\',
  '#{7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'true',
  'false',
  'null',
  'x'.repeat(300),
  'x'.repeat(10_000),
  '👍'.repeat(200),
  '(a+)+$',
  'a@b.c',
  `${'a'.repeat(80)}@example.com`,
  '../../etc/passwd',
  'C:\\x',
]

const oddNumberTexts = [
  '0',
  '-0',
  '-1',
  '1',
  '5',
  '0.0005',
  '0.005',
  '0.1',
  '1e309',
  '-1e309',
  '1e308',
  '1e-400',
  '1e21',
  '5e0',
  '9007199254740993',
  '12345678901234567',
  '99999999999999999999999999',
  '0.30000000000000004',
  '1000000',
  '1000000.01',
  '1000001',
  '2147483648',
  '4294967296',
  '9223372036854775808',
]

/** Digits that JSON has no place for, and that a query or a form may hold. */
const otherNumberTexts = ['NaN', 'Infinity', '+5', '5.', '.5', '0x10', '1_000', '１２', '٥', '1,5']

export const uuidText = fc.uuid()

export const text: Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...oddTexts) },
  { weight: 2, arbitrary: fc.constantFrom(...oddNumberTexts, ...otherNumberTexts) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  { weight: 1, arbitrary: uuidText },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...oddTexts), uuidText).map((two) => two.join('')),
  },
)

const nested = (depth: number, [open, close]: readonly [string, string], core = '1') =>
  open.repeat(depth) + core + close.repeat(depth)

/** A JSON value as its text, so that it may be one that no program can hold. */
export const jsonText: Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: text.map((value) => JSON.stringify(value)) },
  { weight: 3, arbitrary: fc.constantFrom(...oddNumberTexts) },
  { weight: 1, arbitrary: fc.constantFrom(...otherNumberTexts) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'null',
      'true',
      'false',
      '[]',
      '{}',
      '[[]]',
      '[null]',
      '[1,"a",{}]',
      '{"__proto__":{"role":"admin"}}',
      '{"constructor":{"prototype":{"role":"admin"}}}',
      '{"toString":1,"valueOf":1}',
      '{"toJSON":"x"}',
      '{"length":3}',
      '"\\ud800"',
      '"\\u0000"',
      '"5"',
      `[${'1,'.repeat(500)}1]`,
      nested(500, ['[', ']']),
      nested(20_000, ['[', ']']),
      nested(20_000, ['{"a":', '}']),
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)) },
)

const oddKeys = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '',
  'role',
  'id',
  'userId',
  '\u0000',
  '$ne',
]

/**
 * The text of an object with these members, of which some are other values, left out, given twice or joined by others;
 * now and then of no object at all.
 */
export function jsonObjectText(members: Readonly<Record<string, unknown>>): Arbitrary<string> {
  const own = Object.entries(members).map(([key, value]) => {
    const right = JSON.stringify(value) ?? 'null'
    const member = fc
      .oneof({ weight: 3, arbitrary: fc.constant(right) }, { weight: 2, arbitrary: jsonText })
      .map((valueText) => [`${JSON.stringify(key)}:${valueText}`])
    return fc.oneof(
      { weight: 6, arbitrary: member },
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.tuple(member, member).map((both) => both.flat()) },
    )
  })
  const others = fc.array(
    fc
      .tuple(fc.constantFrom(...oddKeys), jsonText)
      .map(([key, value]) => `${JSON.stringify(key)}:${value}`),
    { maxLength: 2 },
  )
  const object = fc
    .tuple(fc.tuple(...own), others)
    .map(([mine, more]) => `{${[...mine.flat(), ...more].join(',')}}`)
  const right = JSON.stringify(members)
  const noObject = fc.oneof(
    jsonText,
    fc.constantFrom(
      '',
      ' ',
      '\ufeff{}',
      `\ufeff${right}`,
      '{',
      '}',
      '{}{}',
      '{"a":1,}',
      "{'a':1}",
      '\u0000',
    ),
    fc.nat(right.length).map((length) => right.slice(0, length)),
  )
  return fc.oneof({ weight: 8, arbitrary: object }, { weight: 2, arbitrary: noObject })
}

/** Bytes that are no text, and text in encodings that nobody asked for. */
export const oddBytes: Arbitrary<Uint8Array<ArrayBuffer>> = fc.oneof(
  fc
    .constantFrom(
      [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00],
      [0xfe, 0xff, 0x00, 0x7b, 0x00, 0x7d],
      [0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d],
      [0xed, 0xa0, 0x80],
      [0x1f, 0x8b, 0x08, 0x00],
      [0x00],
    )
    .map((bytes) => Uint8Array.from(bytes)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Uint8Array.from(bytes)),
)

/** What a header may hold on its way to the API: no control characters but tabs, and nothing beyond Latin-1. */
export const headerText: Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    ',',
    ';',
    '=',
    '""',
    '"',
    '*',
    'é',
    '\u00ff',
    'a\tb',
    'x'.repeat(4000),
    'null',
    ',,,',
    ' ',
  ),
  fc.constantFrom(
    ...oddNumberTexts,
    ...otherNumberTexts.filter((one) => /^[\x20-\x7e]+$/.test(one)),
  ),
  fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 40,
  }),
)

const rangeNumber = fc.constantFrom(
  '',
  '0',
  '1',
  '-1',
  '999',
  '1000',
  '99999999999999999999',
  'x',
  '1e3',
  ' ',
)
export const rangeText: Arbitrary<string> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('bytes', 'bytes', 'bytes', 'bytes', 'Bytes', 'items', '', 'bytes '),
      rangeNumber,
      rangeNumber,
    )
    .map(([unit, first, last]) => `${unit}=${first}-${last}`),
  fc.constantFrom(
    'bytes=0-0,2-3',
    `bytes=${'0-1,'.repeat(500)}0-1`,
    'bytes',
    'bytes=',
    'bytes=--',
    'bytes=-0',
  ),
  headerText,
)
