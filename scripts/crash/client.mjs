import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * @typedef {{ status: number, body: any, isReplayed: boolean }} Answer
 * @typedef {{ name: string, bytes: Buffer<ArrayBuffer> }} FormFile
 * @typedef {object} Asked
 * @property {string} method
 * @property {string} path
 * @property {object} [json]
 * @property {() => FormData} [createForm]
 * @property {Record<string, string>} [headers]
 * @property {string} [token]
 */

/** The longest that anybody waits for one answer, and that they ask again for the same. */
const answerMsMax = 120_000
const askingMsMax = 15 * 60_000

/** What clients saw. */
export function createTally() {
  return {
    requests: 0,
    /** By status. @type {Record<string, number>} */
    answers: {},
    /** Connections that were refused or broke before an answer was whole. */
    unanswered: 0,
    /** Answers that began and broke off, which nobody takes for one. */
    halfAnswers: 0,
    /** Refusals of the program that stands before the Worker here, while it is away. */
    refusedBefore: 0,
    /** Named requests that were sent again, and how many were answered by what an earlier try had made. */
    sentAgain: 0,
    replayed: 0,
    /** What must never be seen, each a sentence. @type {string[]} */
    wrong: [],
  }
}

/** @typedef {ReturnType<typeof createTally>} Tally */
/** @typedef {ReturnType<typeof createClient>} Client */

/** A client that counts what it sees. @param {{ url: string, tally: Tally }} options */
export function createClient({ url, tally }) {
  /** Asks once; null where no whole answer came. @param {Asked} asked @returns {Promise<Answer | null>} */
  async function ask({ method, path, json, createForm, headers = {}, token }) {
    tally.requests += 1
    let status = 0
    try {
      const answer = await fetch(url + path, {
        method,
        headers: {
          ...(json && { 'content-type': 'application/json' }),
          ...(token && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: json ? JSON.stringify(json) : (createForm?.() ?? null),
        signal: AbortSignal.timeout(answerMsMax),
      })
      status = answer.status
      const text = await answer.text()
      return judge(`${method} ${path}`, answer, text)
    } catch (error) {
      if (status > 0) tally.halfAnswers += 1
      else tally.unanswered += 1
      if (error instanceof Error && error.name === 'TimeoutError') {
        tally.wrong.push(`${method} ${path} had no answer after ${answerMsMax / 1000} s`)
      }
      return null
    }
  }

  /** @param {string} what @param {Response} answer @param {string} text @returns {Answer | null} */
  function judge(what, { status, headers }, text) {
    tally.answers[status] = (tally.answers[status] ?? 0) + 1
    const body = parse(text)
    if (body === undefined) {
      // Only the API's own answers carry it: anything else is of the program that stands before it here.
      if (status < 500 || headers.has('x-request-id')) {
        tally.wrong.push(`${what} answered ${status} without JSON: ${text.slice(0, 200)}`)
      } else tally.refusedBefore += 1
      return null
    }
    if (status >= 500 && (status !== 503 || typeof body.message !== 'string')) {
      tally.wrong.push(`${what} answered ${status}: ${text.slice(0, 300)}`)
    }
    return { status, body, isReplayed: headers.get('idempotency-replayed') === 'true' }
  }

  return {
    ask,

    /** Asks until there is an answer. @param {Asked} asked */
    async askOn(asked) {
      const giveUp = createGiveUp(asked)
      for (;;) {
        const answer = await ask(asked)
        if (answer && answer.status < 500) return answer
        giveUp(answer)
        await sleep(300)
      }
    },

    /**
     * Asks for what is to be done once, under one key, until it is answered for good. What is refused for any other reason
     * than that an earlier try is still busy is an answer.
     * @param {Asked} asked
     */
    async wish(asked) {
      const named = {
        ...asked,
        headers: { ...asked.headers, 'idempotency-key': randomUUID() },
      }
      const giveUp = createGiveUp(asked)
      for (let tries = 0; ; tries += 1) {
        if (tries > 0) tally.sentAgain += 1
        const answer = await ask(named)
        if (answer && answer.status < 500 && answer.body.code !== 'idempotency.in_flight') {
          if (answer.isReplayed) tally.replayed += 1
          return answer
        }
        giveUp(answer)
        await sleep(answer?.status === 409 ? 1_000 : 300)
      }
    },

    /** The status and bytes of an address. @param {string} address @param {string} [token] */
    async download(address, token) {
      const answer = await fetch(address.startsWith('http') ? address : url + address, {
        headers: token ? { authorization: `Bearer ${token}` } : {},
      })
      return { status: answer.status, bytes: new Uint8Array(await answer.arrayBuffer()) }
    },

    /** Sends a file's parts, each until it has arrived; answers its id. @param {FormFile} file @param {string} token */
    async sendInParts({ name, bytes }, token) {
      const json = { fileName: name, bytes: bytes.length }
      const opened = await this.wish({ method: 'POST', path: '/api/uploads', json, token })
      if (opened.status !== 201) throw new Error(JSON.stringify(opened))
      const { id, partBytes, parts } = opened.body.data
      for (const part of parts) {
        const start = partBytes * (part.number - 1)
        await put(part.url, bytes.subarray(start, start + part.bytes))
      }
      return /** @type {string} */ (id)
    },
  }

  /** @param {string} address @param {Buffer<ArrayBuffer>} bytes */
  async function put(address, bytes) {
    for (;;) {
      tally.requests += 1
      try {
        const signal = AbortSignal.timeout(answerMsMax)
        const answer = await fetch(address, { method: 'PUT', body: bytes, signal })
        await answer.arrayBuffer()
        if (answer.ok) return
        if (answer.status < 500) throw new RangeError(`A part was answered ${answer.status}`)
      } catch (error) {
        if (error instanceof RangeError) throw error
        tally.unanswered += 1
      }
      await sleep(300)
    }
  }
}

/** Throws, when it is called, once nobody asks any longer. @param {Asked} asked */
function createGiveUp({ method, path }) {
  const untilMs = Date.now() + askingMsMax
  return (/** @type {Answer | null} */ last) => {
    if (Date.now() < untilMs) return
    const told = last === null ? 'nothing' : JSON.stringify(last)
    throw new Error(`${method} ${path} got no answer in ${askingMsMax / 60_000} min: ${told}`)
  }
}

/** @param {string} text @returns {any} undefined where it is no JSON */
function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
