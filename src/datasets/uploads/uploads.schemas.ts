import { z } from '@hono/zod-openapi'

const file = z.string().openapi({ type: 'string', format: 'binary' })

/** The form of an upload, as it is documented; upload-form.ts reads it as it streams. */
export const uploadFormSchema = z
  .object({
    datasetName: z.string().openapi({ example: 'Inpainting dataset' }),
    image: file,
    mask: file,
  })
  .openapi('UploadForm')

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
})
