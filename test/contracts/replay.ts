import { setTimeout } from 'node:timers/promises'
import { findServedCheck } from '../support/served-document.ts'
import { findRecordedOrThrow } from './recorded.ts'
import { createStandIns, type StandIns } from './stand-ins.ts'

/** What our system answered. */
export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly bytes: number
  /** The parsed JSON, or null where the answer is none. */
  readonly body: unknown
}

export interface PlayOptions {
  /** The access token of whoever asks. */
  readonly as?: string
  /** The whole header, where it is not `Bearer` with the token. */
  readonly authorization?: string
  readonly form?: FormData
}

export interface Replay {
  readonly standIns: StandIns
  /** The answers to the recorded requests by name. */
  readonly answers: ReadonlyMap<string, Answer>
  /** Sends the recorded request, with what stands in for its ids, and keeps the answer under its name. */
  play(name: string, options?: PlayOptions): Promise<Answer>
  /** Plays again until the answer is as wished; throws at the deadline. The last answer is kept. */
  playUntil(
    name: string,
    isAsWished: (answer: Answer) => boolean,
    options?: PlayOptions,
  ): Promise<Answer>
  /** Sends a request that is not in the recording; throws unless it succeeds. */
  send(
    request: { method: string; path: string; json?: unknown },
    options?: PlayOptions,
  ): Promise<Answer>
}

const deadlineMs = 120_000
const pauseMs = 150

export function createReplay(baseUrl: string): Replay {
  const standIns = createStandIns()
  const answers = new Map<string, Answer>()

  const replay: Replay = {
    standIns,
    answers,
    async play(name, options = {}) {
      const { request } = findRecordedOrThrow(name)
      if (request.auth !== (options.as !== undefined)) {
        throw new Error(`'${name}' is to be sent ${request.auth ? 'with' : 'without'} a token.`)
      }
      const answer = await fetchAnswer(baseUrl, standIns.apply(request), options)
      answers.set(name, answer)
      return answer
    },
    async playUntil(name, isAsWished, options) {
      const endMs = Date.now() + deadlineMs
      for (;;) {
        const answer = await replay.play(name, options)
        if (isAsWished(answer)) return answer
        if (Date.now() > endMs) {
          throw new Error(`'${name}' still answers ${JSON.stringify(answer)} at the deadline.`)
        }
        await setTimeout(pauseMs)
      }
    },
    async send(request, options = {}) {
      const answer = await fetchAnswer(baseUrl, request, options)
      if (answer.status < 300) return answer
      const { method, path } = request
      throw new Error(`${method} ${path} answered ${answer.status} ${JSON.stringify(answer.body)}`)
    },
  }
  return replay
}

async function fetchAnswer(
  baseUrl: string,
  request: { method: string; path: string; json?: unknown },
  { as, authorization = as === undefined ? undefined : `Bearer ${as}`, form }: PlayOptions,
): Promise<Answer> {
  const { method, path, json } = request
  const ensureDocumented = await findServedCheck(baseUrl)
  const response = await fetch(new URL(path, baseUrl), {
    method,
    headers: {
      ...(authorization !== undefined && { authorization }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
    },
    body:
      form ?? (json === undefined ? null : typeof json === 'string' ? json : JSON.stringify(json)),
  })
  const content = await response.arrayBuffer()
  const contentType = response.headers.get('content-type') ?? ''
  const isJson = contentType.startsWith('application/json')
  const body: unknown = isJson ? JSON.parse(new TextDecoder().decode(content)) : null
  const { status } = response
  ensureDocumented({ method, path, status, contentType, ...(isJson && { body }) })
  return { status, contentType, bytes: content.byteLength, body }
}

/** The value at a path such as `data.items.0.imagePath`; throws where there is none. */
export function readAt(answer: Answer, path: string): unknown {
  let value = answer.body
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) {
      throw new Error(`There is no ${path} in ${answer.status} ${JSON.stringify(answer.body)}`)
    }
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

export function readTextAt(answer: Answer, path: string): string {
  return String(readAt(answer, path))
}
