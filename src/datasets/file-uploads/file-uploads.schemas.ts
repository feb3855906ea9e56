import { z } from '@hono/zod-openapi'

const time = z.iso.datetime()

/** Declared as what is documented; the rules, with the messages people see, are in file-uploads.rules.ts. */
export const openFileBody = z
  .object({
    fileName: z.unknown().openapi({ type: 'string', example: 'holiday.mp4' }),
    bytes: z.unknown().openapi({ type: 'integer', example: 734_003_200 }),
  })
  .partial()
  .openapi('OpenFileUpload')

export const idParams = z.object({ id: z.string() })

export const partsQuery = z.object({
  urls: z.string().optional().openapi({
    description: "'false' leaves the URLs of missing parts out",
    example: 'false',
  }),
})

export const pageQuery = z.object({
  page: z.string().optional().openapi({ example: '1' }),
  limit: z.string().optional().openapi({ example: '10' }),
})

const fileSchema = z.object({
  id: z.uuid(),
  fileName: z.string(),
  bytes: z.number(),
  partBytes: z.number().openapi({ description: 'Bytes of every part but the last' }),
  partCount: z.number(),
  createdAt: time,
  expiresAt: time.openapi({
    description: 'A file that no upload took by then is deleted with its parts',
  }),
})

const fileWithPartsSchema = fileSchema.extend({
  state: z.enum(['open', 'complete', 'taken']).openapi({
    description:
      'open: parts are missing; complete: all are there, and an upload may take the file; taken: an upload has',
  }),
  takenBy: z.string().nullable().openapi({ description: 'The id of the upload that took it' }),
  receivedBytes: z.number(),
  parts: z.array(
    z.object({
      number: z.number(),
      bytes: z.number(),
      received: z.boolean(),
      url: z.url().nullable().openapi({
        description:
          'PUT exactly the bytes of this part here. The first 100 missing parts have one; GET the file for the next',
      }),
      urlExpiresAt: time.nullable(),
    }),
  ),
})

export const fileAnswerSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: fileWithPartsSchema,
})

export const fileListSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: z.array(fileSchema),
  pagination: z.object({
    totalItems: z.number(),
    currentPage: z.number(),
    totalPages: z.number(),
    itemsPerPage: z.number(),
  }),
})

export const fileDeletedSchema = z.object({ success: z.literal(true), message: z.string() })
