import { connect } from 'node:net'

/**
 * @typedef {object} Message what goes over one connection
 * @property {string} kind
 * @property {readonly Buffer[]} pieces sent one after the other, with a short pause between
 * @property {'listen' | 'half-close' | 'hang-up'} end what the client does when all is sent
 */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {boolean} isOurs whether the API gave it. Much of what is no HTTP ends in the server before it, whose answers carry no
 *   request id: locally wrangler's proxy, which answers a body that breaks off with a 500 of its own
 * @property {string} text head and body
 */

const pauseMs = 5
/** A connection that the server keeps open for more requests is left after its last answer. */
const quietMs = 250

/**
 * Sends a message as it is and takes what comes, until the server ends the connection or has answered and says no more.
 * `isLate` where neither happened within `msMax`.
 * @param {URL} url
 * @param {Message} message
 * @param {number} msMax
 * @returns {Promise<{ answers: Answer[], isLate: boolean, ms: number }>}
 */
export function exchange(url, message, msMax) {
  const startedMs = performance.now()
  return new Promise((resolve) => {
    /** @type {Buffer[]} */
    const received = []
    const socket = connect({ host: url.hostname, port: Number(url.port), allowHalfOpen: true })
    let isLate = false
    /** @type {NodeJS.Timeout | undefined} */
    let quiet
    const deadline = setTimeout(() => {
      isLate = true
      socket.destroy()
    }, msMax)
    socket.on('data', (chunk) => {
      received.push(chunk)
      clearTimeout(quiet)
      quiet = setTimeout(() => socket.destroy(), quietMs)
    })
    socket.on('error', () => undefined)
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(deadline)
      clearTimeout(quiet)
      const answers = readAnswers(Buffer.concat(received).toString('latin1'))
      resolve({ answers, isLate, ms: performance.now() - startedMs })
    })
    socket.on('connect', () => void send(socket, message))
  })
}

/** @param {import('node:net').Socket} socket @param {Message} message */
async function send(socket, { pieces, end }) {
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    if (socket.destroyed) return
    socket.write(piece)
  }
  if (end === 'half-close') socket.end()
  if (end === 'hang-up') setTimeout(() => socket.destroy(), pauseMs)
}

/** The answers of a connection, told apart by their status lines. @param {string} text @returns {Answer[]} */
function readAnswers(text) {
  return text
    .split(/(?=HTTP\/1\.[01] \d{3}[ \r])/)
    .filter((part) => part.startsWith('HTTP/1.'))
    .map((part) => ({
      status: Number(part.slice(9, 12)),
      isOurs: /^x-request-id: /im.test(part.split('\r\n\r\n', 1)[0] ?? ''),
      text: part,
    }))
}
