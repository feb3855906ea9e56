import type { Database } from '../shared/database.ts'

/** The newest migration; null where none was applied. */
export async function findNewestMigration({ raw }: Database): Promise<string | null> {
  const row = await raw
    .prepare('SELECT name FROM d1_migrations ORDER BY id DESC LIMIT 1')
    .first<{ name: string }>()
  return row?.name ?? null
}

/** When the oldest message was sent of a task that nobody has begun, in milliseconds since the epoch. */
export async function findOldestSent({ raw }: Database): Promise<number | null> {
  const row = await raw
    .prepare(
      `SELECT sent_at AS sentAt FROM inference_tasks
       WHERE state IN ('PENDING', 'RUNNING') AND state = 'PENDING' ORDER BY sent_at LIMIT 1`,
    )
    .first<{ sentAt: number }>()
  return row?.sentAt ?? null
}
