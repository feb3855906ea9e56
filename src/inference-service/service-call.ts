import { SignJWT } from 'jose'
import { z } from 'zod'
import type { Clock } from '../shared/clock.ts'
import { parseJson, readLines } from './ndjson.ts'

/**
 * How a call did not end well. `busy`: nothing was begun, come back in `retryAfterSeconds`. `broken`: it may pass when
 * tried again; `code` is what the service called it, where it said so. `refused`: it never will; `message` is a sentence for people, `details` what else the error told.
 */
export type CallFailure =
  | { readonly kind: 'busy'; readonly retryAfterSeconds: number }
  | { readonly kind: 'broken'; readonly reason: string; readonly code?: string }
  | {
      readonly kind: 'refused'
      readonly code: string
      readonly message: string
      readonly details: Readonly<Record<string, unknown>>
    }

export interface JsonAnswer {
  readonly kind: 'answered'
  readonly body: unknown
}

/** Calls of the inference service, each with an access token of its own. Nothing is thrown. */
export interface ServiceCall {
  /** An answer of the status `alsoRead` is read as one that is good. */
  getJson(
    path: string,
    options: { signal: AbortSignal; alsoRead?: number },
  ): Promise<JsonAnswer | CallFailure>
  postJson(
    path: string,
    body: unknown,
    options: { signal: AbortSignal },
  ): Promise<JsonAnswer | CallFailure>
  /**
   * Hands each line of the answer to `onLine` as it comes, until the line of type `end`. What `onLine` throws, like a line
   * that is no JSON object, makes the call `broken`; a line of type `error` ends it as that error says.
   */
  postLines(
    path: string,
    body: unknown,
    options: { signal: AbortSignal; onLine: (line: unknown) => Promise<void> },
  ): Promise<{ readonly kind: 'ended'; readonly end: Record<string, unknown> } | CallFailure>
}

const accessTokenSeconds = 300
const busySecondsDefault = 2
const contractBroken = 'the inference service answered what is not of its contract'

const refusal = z.object({ error: z.looseObject({ code: z.string(), message: z.string() }) })
const anyLine = z.looseObject({ type: z.string() })
const errorLine = z.object({
  error: z.looseObject({ code: z.string(), message: z.string(), retryable: z.boolean() }),
})

export function createServiceCall(options: {
  baseUrl: string
  secret: string
  clock: Clock
  fetch: typeof fetch
}): ServiceCall {
  const key = new TextEncoder().encode(options.secret)
  const createAccessToken = () => {
    const nowSeconds = Math.floor(options.clock.nowMs() / 1000)
    return new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer('pa-inpainting')
      .setAudience('inference')
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + accessTokenSeconds)
      .sign(key)
  }

  async function send<Result>(
    path: string,
    { json, signal, alsoRead }: { json?: unknown; signal: AbortSignal; alsoRead?: number },
    read: (answer: Response) => Promise<Result>,
  ): Promise<Result | CallFailure> {
    try {
      const headers = new Headers({ authorization: `Bearer ${await createAccessToken()}` })
      const init: RequestInit = { headers, signal }
      if (json !== undefined) {
        headers.set('content-type', 'application/json')
        Object.assign(init, { method: 'POST', body: JSON.stringify(json) })
      }
      const answer = await options.fetch(`${options.baseUrl}${path}`, init)
      const isRead = answer.ok || answer.status === alsoRead
      return isRead ? await read(answer) : await readFailure(answer)
    } catch (error) {
      return broken(error instanceof Error ? error.message : String(error))
    }
  }

  return {
    getJson: (path, options) => send(path, options, readJson),

    postJson: (path, json, { signal }) => send(path, { json, signal }, readJson),

    postLines: (path, json, { signal, onLine }) =>
      send(path, { json, signal }, (answer) => readAnswerLines(answer, onLine)),
  }
}

async function readJson(answer: Response): Promise<JsonAnswer | CallFailure> {
  const body = parseJson(await answer.text())
  if (body === undefined) return broken('the inference service answered what is no JSON')
  return { kind: 'answered', body }
}

async function readAnswerLines(answer: Response, onLine: (line: unknown) => Promise<void>) {
  if (answer.body) {
    for await (const text of readLines(answer.body)) {
      const line = anyLine.safeParse(parseJson(text))
      if (!line.success) return brokenContract()
      if (line.data.type === 'end') return { kind: 'ended' as const, end: line.data }
      if (line.data.type === 'error') return readErrorLine(line.data)
      await onLine(line.data)
    }
  }
  return broken('the inference service closed its answer early')
}

function readErrorLine(line: unknown): CallFailure {
  const parsed = errorLine.safeParse(line)
  if (!parsed.success) return brokenContract()
  const { code, message, retryable, ...details } = parsed.data.error
  if (code === 'service.busy') return { kind: 'busy', retryAfterSeconds: busySecondsDefault }
  return retryable ? broken(code, code) : { kind: 'refused', code, message, details }
}

async function readFailure(answer: Response): Promise<CallFailure> {
  const error = refusal.safeParse(parseJson(await answer.text()))
  if (answer.status === 429 || answer.status === 503) {
    // What the service could not fetch is no want of room: it counts as an attempt, so that it ends some day.
    const isRoom = !error.success || error.data.error.code.startsWith('service.')
    if (!isRoom) return broken(error.data.error.code, error.data.error.code)
    const seconds = Number(answer.headers.get('retry-after') ?? busySecondsDefault)
    return {
      kind: 'busy',
      retryAfterSeconds: Number.isFinite(seconds) ? seconds : busySecondsDefault,
    }
  }
  // A 401 is a secret that is being rotated: trying again passes once both sides have it.
  if (answer.status >= 500 || answer.status === 401 || !error.success) {
    return broken(`the inference service answered ${answer.status}`)
  }
  const { code, message, ...details } = error.data.error
  return { kind: 'refused', code, message, details }
}

function broken(reason: string, code?: string): CallFailure {
  return { kind: 'broken', reason, ...(code === undefined ? {} : { code }) }
}

/** What the service told, as its schema; throws within a call's `onLine`, which breaks that call. */
export function readAnswerOrThrow<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Error(contractBroken)
}

function brokenContract(): CallFailure {
  return broken(contractBroken)
}
