import { readSettingsOrThrow, type Settings } from './config.ts'
import { type Clock, systemClock } from './shared/clock.ts'
import { createDatabase, type Database } from './shared/database.ts'
import { type CreateId, createRandomId } from './shared/ids.ts'
import { createLogger, type Logger } from './shared/logger.ts'
import { type AccessTokens, createAccessTokens } from './users/access-tokens.ts'
import { createPasswordHasher, type PasswordHasher, passwordParameters } from './users/passwords.ts'

/** Everything that use-cases are given. */
export interface Services {
  readonly settings: Settings
  readonly clock: Clock
  readonly createId: CreateId
  readonly logger: Logger
  readonly database: Database
  readonly accessTokens: AccessTokens
  readonly passwords: PasswordHasher
}

/** The one composition root: what exists, and what each part gets. */
export function createServices(env: Env): Services {
  const settings = readSettingsOrThrow({ ...env })
  const clock = systemClock
  return {
    settings,
    clock,
    createId: createRandomId,
    logger: createLogger(),
    database: createDatabase(env.DB),
    accessTokens: createAccessTokens({
      secrets: [settings.JWT_SECRET, ...optional(settings.JWT_SECRET_PREVIOUS)],
      clock,
    }),
    passwords: createPasswordHasher(passwordParameters),
  }
}

function optional<Value>(value: Value | undefined): Value[] {
  return value === undefined ? [] : [value]
}
