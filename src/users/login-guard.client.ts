import { askObject } from '../rate-limits/ask-object.ts'
import { secondsOf } from '../rate-limits/headers.rules.ts'
import type { NameScope } from '../rate-limits/scope-names.ts'
import type { Clock } from '../shared/clock.ts'
import { describeError, type Logger } from '../shared/logger.ts'
import type { GuardedTry, LoginGuard as GuardObject } from './login-guard.object.ts'
import type { LoginPolicy } from './login-guard.rules.ts'
import { userErrors } from './users.errors.ts'
import { createEmailKey } from './users.repository.ts'

export interface LoginAttempt {
  readonly email: string
  /** What counts as the address that the try comes from. */
  readonly address: string
  /** The user of the e-mail address, where the request carries their live access token. */
  readonly tokenHolderId: string | null
}

export interface LoginGuard {
  /**
   * Lets a password be tried, or throws `auth.too_many_failures` with the time to wait. The try counts as a failure until
   * `succeed` is called. When the guard cannot be asked the try goes on: a login that nobody can use protects nobody.
   */
  knockOrThrow(attempt: LoginAttempt): Promise<{ succeed(): Promise<void> }>
}

/** More tries than an object can answer are an attack in any case. */
const overloadedMs = 2_000

export function createLoginGuard({
  namespace,
  policy,
  nameScope,
  clock,
  logger,
}: {
  namespace: Pick<DurableObjectNamespace<GuardObject>, 'getByName'>
  policy: LoginPolicy
  nameScope: NameScope
  clock: Clock
  logger: Logger
}): LoginGuard {
  async function describeTry({ email, address, tokenHolderId }: LoginAttempt) {
    const account = createEmailKey(email)
    const client = tokenHolderId === null ? ['address', address] : ['token', tokenHolderId]
    const [objectName, clientName] = await Promise.all([
      nameScope('login-account', account),
      nameScope('login-client', account, ...client),
    ])
    return { objectName, clientName, isTrusted: tokenHolderId !== null }
  }

  return {
    async knockOrThrow(attempt) {
      const { objectName, ...client } = await describeTry(attempt)
      const ask = <Answer>(
        question: (guard: DurableObjectStub<GuardObject>, guarded: GuardedTry) => Promise<Answer>,
      ) =>
        askObject(() =>
          question(namespace.getByName(objectName), { ...client, nowMs: clock.nowMs() }),
        )

      const asked = await ask<number>(async (guard, guarded) => guard.knock(guarded, policy))
      if (asked.kind === 'overloaded') throw createWaitError(overloadedMs)
      if (asked.kind === 'unavailable') {
        logger.warn('login_guard.unavailable', describeError(asked.error))
      } else if (asked.answer > 0) {
        throw createWaitError(asked.answer)
      }

      return {
        async succeed() {
          const told = await ask<void>(async (guard, guarded) => guard.succeed(guarded, policy))
          if (told.kind === 'unavailable') {
            logger.warn('login_guard.success_not_booked', describeError(told.error))
          }
        },
      }
    },
  }
}

/** The same for an e-mail address that nobody has. */
function createWaitError(waitMs: number) {
  const retryAfterSeconds = secondsOf(waitMs)
  return userErrors.createError(
    'auth.too_many_failures',
    `Too many failed logins for this account: the password was not tried. Try again in ${retryAfterSeconds} seconds, or from where you logged in before.`,
    { retryAfterSeconds },
  )
}
