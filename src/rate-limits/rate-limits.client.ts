import type { Clock } from '../shared/clock.ts'
import { describeError, type Logger } from '../shared/logger.ts'
import { askObject } from './ask-object.ts'
import type { TakenQuota } from './headers.rules.ts'
import type { Quota, QuotaAnswer } from './quotas.rules.ts'
import type { RateLimiter } from './rate-limiter.object.ts'
import type { NameScope } from './scope-names.ts'

/** The quotas there are, by the names that clients see. */
export type Quotas = Readonly<
  Record<
    | 'logins-by-address'
    | 'registrations-by-address'
    | 'registrations-by-account'
    | 'uploads-by-address'
    | 'uploads-by-account',
    Quota
  >
>

export type QuotaName = keyof Quotas

export interface RateLimits {
  /**
   * Takes one request from each of these quotas. Of a quota whose object cannot be asked nothing is answered and the
   * request goes on: a limit keeps the product usable, and must not be what makes it unusable.
   */
  take(wanted: readonly { name: QuotaName; scope: string }[]): Promise<TakenQuota[]>
}

/** More requests than an object can answer are more than any quota allows. */
const overloadedMs = 2_000

export function createRateLimits({
  namespace,
  quotas,
  nameScope,
  clock,
  logger,
}: {
  namespace: Pick<DurableObjectNamespace<RateLimiter>, 'getByName'>
  quotas: Quotas
  nameScope: NameScope
  clock: Clock
  logger: Logger
}): RateLimits {
  async function takeOne(name: QuotaName, scope: string): Promise<TakenQuota[]> {
    const quota = quotas[name]
    const objectName = await nameScope(name, scope)
    const asked = await askObject<QuotaAnswer>(async () =>
      namespace.getByName(objectName).take(quota, clock.nowMs()),
    )
    if (asked.kind === 'answered') return [{ name, quota, answer: asked.answer }]
    if (asked.kind === 'overloaded') return [{ name, quota, answer: refuseFor(overloadedMs) }]
    logger.warn('rate_limits.unavailable', { quota: name, ...describeError(asked.error) })
    return []
  }

  return {
    async take(wanted) {
      const taken = await Promise.all(wanted.map(({ name, scope }) => takeOne(name, scope)))
      return taken.flat()
    },
  }
}

function refuseFor(ms: number): QuotaAnswer {
  return { isGranted: false, remaining: 0, fullInMs: ms, retryInMs: ms }
}
