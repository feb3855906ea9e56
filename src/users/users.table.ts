import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** A person. Deleted logically: `deletedAt` set ends every login and frees the e-mail address. */
export const users = sqliteTable(
  'users',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    surname: text('surname').notNull(),
    /** As the person wrote it. */
    email: text('email').notNull(),
    /** Lower case, for comparisons. */
    emailKey: text('email_key').notNull(),
    passwordHash: text('password_hash').notNull(),
    role: text('role', { enum: ['user', 'admin'] }).notNull(),
    /** Access tokens carry it; a change of password raises it and so ends those issued before. */
    accessVersion: integer('access_version').notNull().default(1),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    deletedAt: integer('deleted_at'),
  },
  (table) => [
    uniqueIndex('users_live_email').on(table.emailKey).where(sql`deleted_at IS NULL`),
    index('users_created').on(table.createdAt),
    index('users_live_administrators')
      .on(table.createdAt)
      .where(sql`role = 'admin' AND deleted_at IS NULL`),
  ],
)

export type UserRow = typeof users.$inferSelect
