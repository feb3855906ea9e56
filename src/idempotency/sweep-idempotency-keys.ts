import type { Clock } from '../shared/clock.ts'
import type { Database } from '../shared/database.ts'
import { deleteExpiredKeys } from './idempotency-keys.repository.ts'

const keysAtOnce = 2000
/** A sweep deletes more than a minute's requests bring. */
const timesPerSweep = 10

/** Deletes keys that are older than a day, some at a time. */
export async function sweepIdempotencyKeys({
  database,
  clock,
}: {
  readonly database: Database
  readonly clock: Clock
}): Promise<void> {
  for (let times = 0; times < timesPerSweep; times += 1) {
    const deleted = await deleteExpiredKeys(database, { nowMs: clock.nowMs(), limit: keysAtOnce })
    if (deleted < keysAtOnce) return
  }
}
