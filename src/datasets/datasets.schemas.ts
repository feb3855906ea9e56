import { z } from '@hono/zod-openapi'

const time = z.iso.datetime()
const tagList = z.array(z.string())

/** Bodies are declared as what is documented; their rules, with the messages people see, are in datasets.rules.ts. */
export const createDatasetBody = z
  .object({
    name: z.unknown().openapi({ type: 'string', example: 'Inpainting dataset' }),
    tags: z
      .unknown()
      .openapi({ type: 'array', items: { type: 'string' }, example: ['Inpainting', 'Mask'] }),
  })
  .partial()
  .openapi('CreateDataset')

export const updateDatasetBody = createDatasetBody.openapi('UpdateDataset')

export const nameParams = z.object({ name: z.string() })

export const fileParams = z.object({
  name: z.string(),
  type: z.enum(['image', 'mask'], { error: "The file's type must be 'image' or 'mask'" }),
  filename: z.string(),
})

export const listQuery = z.object({
  includeDeleted: z.string().optional().openapi({ example: 'true' }),
  page: z.string().optional().openapi({ example: '1' }),
  limit: z.string().optional().openapi({ example: '10' }),
})

export const createdDatasetSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  dataset: z.object({
    id: z.uuid(),
    deletedAt: time.nullable(),
    userId: z.uuid(),
    name: z.string(),
    data: z.null(),
    tags: tagList,
    isDeleted: z.boolean(),
    nextUploadIndex: z.number(),
    updatedAt: time,
    createdAt: time,
  }),
})

const datasetSchema = z.object({
  userId: z.uuid(),
  name: z.string(),
  tags: tagList,
  createdAt: time,
  updatedAt: time,
  itemCount: z.number(),
  type: z.enum(['empty', 'image-mask', 'video-frames']),
})

const stateFields = {
  deletedAt: time.nullable(),
  isDeleted: z.boolean(),
  status: z.enum(['active', 'deleted']),
}

export const datasetListSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: z.array(datasetSchema.extend(stateFields)),
  summary: z.object({
    total: z.number(),
    active: z.number(),
    deleted: z.number(),
    includeDeleted: z.boolean(),
  }),
  pagination: z.object({
    totalItems: z.number(),
    currentPage: z.number(),
    totalPages: z.number(),
    itemsPerPage: z.number(),
  }),
})

export const datasetAnswerSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: datasetSchema.extend(stateFields),
})

export const datasetUpdatedSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: z.object({
    userId: z.uuid(),
    itemCount: z.number(),
    changes: z.object({
      nameChanged: z.boolean(),
      tagsChanged: z.boolean(),
      previousName: z.string().optional(),
    }),
  }),
})

export const datasetDeletedSchema = z.object({ success: z.literal(true), message: z.string() })

export const itemsSchema = z.object({
  success: z.literal(true),
  message: z.string(),
  data: z.object({
    name: z.string(),
    type: z.enum(['unknown', 'image-mask', 'video-frames']),
    totalItems: z.number(),
    currentPage: z.number(),
    totalPages: z.number(),
    itemsPerPage: z.number(),
    items: z.array(
      z.object({
        index: z.number(),
        imagePath: z.string(),
        maskPath: z.string(),
        imageUrl: z.url(),
        maskUrl: z.url(),
        frameIndex: z.number().nullable(),
        uploadIndex: z.number(),
      }),
    ),
  }),
})
