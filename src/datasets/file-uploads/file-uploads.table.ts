import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** A file that a client sends in parts, before an upload takes it into a dataset. Its parts are objects of their own. */
export const fileUploads = sqliteTable(
  'file_uploads',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    fileName: text('file_name').notNull(),
    bytes: integer('bytes').notNull(),
    /** Every part but the last has this many bytes. */
    partBytes: integer('part_bytes').notNull(),
    partCount: integer('part_count').notNull(),
    /** The upload that took the file; null while it waits for one. */
    takenBy: text('taken_by'),
    takenAt: integer('taken_at'),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    index('file_uploads_by_user').on(table.userId, table.createdAt),
    index('file_uploads_by_expiry').on(table.expiresAt),
  ],
)

export type FileUploadRow = typeof fileUploads.$inferSelect
