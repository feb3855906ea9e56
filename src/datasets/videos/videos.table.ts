import { index, integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** A video of which frames are items, with what a result video takes from it. */
export const videos = sqliteTable(
  'videos',
  {
    id: text('id').primaryKey(),
    uploadId: text('upload_id').notNull(),
    datasetId: text('dataset_id').notNull(),
    /** Its number in the dataset, which the API calls `originalVideoId`; null until its upload is data. */
    uploadIndex: integer('upload_index'),
    entryNumber: integer('entry_number').notNull(),
    name: text('name').notNull(),
    /** The object that was sent; its sound goes into results. */
    sourceKey: text('source_key').notNull(),
    container: text('container').notNull(),
    codec: text('codec').notNull(),
    /** As a viewer shows it. */
    width: integer('width').notNull(),
    height: integer('height').notNull(),
    /** Degrees by which a viewer turns the stored frames. */
    rotation: integer('rotation').notNull(),
    durationSeconds: real('duration_seconds').notNull(),
    /** The source's own frames a second, on average: a number or a fraction. */
    sourceFps: text('source_fps').notNull(),
    sourceFrameCount: integer('source_frame_count').notNull(),
    /** The frames a second that were sampled: a number, or `source` for every frame. */
    fps: text('fps').notNull(),
    /** Frames that are items. */
    frameCount: integer('frame_count').notNull(),
    /** Seconds of one tick, as a fraction; the unit of every pts. */
    timeBase: text('time_base').notNull(),
    firstPts: integer('first_pts').notNull(),
    /** Where the last frame ends. */
    endPts: integer('end_pts').notNull(),
    soundCodec: text('sound_codec'),
    sizeBytes: integer('size_bytes').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    index('videos_by_upload').on(table.uploadId),
    index('videos_by_dataset').on(table.datasetId, table.uploadIndex),
  ],
)

export type VideoRow = typeof videos.$inferSelect
