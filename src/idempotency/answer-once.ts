import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import type { AppEnv } from '../router.ts'
import { ApiError } from '../shared/errors.ts'
import { describeError } from '../shared/logger.ts'
import { BodyReader } from '../shared/request-body.ts'
import { createFingerprint } from './fingerprint.ts'
import { createInFlightError, createKeyReusedError } from './idempotency.errors.ts'
import * as rules from './idempotency.rules.ts'
import * as repository from './idempotency-keys.repository.ts'

/** What a request makes. A run that creates or charges does so under this id, and finds by it what an earlier run made. */
export interface Subject {
  readonly id: string
  /** Whether an earlier run of the same request broke off somewhere: what it would make may be there. */
  readonly isRepeat: boolean
  /**
   * Goes on with an id that nothing was ever made under, and answers it. Only once it is certain that the earlier run can
   * no longer take effect.
   */
  renew(): Promise<string>
  /**
   * To be called with a streamed request's content once that was read to its end, before anything takes effect. Throws
   * `idempotency.key_reused` for other content than an earlier run's. Null where the request has no key.
   */
  readonly ensureContent: ((content: string) => Promise<void>) | null
}

export interface AnswerOnceOptions {
  /** Whose the keys are: the user's, where nothing else is said. */
  readonly owner?: string
  /**
   * For a body that is streamed: reads it to its end and answers what `ensureContent` is called with elsewhere. Called
   * where the request has been answered before.
   */
  readonly readContent?: () => Promise<string>
}

type AppContext = Context<AppEnv>

const replayedHeader = 'Idempotency-Replayed'
const keptHeaders = ['Location', 'Preference-Applied', 'Retry-After']

/** Marks an answer as telling of what an earlier run of the same request made. */
export function markReplayed(context: AppContext): void {
  context.header(replayedHeader, 'true')
}

/**
 * Runs a request that creates or charges, once however often it is sent with the same `Idempotency-Key`; without one it
 * is run as it is. The first answer is kept for 24 hours and answered again. A refusal frees the key; whatever else kept
 * a run from its answer leaves the subject's id behind, with which the next run goes on.
 * Throws `idempotency.key_invalid`, `idempotency.key_reused`, `idempotency.in_flight`, and what `run` throws.
 */
export async function answerOnce<Answer extends Response>(
  context: AppContext,
  run: (subject: Subject) => Promise<Answer>,
  options: AnswerOnceOptions = {},
): Promise<Answer> {
  const { clock, createId, database, settings } = context.get('services')
  const header = context.req.header('idempotency-key')
  if (header === undefined) return run(createUnnamedSubject(createId))
  const toFingerprint = (content: string) =>
    createFingerprint(settings.JWT_SECRET, 'content', content)
  const { readContent } = options
  const claim: rules.Claim = {
    owner: options.owner ?? context.get('user').id,
    key: await orDismiss(context, () => rules.readKeyOrThrow(header)),
    route: rules.routeOf(context.req.method, context.req.path),
    fingerprint: readContent ? null : toFingerprint(await readBody(context)),
    subjectId: createId(),
    leaseId: createId(),
    nowMs: clock.nowMs(),
  }
  const row = await repository.claimKey(database, claim)
  const verdict = rules.judge(row, claim)
  if (verdict.kind === 'run') {
    return runHeld(context, claim, run, {
      id: row.subjectId,
      isRepeat: verdict.isRepeat,
      toFingerprint,
    })
  }
  if (verdict.kind === 'replay') {
    const isSame = !readContent || row.fingerprint === toFingerprint(await readContent())
    if (isSame) return replay(context, row) as Answer
    throw createKeyReusedError()
  }
  return orDismiss(context, () => {
    if (verdict.kind === 'reused') throw createKeyReusedError()
    throw refuseInFlight(context)
  })
}

