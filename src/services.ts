import { readSettingsOrThrow, type Settings } from './config.ts'
import { type Clock, systemClock } from './shared/clock.ts'
import { createDatabase, type Database } from './shared/database.ts'
import { type CreateId, createRandomId } from './shared/ids.ts'
import { createLogger, type Logger } from './shared/logger.ts'

/** Everything that use-cases are given. */
export interface Services {
  readonly settings: Settings
  readonly clock: Clock
  readonly createId: CreateId
  readonly logger: Logger
  readonly database: Database
}

/** The one composition root: what exists, and what each part gets. */
export function createServices(env: Env): Services {
  return {
    settings: readSettingsOrThrow({ ...env }),
    clock: systemClock,
    createId: createRandomId,
    logger: createLogger(),
    database: createDatabase(env.DB),
  }
}
