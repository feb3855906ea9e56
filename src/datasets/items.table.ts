import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { datasets } from './datasets.table.ts'

/** An image with its mask, or a sampled frame with its mask. */
export const datasetItems = sqliteTable(
  'dataset_items',
  {
    datasetId: text('dataset_id')
      .notNull()
      .references(() => datasets.id),
    /** From 0, without gaps: a page is a range of it. */
    position: integer('position').notNull(),
    kind: text('kind', { enum: ['image', 'frame'] }).notNull(),
    uploadId: text('upload_id').notNull(),
    uploadIndex: integer('upload_index').notNull(),
    /** The frame's place among those sampled from its video; null for an image. */
    frameIndex: integer('frame_index'),
    videoId: text('video_id'),
    /** The frame's time, in its video's time base. */
    pts: integer('pts'),
    imageKey: text('image_key').notNull(),
    maskKey: text('mask_key').notNull(),
    /** The name of the uploaded file, for downloads. */
    imageName: text('image_name').notNull(),
    width: integer('width').notNull(),
    height: integer('height').notNull(),
    /** Pixels that the mask marks for removal; they decide how long an inference takes. */
    holePixels: integer('hole_pixels').notNull(),
    imageBytes: integer('image_bytes').notNull(),
    maskBytes: integer('mask_bytes').notNull(),
    imageSha256: text('image_sha256').notNull(),
    maskSha256: text('mask_sha256').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.datasetId, table.position] }),
    index('dataset_items_by_image').on(table.imageKey),
    index('dataset_items_by_mask').on(table.maskKey),
  ],
)

/** An upload that became data. Its row is written in the same batch as its items, once. */
export const uploads = sqliteTable('uploads', {
  id: text('id').primaryKey(),
  userId: text('user_id').notNull(),
  datasetId: text('dataset_id')
    .notNull()
    .references(() => datasets.id),
  reservationId: text('reservation_id').notNull(),
  /** What the upload costs, in thousandths of a token. */
  price: integer('price').notNull(),
  itemCount: integer('item_count').notNull(),
  createdAt: integer('created_at').notNull(),
})

export type ItemRow = typeof datasetItems.$inferSelect
