import { z } from 'zod'
import type { ServiceCall } from '../inference-service/service-call.ts'
import type { LedgerClient } from '../ledger/ledger.client.ts'
import type { MediaStore } from '../media/store.ts'
import type { Clock } from '../shared/clock.ts'
import type { Database } from '../shared/database.ts'
import { describeError, type Logger } from '../shared/logger.ts'
import { findNewestMigration, findOldestSent } from './readiness.repository.ts'
import {
  type Dependencies,
  type DependencyAnswer,
  type DependencyName,
  type DependencyReport,
  hasMigrations,
  oldestMessageMsMax,
} from './readiness.rules.ts'

export interface ReadinessContext {
  readonly database: Database
  readonly media: Pick<MediaStore, 'head'>
  readonly ledger: Pick<LedgerClient, 'balance'>
  readonly serviceCall: Pick<ServiceCall, 'getJson'>
  readonly clock: Clock
  readonly logger: Logger
}

export interface Readiness {
  readonly dependencies: Dependencies
  /** When they were asked, in milliseconds since the epoch. */
  readonly askedAtMs: number
}

const keptMs = 5_000
export const answerMsMax = 2_000

/** No user has this id: the account is asked for its balance and never opened. */
const probeAccount = '00000000-0000-0000-0000-000000000000'
/** No object has this key. */
const probeKey = 'readiness-probe'

const up = { status: 'up', problem: null } as const

/**
 * Asks every dependency at once, each for two seconds at most. Anybody may ask, so what was found is kept in the isolate
 * for some seconds: however many ask, each dependency is asked as seldom.
 */
export function createReadiness(context: ReadinessContext): { find(): Promise<Readiness> } {
  const { clock } = context
  let known: Readiness | null = null
  let nextAskMs = Number.NEGATIVE_INFINITY
  return {
    async find() {
      const askedAtMs = clock.nowMs()
      if (known && askedAtMs < nextAskMs) return known
      // An isolate's requests cannot wait for each other's: those that come meanwhile are told what was known.
      nextAskMs = askedAtMs + answerMsMax + keptMs
      known = { dependencies: await askAll(context), askedAtMs }
      nextAskMs = clock.nowMs() + keptMs
      return known
    },
  }
}

async function askAll(context: ReadinessContext): Promise<Dependencies> {
  const probes: Readonly<
    Record<DependencyName, (signal: AbortSignal) => Promise<DependencyAnswer>>
  > = {
    database: () => askDatabase(context),
    mediaStore: async () => {
      await context.media.head(probeKey)
      return up
    },
    tokenAccounts: async () => {
      await context.ledger.balance(probeAccount)
      return up
    },
    inferenceService: (signal) => askInferenceService(context, signal),
    queue: () => askQueue(context),
  }
  const entries = Object.entries(probes).map(
    async ([name, ask]) => [name, await askOne(context, name, ask)] as const,
  )
  return Object.fromEntries(await Promise.all(entries)) as Dependencies
}

/** What fails or takes too long is down. Why it failed is for the log: it may name addresses. */
async function askOne(
  { clock, logger }: ReadinessContext,
  name: string,
  ask: (signal: AbortSignal) => Promise<DependencyAnswer>,
): Promise<DependencyReport> {
  const startMs = clock.nowMs()
  const late = Promise.withResolvers<DependencyAnswer>()
  const ending = new AbortController()
  const timer = setTimeout(() => {
    late.resolve({ status: 'down', problem: `It did not answer within ${answerMsMax} ms.` })
    ending.abort()
  }, answerMsMax)
  try {
    const { status, problem, ...figures } = await Promise.race([ask(ending.signal), late.promise])
    return { status, ms: clock.nowMs() - startMs, problem, ...figures }
  } catch (error) {
    logger.warn('readiness.dependency_failed', { name, ...describeError(error) })
    return { status: 'down', ms: clock.nowMs() - startMs, problem: 'It answered with an error.' }
  } finally {
    clearTimeout(timer)
  }
}

async function askDatabase({ database }: ReadinessContext): Promise<DependencyAnswer> {
  const migration = await findNewestMigration(database)
  if (hasMigrations(migration)) return { ...up, migration }
  return { status: 'down', problem: 'Migrations are missing: apply them.', migration }
}

const healthSchema = z.object({
  status: z.enum(['STARTING', 'READY', 'BUSY', 'SETUP_FAILED']),
})

async function askInferenceService(
  { serviceCall, logger }: ReadinessContext,
  signal: AbortSignal,
): Promise<DependencyAnswer> {
  const answer = await serviceCall.getJson('/health', { signal, alsoRead: 503 })
  const health = answer.kind === 'answered' ? healthSchema.safeParse(answer.body) : null
  if (!health?.success) {
    const reason = answer.kind === 'broken' ? answer.reason : answer.kind
    logger.warn('readiness.dependency_failed', { name: 'inferenceService', reason })
    return { status: 'down', problem: 'It cannot be reached. Jobs wait for it.' }
  }
  const state = health.data.status
  if (state === 'READY' || state === 'BUSY') return { ...up, state }
  const problem =
    state === 'STARTING'
      ? 'It is starting or stopping. Jobs wait for it.'
      : 'It could not set up its models. Jobs wait for it.'
  return { status: 'degraded', problem, state }
}

/** A queue cannot be asked how it is; what waits too long in it tells. */
async function askQueue({ database, clock }: ReadinessContext): Promise<DependencyAnswer> {
  const sentAtMs = await findOldestSent(database)
  if (sentAtMs === null) return { ...up, oldestMessageSeconds: null }
  const ageMs = Math.max(0, clock.nowMs() - sentAtMs)
  const oldestMessageSeconds = Math.round(ageMs / 1000)
  if (ageMs <= oldestMessageMsMax) return { ...up, oldestMessageSeconds }
  const problem = 'Messages wait and are not sent again: neither the consumer nor the sweep runs.'
  return { status: 'degraded', problem, oldestMessageSeconds }
}
