import type { Clock } from '../shared/clock.ts'
import type { Database } from '../shared/database.ts'
import { deleteExpiredKeys } from './idempotency-keys.repository.ts'

const keysPerSweep = 2000

/** Deletes keys that are older than a day, some at a time. */
export async function sweepIdempotencyKeys({
  database,
  clock,
}: {
  readonly database: Database
  readonly clock: Clock
}): Promise<void> {
  await deleteExpiredKeys(database, { nowMs: clock.nowMs(), limit: keysPerSweep })
}
