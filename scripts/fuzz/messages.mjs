import { bodies, oddHeaders, oddMethods, oddPaths, readings } from './oddities.mjs'

/**
 * @typedef {import('../crash/random.mjs').Random} Random
 * @typedef {import('./wire.mjs').Message} Message
 * @typedef {{ host: string, token: string }} Target
 */

const utf8 = (/** @type {string} */ text) => Buffer.from(text)
const latin1 = (/** @type {string} */ text) => Buffer.from(text, 'latin1')

/** Cuts bytes into some pieces. @param {Random} random @param {Buffer} bytes */
function cut(random, bytes) {
  const places = Array.from({ length: 1 + random.below(4) }, () =>
    random.below(bytes.length + 1),
  ).sort((a, b) => a - b)
  return [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length))
}

/** @param {Target} target @param {string} method @param {string} path @param {readonly string[]} headers */
const head = ({ host, token }, method, path, headers = []) =>
  [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: Bearer ${token}`,
    ...headers,
    '',
    '',
  ].join('\r\n')

/** @param {Random} random @param {Target} target @param {(text: string) => readonly string[]} lengthsOf */
function post(random, target, lengthsOf) {
  const { path, type, text } = random.pick(bodies)
  return { text, start: head(target, 'POST', path, [`Content-Type: ${type}`, ...lengthsOf(text)]) }
}

const half = (/** @type {Random} */ random, /** @type {string} */ text) =>
  text.slice(0, random.below(text.length))
const leavings = /** @type {const} */ (['half-close', 'hang-up'])

/**
 * What only a socket can say, each as one connection's bytes.
 * @type {Readonly<Record<string, (random: Random, target: Target) => Omit<Message, 'kind'>>>}
 */
export const messages = {
  'a body that stops half-way'(random, target) {
    const { text, start } = post(random, target, (body) => [`Content-Length: ${body.length}`])
    return { pieces: cut(random, latin1(start + half(random, text))), end: random.pick(leavings) }
  },
  'a length that is more than comes'(random, target) {
    const { text, start } = post(random, target, (body) => [
      `Content-Length: ${body.length + 1 + random.below(1e6)}`,
    ])
    return { pieces: [latin1(start + text)], end: random.pick(leavings) }
  },
  'a length that is less than comes'(random, target) {
    const { text, start } = post(random, target, (body) => [
      `Content-Length: ${random.below(body.length)}`,
    ])
    return { pieces: [latin1(start + text)], end: 'half-close' }
  },
  'chunks with rubbish between'(random, target) {
    const { text, start } = post(random, target, () => ['Transfer-Encoding: chunked'])
    const sizes = [
      '-1',
      'zz',
      '',
      'ffffffffffffffff',
      '0',
      '0x5',
      '5;ext="',
      '5',
      text.length.toString(16),
    ]
    const chunks = Array.from(
      { length: 1 + random.below(3) },
      () => `${random.pick(sizes)}\r\n${text}\r\n`,
    )
    return {
      pieces: cut(
        random,
        latin1(start + chunks.join('') + random.pick(['0\r\n\r\n', '', '0\r\n'])),
      ),
      end: 'half-close',
    }
  },
  'a length and chunks at once'(random, target) {
    const { text, start } = post(random, target, (body) => [
      `Content-Length: ${random.pick([0, 4, body.length, body.length * 2])}`,
      'Transfer-Encoding: chunked',
    ])
    return {
      pieces: [latin1(`${start}${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`)],
      end: 'half-close',
    }
  },
  'a body in many small pieces'(random, target) {
    const { text, start } = post(random, target, (body) => [`Content-Length: ${body.length}`])
    const bytes = latin1(text)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, index) =>
      bytes.subarray(index * 16, index * 16 + 16),
    )
    return { pieces: [latin1(start), ...pieces], end: 'listen' }
  },
  'a body with some bytes changed'(random, target) {
    const { text, start } = post(random, target, (body) => [`Content-Length: ${body.length}`])
    const bytes = latin1(text)
    for (let times = 1 + random.below(4); times > 0; times -= 1)
      bytes[random.below(bytes.length)] = random.below(256)
    return { pieces: [latin1(start), bytes], end: 'listen' }
  },
  'several requests in one breath'(random, target) {
    const one = () => {
      if (random.below(2) === 0) return head(target, 'GET', random.pick(readings))
      const { text, start } = post(random, target, (body) => [`Content-Length: ${body.length}`])
      return start + text
    }
    return {
      pieces: [latin1(Array.from({ length: 2 + random.below(4) }, one).join(''))],
      end: 'listen',
    }
  },
  'a method that there is not'(random, target) {
    return {
      pieces: [latin1(head(target, random.pick(oddMethods), random.pick(readings)))],
      end: 'half-close',
    }
  },
  'an address that is none'(random, target) {
    return {
      pieces: [latin1(head(target, random.pick(['GET', 'DELETE', 'PUT']), random.pick(oddPaths)))],
      end: 'half-close',
    }
  },
  'a header that is none, or too much of one'(random, target) {
    const headers = Array.from({ length: 1 + random.below(2) }, () => random.pick(oddHeaders))
    return {
      pieces: [latin1(head(target, random.pick(['GET', 'POST']), random.pick(readings), headers))],
      end: 'half-close',
    }
  },
  'no HTTP at all'(random) {
    const noise = Buffer.from(
      Array.from({ length: 1 + random.below(200) }, () => random.below(256)),
    )
    const starts = [
      noise,
      utf8('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      utf8('GET /\r\n\r\n'),
      utf8('GET / HTTP/9.9\r\n\r\n'),
      utf8('\r\n\r\n\r\n'),
      utf8('GET / HTTP/1.0\r\n\r\n'),
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]),
    ]
    return { pieces: [random.pick(starts)], end: random.pick(leavings) }
  },
}
