import { z } from '@hono/zod-openapi'
import { idempotencyHeaders } from '../../idempotency/idempotency.schemas.ts'

const file = z.string().openapi({ type: 'string', format: 'binary' })

/** The form of an upload, as it is documented; upload-form.ts reads it as it streams. */
export const uploadFormSchema = z
  .object({
    datasetName: z.string().openapi({ example: 'Inpainting dataset' }),
    image: file.openapi({ description: 'A picture, a video, or a ZIP archive of both' }),
    mask: file.optional().openapi({
      description: 'A picture, or a video for a video; a placeholder or nothing with an archive',
    }),
    fps: z.string().optional().openapi({
      description: 'Frames a second to sample from videos: a number, or `source` for every frame',
      example: '1',
    }),
  })
  .openapi('UploadForm')

export const uploadParams = z.object({ uploadId: z.uuid('Invalid uploadId format') })

export const uploadHeaders = idempotencyHeaders.extend({
  prefer: z.string().optional().openapi({
    description: '`wait=N` waits at most N seconds (25); `respond-async` answers 202 at once',
    example: 'wait=10',
  }),
})

const reportSchema = z.object({
  accepted: z.number(),
  rejected: z.number(),
  ignored: z.number(),
  note: z.string().nullable().openapi({
    description: 'Says, 30 days after the end, that only the counts are left',
  }),
  entries: z.array(
    z.object({
      path: z.string(),
      status: z.string(),
      role: z.string(),
      itemIndex: z.number().nullable(),
      itemCount: z.number().nullable(),
      code: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
})

const uploadSchema = z
  .object({
    id: z.uuid(),
    status: z.enum(['RECEIVING', 'RUNNING', 'COMPLETED', 'FAILED']),
    phase: z.string().nullable(),
    kind: z.enum(['zip', 'video']),
    datasetName: z.string().nullable(),
    progress: z.number(),
    totalItems: z.number().nullable(),
    storedItems: z.number(),
    tokensReserved: z.number().nullable(),
    tokensSpent: z.number().nullable(),
    notes: z.array(z.string()),
    error: z.object({ code: z.string(), message: z.string() }).loose().nullable(),
    report: reportSchema.nullable(),
    createdAt: z.string(),
    updatedAt: z.string(),
    endedAt: z.string().nullable(),
  })
  .openapi('Upload')

export const uploadedSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  processedItems: z.number(),
  tokenSpent: z.number(),
  userTokens: z.number(),
  tokenUsage: z.object({
    tokensSpent: z.number(),
    remainingBalance: z.number(),
    operationType: z.literal('dataset_upload'),
  }),
  upload: uploadSchema.optional(),
})

export const watchedUploadSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  upload: uploadSchema,
})
