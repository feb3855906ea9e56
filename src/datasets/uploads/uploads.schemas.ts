import { z } from '@hono/zod-openapi'
import { idempotencyHeaders } from '../../idempotency/idempotency.schemas.ts'
import { countSchema, doneSchema, timeSchema, tokensSchema } from '../../shared/answer.schemas.ts'

const text = { type: 'string' as const }

const file = { ...text, format: 'binary', contentMediaType: 'application/octet-stream' }

const datasetName = {
  ...text,
  minLength: 1,
  maxLength: 255,
  description: 'The dataset that takes it in',
  example: 'Inpainting dataset',
}

const fps = {
  description:
    'Frames a second to take from videos: a number from 0.01 to 240, at most what the video has, or `source` for every frame',
  default: '1',
}

/**
 * The form of an upload, for the document alone: a schema that is checked would hold the whole of it, and
 * upload-form.ts reads it as it streams.
 */
export const uploadForm = {
  type: 'object' as const,
  required: ['datasetName', 'image'],
  properties: {
    datasetName,
    image: {
      ...file,
      description:
        'A picture (PNG, JPEG, WebP), a video (mp4, mov, avi, mkv, webm), or a ZIP archive of both with their masks. ' +
        'Or, as text, the id of a file that was sent in parts',
    },
    mask: {
      ...file,
      description:
        "White is what is to go, the rest is black. Of the picture's size; of a video a picture or a video, which is scaled. " +
        'A placeholder or nothing with an archive. Or, as text, the id of a file that was sent in parts',
    },
    fps: { ...fps, ...text },
  },
}

const fileId = { ...text, format: 'uuid' }

/** The same with files that were sent in parts; read-upload.ts reads it. */
export const uploadOfParts = {
  type: 'object' as const,
  required: ['datasetName', 'image'],
  properties: {
    datasetName,
    image: { ...fileId, description: 'The id of a file that was sent in parts' },
    mask: { ...fileId, description: 'The same; nothing with an archive' },
    fps: { ...fps, type: ['string', 'number'] as ('string' | 'number')[] },
  },
}

export const uploadParams = z.object({
  uploadId: z
    .uuid(
      'Invalid uploadId format. It must be a UUID, as the Location of the answer that began the upload has it',
    )
    .openapi({ param: { description: "The upload's id" } }),
})

export const uploadHeaders = idempotencyHeaders.extend({
  prefer: z
    .string()
    .optional()
    .openapi({
      param: {
        description:
          '`wait=N`: wait N seconds for an archive or a video, at most 25, before a 202 is answered; 20 where nothing is said. ' +
          '`respond-async`: do not wait',
      },
    }),
})

const entrySchema = z
  .object({
    path: z.string().openapi({ description: "Inside the archive, or the file's name" }),
    status: z.enum(['pending', 'sampling', 'accepted', 'rejected', 'ignored']).openapi({
      description: 'pending and sampling: not finished when the upload failed',
    }),
    role: z.enum(['image', 'video', 'mask', 'none']),
    itemIndex: countSchema
      .nullable()
      .openapi({ description: 'Where in the dataset its first item is' }),
    itemCount: countSchema.nullable(),
    code: z.string().nullable().openapi({ description: 'Why it was rejected or ignored' }),
    reason: z.string().nullable().openapi({ description: 'The same as a sentence' }),
  })
  .openapi('UploadEntry')

const reportSchema = z
  .object({
    accepted: countSchema,
    rejected: countSchema,
    ignored: countSchema,
    note: z.string().nullable().openapi({
      description: 'Says, 30 days after the end, that only the counts are left',
    }),
    entries: z.array(entrySchema),
  })
  .openapi('UploadReport')

const uploadSchema = z
  .object({
    id: z.uuid(),
    status: z.enum(['RECEIVING', 'RUNNING', 'COMPLETED', 'FAILED']),
    phase: z.enum(['join', 'plan', 'store', 'commit']).nullable().openapi({
      description: 'Of a running upload: join, parts become one file; plan, store, commit',
    }),
    kind: z.enum(['zip', 'video']),
    datasetName: z.string().nullable(),
    progress: z.int().min(0).max(100).openapi({ description: 'Percent; 100 once it has ended' }),
    totalItems: countSchema.nullable().openapi({ description: 'Null until it is known' }),
    storedItems: countSchema,
    tokensReserved: tokensSchema.nullable(),
    tokensSpent: tokensSchema.nullable(),
    notes: z.array(z.string()).openapi({ description: 'What was done on the way' }),
    error: z
      .object({
        code: z.string(),
        status: z.int().openapi({ description: 'What the request would have been answered with' }),
        message: z.string(),
        details: z.record(z.string(), z.unknown()),
      })
      .nullable()
      .openapi({ description: 'Why it failed' }),
    report: reportSchema.nullable().openapi({ description: 'Once it has ended' }),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    endedAt: timeSchema.nullable(),
  })
  .openapi('Upload')

export type Upload = z.infer<typeof uploadSchema>

export const uploadedSchema = z
  .object({
    success: z.literal(true),
    message: z.string(),
    processedItems: countSchema.openapi({ description: 'Items that the dataset has more' }),
    tokenSpent: tokensSchema,
    userTokens: tokensSchema.openapi({ description: 'Your balance now' }),
    tokenUsage: z.object({
      tokensSpent: tokensSchema,
      remainingBalance: tokensSchema,
      operationType: z.literal('dataset_upload'),
    }),
    upload: uploadSchema.optional().openapi({ description: 'Of an archive or a video' }),
  })
  .openapi('Uploaded')

export const watchedUploadSchema = doneSchema
  .extend({ upload: uploadSchema })
  .openapi('WatchedUpload')
