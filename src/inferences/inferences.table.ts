import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

const states = ['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'ABORTED'] as const

/** The job that a user starts. */
export const inferences = sqliteTable(
  'inferences',
  {
    /** The number that the API calls `jobId`. */
    jobId: integer('job_id').primaryKey({ autoIncrement: true }),
    id: text('id').notNull().unique(),
    userId: text('user_id').notNull(),
    datasetId: text('dataset_id').notNull(),
    datasetName: text('dataset_name').notNull(),
    modelId: text('model_id').notNull(),
    /** The request's `parameters`, as JSON. */
    parameters: text('parameters').notNull(),
    state: text('state', { enum: states }).notNull(),
    reservationId: text('reservation_id').notNull(),
    /** What one image and one frame cost when the inference was started, in thousandths of a token. */
    imageUnitPrice: integer('image_unit_price').notNull(),
    frameUnitPrice: integer('frame_unit_price').notNull(),
    itemCount: integer('item_count').notNull(),
    frameCount: integer('frame_count').notNull(),
    succeededCount: integer('succeeded_count').notNull().default(0),
    failedCount: integer('failed_count').notNull().default(0),
    /** What the finished work costs, in thousandths of a token; null until the inference has ended. */
    spent: integer('spent'),
    /** When the reservation was settled; an ended inference without it is the sweep's work. */
    settledAt: integer('settled_at'),
    carbonGrams: real('carbon_grams').notNull().default(0),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    endedAt: integer('ended_at'),
    /** Why it ended before its tasks did; null where they ended it. */
    endReason: text('end_reason', {
      enum: ['aborted_by_owner', 'aborted_by_administrator', 'deadline_passed'],
    }),
    /** The inference whose failed items this one tries again. */
    retryOf: text('retry_of'),
    /** When its results were deleted. */
    resultsDeletedAt: integer('results_deleted_at'),
  },
  (table) => [
    index('inferences_by_user').on(table.userId, table.createdAt),
    index('inferences_running').on(table.createdAt).where(sql`state IN ('PENDING', 'RUNNING')`),
    index('inferences_open_by_user')
      .on(table.userId, table.createdAt)
      .where(sql`state IN ('PENDING', 'RUNNING')`),
    index('inferences_by_dataset').on(table.datasetId),
    index('inferences_unsettled')
      .on(table.endedAt)
      .where(sql`ended_at IS NOT NULL AND settled_at IS NULL`),
  ],
)

const taskStates = ['WAITING', 'READY', ...states] as const

/**
 * The unit of work that one queue message carries: `inpaint` a stretch of the inference's items, `encode` a stretch of a
 * video's frames, or `assemble` a video from its stretches.
 */
export const inferenceTasks = sqliteTable(
  'inference_tasks',
  {
    id: text('id').primaryKey(),
    inferenceId: text('inference_id').notNull(),
    kind: text('kind', { enum: ['inpaint', 'encode', 'assemble'] })
      .notNull()
      .default('inpaint'),
    /** The video of a task that encodes or assembles. */
    videoId: text('video_id'),
    state: text('state', { enum: taskStates }).notNull(),
    firstPosition: integer('first_position').notNull(),
    itemCount: integer('item_count').notNull(),
    attempts: integer('attempts').notNull().default(0),
    /** Whoever runs the task holds it until then; a dead holder's task is free again. */
    leaseUntil: integer('lease_until'),
    leaseId: text('lease_id'),
    /** When its message was last sent; the sweep sends again what waits too long. */
    sentAt: integer('sent_at').notNull(),
    /** Why its last run did not end it. */
    errorCode: text('error_code'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    index('inference_tasks_by_inference').on(table.inferenceId, table.firstPosition),
    index('inference_tasks_ready')
      .on(table.inferenceId, table.firstPosition)
      .where(sql`state = 'READY'`),
    index('inference_tasks_open').on(table.sentAt).where(sql`state IN ('PENDING', 'RUNNING')`),
  ],
)

/** What the inference makes of one item of its dataset. */
export const inferenceItems = sqliteTable(
  'inference_items',
  {
    inferenceId: text('inference_id').notNull(),
    /** The item's place in the dataset. */
    position: integer('position').notNull(),
    kind: text('kind', { enum: ['image', 'frame'] }).notNull(),
    state: text('state', { enum: ['PENDING', 'SUCCEEDED', 'FAILED', 'ABORTED'] }).notNull(),
    imageKey: text('image_key').notNull(),
    maskKey: text('mask_key').notNull(),
    imageName: text('image_name').notNull(),
    resultKey: text('result_key').notNull(),
    videoId: text('video_id'),
    frameIndex: integer('frame_index'),
    /** The frame's time, in its video's time base. */
    pts: integer('pts'),
    contentType: text('content_type'),
    width: integer('width'),
    height: integer('height'),
    sizeBytes: integer('size_bytes'),
    sha256: text('sha256'),
    crc32: integer('crc32'),
    joules: real('joules'),
    /** How the joules were found, in the inference service's words. */
    energyMethod: text('energy_method'),
    inpaintMs: real('inpaint_ms'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.inferenceId, table.position] }),
    index('inference_items_by_result').on(table.resultKey),
  ],
)

/** What the inference makes of one video of its dataset. */
export const inferenceVideos = sqliteTable(
  'inference_videos',
  {
    inferenceId: text('inference_id').notNull(),
    videoId: text('video_id').notNull(),
    /** The video's number in the dataset. */
    uploadIndex: integer('upload_index').notNull(),
    name: text('name').notNull(),
    state: text('state', { enum: ['PENDING', 'SUCCEEDED', 'FAILED', 'ABORTED'] }).notNull(),
    firstPosition: integer('first_position').notNull(),
    frameCount: integer('frame_count').notNull(),
    resultKey: text('result_key').notNull(),
    /** Between its frames, where they are filled from each other; null where each is filled on its own. */
    spacingSeconds: real('spacing_seconds'),
    /** The frames whose originals stand in their place, as a JSON array of frame indexes. */
    replacedFrames: text('replaced_frames').notNull().default('[]'),
    notes: text('notes').notNull().default('[]'),
    contentType: text('content_type'),
    width: integer('width'),
    height: integer('height'),
    durationSeconds: real('duration_seconds'),
    sizeBytes: integer('size_bytes'),
    sha256: text('sha256'),
    crc32: integer('crc32'),
    joules: real('joules').notNull().default(0),
    /** How the joules were found; `mixed` where not all of them in one way. */
    energyMethod: text('energy_method'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.inferenceId, table.videoId] }),
    index('inference_videos_by_result').on(table.resultKey),
  ],
)

export type InferenceVideoRow = typeof inferenceVideos.$inferSelect
export type InferenceTaskRow = typeof inferenceTasks.$inferSelect
export type InferenceRow = typeof inferences.$inferSelect
export type InferenceItemRow = typeof inferenceItems.$inferSelect