/** A body that was read for the route's schema as its text; any other, of whatever length, as its digest. */
async function readBody({ req }: AppContext): Promise<string> {
  if (req.raw.bodyUsed) return req.text()
  const body = new BodyReader(req.raw.body)
  const hash = createHash('sha256')
  for (let chunk = await body.readOrThrow(); chunk; chunk = await body.readOrThrow()) {
    hash.update(chunk)
  }
  return hash.digest('hex')
}

/** Most clients send all of a body before they listen: one that nobody will use is read before its refusal is answered. */
async function orDismiss<Value>(context: AppContext, decide: () => Value): Promise<Value> {
  try {
    return decide()
  } catch (error) {
    if (!context.req.raw.bodyUsed) await new BodyReader(context.req.raw.body).dismiss()
    throw error
  }
}

function refuseInFlight(context: AppContext): ApiError {
  context.header('Retry-After', '2')
  return createInFlightError()
}

function createUnnamedSubject(createId: () => string): Subject {
  return {
    id: createId(),
    isRepeat: false,
    renew: async () => createId(),
    ensureContent: null,
  }
}

async function runHeld<Answer extends Response>(
  context: AppContext,
  holder: repository.Holder,
  run: (subject: Subject) => Promise<Answer>,
  start: { id: string; isRepeat: boolean; toFingerprint: (content: string) => string },
): Promise<Answer> {
  const { clock, createId, database, logger } = context.get('services')
  let { isRepeat } = start
  const subject: Subject = {
    id: start.id,
    isRepeat,
    async renew() {
      const id = createId()
      if (!(await repository.writeSubject(database, holder, id))) throw refuseInFlight(context)
      isRepeat = false
      return id
    },
    async ensureContent(content) {
      const fingerprint = start.toFingerprint(content)
      const found = await repository.writeFingerprint(database, holder, fingerprint)
      if (found === 'other') throw createKeyReusedError()
      if (found === 'lost') throw refuseInFlight(context)
    },
  }
  const tryTo = async (what: string, act: () => Promise<unknown>) => {
    try {
      return await act()
    } catch (error) {
      // The lease ends by itself, and the next run finds what this one made.
      logger.warn(`idempotency.${what}_failed`, { subjectId: start.id, ...describeError(error) })
    }
  }
  const heldUntilMs = clock.nowMs() + rules.heldMsMax
  const timer = setInterval(() => {
    const nowMs = clock.nowMs()
    if (nowMs > heldUntilMs) clearInterval(timer)
    else void tryTo('renewal', () => repository.renewLease(database, holder, nowMs))
  }, rules.leaseRenewalMs)
  try {
    const answer = await run(subject)
    await tryTo('keeping', () => keep(context, holder, answer))
    return answer
  } catch (error) {
    const refusal = error instanceof ApiError ? error : null
    const end = rules.leavesNothing(refusal, { isRepeat })
      ? repository.freeKey
      : repository.dropLease
    const wasHeld = await tryTo('ending', () => end(database, holder))
    // Another run has the key: it says what became of the request.
    throw refusal && wasHeld === false ? refuseInFlight(context) : error
  } finally {
    clearInterval(timer)
  }
}

/** A kept answer, as JSON: its headers that say something of it, and its body. */
interface KeptAnswer {
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

async function keep(
  context: AppContext,
  holder: repository.Holder,
  answer: Response,
): Promise<void> {
  const { database } = context.get('services')
  const headers = Object.fromEntries(
    keptHeaders.flatMap((name) => {
      const value = answer.headers.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )
  const kept: KeptAnswer = { headers, text: await answer.clone().text() }
  const body = JSON.stringify(kept)
  const isKept = answer.status < 400 && body.length <= rules.answerCharactersMax
  if (isKept) await repository.keepAnswer(database, holder, { status: answer.status, body })
  else await repository.dropLease(database, holder)
}

function replay(context: AppContext, row: rules.ClaimedRow): Response {
  const { headers, text } = JSON.parse(row.body ?? '') as KeptAnswer
  markReplayed(context)
  return context.body(text, row.status as 200, { ...headers, 'content-type': 'application/json' })
}
