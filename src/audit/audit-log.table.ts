import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** What administrators and owners did that changes money, access or what is stored. Rows are only added. */
export const auditLog = sqliteTable(
  'audit_log',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    at: integer('at').notNull(),
    /** The user who did it; null for the system's own work. */
    actorId: text('actor_id'),
    actorRole: text('actor_role', { enum: ['user', 'admin', 'system'] }).notNull(),
    action: text('action').notNull(),
    subjectKind: text('subject_kind').notNull(),
    subjectId: text('subject_id').notNull(),
    /** Whose the subject is. */
    ownerId: text('owner_id'),
    requestId: text('request_id'),
    /** JSON, without secrets. */
    details: text('details').notNull().default('{}'),
  },
  (table) => [
    index('audit_log_by_actor').on(table.actorId, table.id),
    index('audit_log_by_owner').on(table.ownerId, table.id),
    index('audit_log_by_action').on(table.action, table.id),
  ],
)

export type AuditLogRow = typeof auditLog.$inferSelect
