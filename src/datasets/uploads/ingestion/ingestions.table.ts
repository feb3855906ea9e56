import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** An upload whose files become items in several steps: an archive or a video. Its id is the upload's. */
export const ingestions = sqliteTable(
  'ingestions',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    /** Null while its files are being received. */
    datasetId: text('dataset_id'),
    datasetName: text('dataset_name'),
    kind: text('kind', { enum: ['zip', 'video'] }).notNull(),
    state: text('state', { enum: ['RECEIVING', 'RUNNING', 'COMPLETED', 'FAILED'] }).notNull(),
    phase: text('phase', { enum: ['join', 'plan', 'store', 'commit'] })
      .notNull()
      .default('plan'),
    /** What was sent, as JSON: the files' keys and facts, and the frames a second that were asked for. */
    request: text('request').notNull().default('{}'),
    reservationId: text('reservation_id'),
    /** What was reserved and what was paid, in thousandths of a token. */
    reserved: integer('reserved'),
    spent: integer('spent'),
    /** Pairs and frames: how many there are to store, and how many have been. Null until that is known. */
    totalCount: integer('total_count'),
    doneCount: integer('done_count').notNull().default(0),
    /** Sentences about what was done on the way, as a JSON array. */
    notes: text('notes').notNull().default('[]'),
    /** Why it failed, as JSON: code, message and details. */
    error: text('error'),
    attempts: integer('attempts').notNull().default(0),
    /** Whoever runs a step holds it until then; a dead holder's upload is free again. */
    leaseUntil: integer('lease_until'),
    leaseId: text('lease_id'),
    /** When its message was last sent; the sweep sends again what waits too long. */
    sentAt: integer('sent_at').notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    endedAt: integer('ended_at'),
  },
  (table) => [
    index('ingestions_open').on(table.sentAt).where(sql`state IN ('RECEIVING', 'RUNNING')`),
    index('ingestions_by_dataset').on(table.datasetId),
    index('ingestions_unclean')
      .on(table.updatedAt)
      .where(sql`state = 'FAILED' AND ended_at IS NULL`),
  ],
)

/** A file of an upload and what became of it: an archive's every entry, or the one video. */
export const uploadEntries = sqliteTable(
  'upload_entries',
  {
    uploadId: text('upload_id').notNull(),
    /** From 0, in the order of the archive's directory. */
    number: integer('number').notNull(),
    /** The path inside the archive, or the file's name. */
    path: text('path').notNull(),
    role: text('role', { enum: ['image', 'video', 'mask', 'none'] }).notNull(),
    /** PENDING waits to be stored; SAMPLING is a video of which some frames are stored. */
    state: text('state', {
      enum: ['PENDING', 'SAMPLING', 'ACCEPTED', 'REJECTED', 'IGNORED'],
    }).notNull(),
    /** The number of the mask that belongs to a picture or video. */
    maskNumber: integer('mask_number'),
    /** Where its bytes are in the archive, as JSON; null for a file that was sent alone. */
    location: text('location'),
    /** What is known of a video, as JSON, once it was probed. */
    video: text('video'),
    /** Why it was rejected or ignored. */
    reasonCode: text('reason_code'),
    reason: text('reason'),
    /** The items that it became: the first one's position in the dataset, and how many. */
    firstPosition: integer('first_position'),
    itemCount: integer('item_count'),
  },
  (table) => [
    primaryKey({ columns: [table.uploadId, table.number] }),
    index('upload_entries_open')
      .on(table.uploadId, table.number)
      .where(sql`state IN ('PENDING', 'SAMPLING') AND role IN ('image', 'video')`),
  ],
)

/** Items on their way: stored or to be stored, and not in the dataset before the upload is committed. */
export const uploadItems = sqliteTable(
  'upload_items',
  {
    uploadId: text('upload_id').notNull(),
    entryNumber: integer('entry_number').notNull(),
    /** The frame's place in its video; 0 for an image. */
    frameIndex: integer('frame_index').notNull(),
    kind: text('kind', { enum: ['image', 'frame'] }).notNull(),
    state: text('state', { enum: ['PENDING', 'STORED', 'FAILED'] }).notNull(),
    videoId: text('video_id'),
    /** The frame's time, in its video's time base. */
    pts: integer('pts'),
    imageKey: text('image_key').notNull(),
    maskKey: text('mask_key').notNull(),
    imageName: text('image_name').notNull(),
    width: integer('width'),
    height: integer('height'),
    holePixels: integer('hole_pixels'),
    imageBytes: integer('image_bytes'),
    maskBytes: integer('mask_bytes'),
    imageSha256: text('image_sha256'),
    maskSha256: text('mask_sha256'),
  },
  (table) => [
    primaryKey({ columns: [table.uploadId, table.entryNumber, table.frameIndex] }),
    index('upload_items_open')
      .on(table.uploadId, table.entryNumber, table.frameIndex)
      .where(sql`state = 'PENDING'`),
  ],
)

export type IngestionRow = typeof ingestions.$inferSelect
export type UploadEntryRow = typeof uploadEntries.$inferSelect
export type UploadItemRow = typeof uploadItems.$inferSelect
