import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Operations that the sweep gave up because they reserved tokens and never took effect.
 * Whatever takes effect checks in the same batch that its id is not here, so that the two exclude each other.
 */
export const abandonedOperations = sqliteTable('abandoned_operations', {
  operationId: text('operation_id').primaryKey(),
  abandonedAt: integer('abandoned_at').notNull(),
})
