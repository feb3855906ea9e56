import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** A comparison of every account with the projection and of every item with the media store, run in steps. */
export const reconciliations = sqliteTable(
  'reconciliations',
  {
    id: text('id').primaryKey(),
    startedBy: text('started_by').notNull(),
    state: text('state', { enum: ['RUNNING', 'COMPLETED', 'FAILED'] }).notNull(),
    /** Where the next step goes on, as JSON. */
    cursor: text('cursor').notNull(),
    accountsChecked: integer('accounts_checked').notNull().default(0),
    objectsChecked: integer('objects_checked').notNull().default(0),
    repairedCount: integer('repaired_count').notNull().default(0),
    unrepairedCount: integer('unrepaired_count').notNull().default(0),
    /** The first of what was found, as a JSON array. */
    findings: text('findings').notNull().default('[]'),
    leaseUntil: integer('lease_until'),
    leaseId: text('lease_id'),
    startedAt: integer('started_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    endedAt: integer('ended_at'),
  },
  (table) => [
    index('reconciliations_by_start').on(table.startedAt),
    uniqueIndex('reconciliations_running').on(table.state).where(sql`state = 'RUNNING'`),
  ],
)

export type ReconciliationRow = typeof reconciliations.$inferSelect
