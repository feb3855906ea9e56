import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Operations that the sweep gave up because they reserved tokens and never took effect.
 * Whatever takes effect checks in the same batch that its id is not here, so that the two exclude each other.
 * And what ended while something still wrote for it, until nothing can and the sweep has deleted what came late.
 */
export const abandonedOperations = sqliteTable('abandoned_operations', {
  operationId: text('operation_id').primaryKey(),
  abandonedAt: integer('abandoned_at').notNull(),
})
