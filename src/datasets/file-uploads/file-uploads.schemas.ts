import { z } from '@hono/zod-openapi'
import {
  answerSchema,
  countSchema,
  createPagingFields,
  doneSchema,
  pageSchema,
  timeSchema,
} from '../../shared/answer.schemas.ts'

const fileName = z
  .string()
  .openapi({ description: 'As it was given, without folders and control characters' })

/** Declared as what is documented; the rules, with the messages people see, are in file-uploads.rules.ts. */
export const openFileBody = z
  .object({
    fileName: z.unknown().openapi({ type: 'string', minLength: 1, maxLength: 255 }),
    bytes: z.unknown().openapi({
      type: 'integer',
      minimum: 1,
      maximum: 5_000_000_000,
      description: 'The size of the file; at most 5 GB unless `FILE_BYTES_MAX` says otherwise',
    }),
  })
  .partial()
  .openapi('OpenFileUpload', { required: ['fileName', 'bytes'] })

export const idParams = z.object({
  id: z.string().openapi({ param: { description: "The file's id" }, format: 'uuid' }),
})

export const partsQuery = z.object({
  urls: z
    .string()
    .optional()
    .openapi({
      param: { description: '`false` leaves the URLs of missing parts out' },
      enum: ['true', 'false'],
      default: 'true',
    }),
})

export const pageQuery = z.object(createPagingFields({ limitDefault: 10 }))

const bytes = z.int().min(1)

const fileFields = {
  id: z.uuid(),
  fileName,
  bytes: bytes.openapi({ description: 'Of the whole file' }),
  partBytes: bytes.openapi({ description: 'Of every part but the last, which has the rest' }),
  partCount: z.int().min(1).max(10_000),
  createdAt: timeSchema,
  expiresAt: timeSchema.openapi({
    description: 'A file that no upload took by then is deleted with its parts',
  }),
}

const fileSchema = z.object(fileFields).openapi('FileUpload')

const partSchema = z
  .object({
    number: z.int().min(1).max(10_000),
    bytes,
    received: z.boolean(),
    url: z.url().nullable().openapi({
      description:
        'PUT exactly the bytes of this part here. The first 100 missing parts have one; GET the file for the next',
    }),
    urlExpiresAt: timeSchema.nullable(),
  })
  .openapi('FilePart')

const fileWithPartsSchema = z
  .object({
    ...fileFields,
    state: z.enum(['open', 'complete', 'taken']).openapi({
      description:
        'open: parts are missing; complete: all are there, and an upload may take the file; taken: an upload has',
    }),
    takenBy: z.uuid().nullable().openapi({ description: 'The id of the upload that took it' }),
    receivedBytes: countSchema,
    parts: z.array(partSchema),
  })
  .openapi('FileUploadWithParts')

export const fileAnswerSchema = answerSchema(fileWithPartsSchema).openapi('FileUploadAnswer')

export const fileListSchema = answerSchema(z.array(fileSchema))
  .extend({ pagination: pageSchema })
  .openapi('FileUploadList')

export const fileDeletedSchema = doneSchema.openapi('FileUploadDeleted')
