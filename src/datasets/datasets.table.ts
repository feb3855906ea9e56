import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

export const datasets = sqliteTable(
  'datasets',
  {
    id: text('id').primaryKey(),
    /** The owner; the datasets of a deleted user stay as orphans. */
    userId: text('user_id').notNull(),
    name: text('name').notNull(),
    itemCount: integer('item_count').notNull().default(0),
    /** How many of the items are frames of videos. */
    frameCount: integer('frame_count').notNull().default(0),
    nextUploadIndex: integer('next_upload_index').notNull().default(1),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    deletedAt: integer('deleted_at'),
    /** When the media of a deleted dataset was deleted as well. */
    mediaFreedAt: integer('media_freed_at'),
  },
  (table) => [
    uniqueIndex('datasets_live_name').on(table.userId, table.name).where(sql`deleted_at IS NULL`),
    index('datasets_by_name').on(table.userId, table.name),
    // Whole in themselves for the lists: pages are ordered, skipped and counted without reading a row.
    index('datasets_by_user').on(table.userId, table.createdAt, table.id, table.deletedAt),
    index('datasets_by_time').on(table.createdAt, table.id, table.deletedAt),
    index('datasets_to_free')
      .on(table.deletedAt)
      .where(sql`deleted_at IS NOT NULL AND media_freed_at IS NULL`),
  ],
)

export const tags = sqliteTable('tags', {
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  createdAt: integer('created_at').notNull(),
})

export const datasetTags = sqliteTable(
  'dataset_tags',
  {
    datasetId: text('dataset_id')
      .notNull()
      .references(() => datasets.id),
    tagId: text('tag_id')
      .notNull()
      .references(() => tags.id),
    /** The tag's place in the dataset's list. */
    position: integer('position').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.datasetId, table.tagId] }),
    index('dataset_tags_by_tag').on(table.tagId, table.datasetId),
  ],
)

export type DatasetRow = typeof datasets.$inferSelect
