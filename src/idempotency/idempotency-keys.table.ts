import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** What was asked, and answered, under the `Idempotency-Key` of a request that creates or charges. */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    /** Whose key it is: keys of two owners never meet. */
    owner: text('owner').notNull(),
    key: text('key').notNull(),
    /** Method and path. */
    route: text('route').notNull(),
    /** Of the request's content; null until it was read to its end. */
    fingerprint: text('fingerprint'),
    /** The id of what the request makes, the same at every run, so that a run after a crash finds what is there. */
    subjectId: text('subject_id').notNull(),
    /** Whoever answers the request holds it until then; a dead holder's request may be run again. */
    leaseUntil: integer('lease_until'),
    leaseId: text('lease_id'),
    /** The first answer; null while the request is in flight. */
    status: integer('status'),
    /** JSON. */
    body: text('body'),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.owner, table.key] }),
    index('idempotency_keys_by_expiry').on(table.expiresAt),
  ],
)

export type IdempotencyKeyRow = typeof idempotencyKeys.$inferSelect
