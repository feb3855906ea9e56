import { z } from '@hono/zod-openapi'
import {
  answerSchema,
  countSchema,
  createPagingFields,
  doneSchema,
  pageFields,
  pageSchema,
  timeSchema,
} from '../shared/answer.schemas.ts'

const name = z.string().openapi({ description: 'Unique among your datasets that are not deleted' })
const tags = z.array(z.string())

/** Bodies are declared as what is documented; their rules, with the messages people see, are in datasets.rules.ts. */
export const createDatasetBody = z
  .object({
    name: z.unknown().openapi({
      type: 'string',
      minLength: 1,
      maxLength: 255,
      description: 'Unique among your datasets that are not deleted',
    }),
    tags: z.unknown().openapi({
      type: 'array',
      items: { type: 'string', maxLength: 100 },
      maxItems: 100,
      description:
        'Words to find it by; blanks and repeats are left out. In an update they replace those that are there',
    }),
  })
  .partial()
  .openapi('CreateDataset', { required: ['name'] })

export const updateDatasetBody = z
  .object(createDatasetBody.shape)
  .openapi('UpdateDataset', { description: 'One of the two, or both', minProperties: 1 })

export const nameParams = z.object({
  name: z.string().openapi({ param: { description: "The dataset's name, percent-encoded" } }),
})

export const fileParams = nameParams.extend({
  type: z
    .enum(['image', 'mask'], { error: "The file's type must be 'image' or 'mask'" })
    .openapi({ param: { description: 'Which of the two files of an item' } }),
  filename: z.string().openapi({
    param: { description: "The last part of the item's `imagePath` or `maskPath`" },
    example: '1715ddf7-c718-42a3-bbc0-a1fb9628ef8f_f4b0a3c1-6a0b-4c53-8a5e-1f6f0a0d9b11.jpg',
  }),
})

const includeDeleted = z
  .string()
  .optional()
  .openapi({
    param: { description: '`true` to find deleted datasets too' },
    enum: ['true', 'false'],
    default: 'false',
  })

/** A list without `limit` answers up to this many, so that clients that never page miss nothing. */
export const listLimitDefault = 100

export const datasetQuery = z.object({ includeDeleted })
export const listQuery = z.object({
  includeDeleted,
  ...createPagingFields({ limitDefault: listLimitDefault }),
})
export const itemsQuery = z.object({
  includeDeleted,
  ...createPagingFields({ limitDefault: 10 }),
})

export const createdDatasetSchema = z
  .object({
    success: z.literal(true),
    message: z.string(),
    dataset: z.object({
      id: z.uuid(),
      deletedAt: timeSchema.nullable(),
      userId: z.uuid(),
      name,
      data: z.null().openapi({ description: 'Always null: a new dataset holds nothing' }),
      tags,
      isDeleted: z.boolean(),
      nextUploadIndex: z.int().min(1),
      updatedAt: timeSchema,
      createdAt: timeSchema,
    }),
  })
  .openapi('CreatedDataset')

const datasetSchema = z
  .object({
    userId: z.uuid(),
    name,
    tags,
    createdAt: timeSchema,
    updatedAt: timeSchema,
    itemCount: countSchema.openapi({ description: 'Pairs of pictures and frames of videos' }),
    type: z.enum(['empty', 'image-mask', 'video-frames']).openapi({
      description: 'What it holds: nothing, pictures, or frames of videos alone',
    }),
    deletedAt: timeSchema.nullable(),
    isDeleted: z.boolean(),
    status: z.enum(['active', 'deleted']),
  })
  .openapi('Dataset')

export const datasetListSchema = answerSchema(z.array(datasetSchema))
  .extend({
    summary: z.object({
      total: countSchema,
      active: countSchema,
      deleted: countSchema.openapi({ description: '0 unless `includeDeleted` is `true`' }),
      includeDeleted: z.boolean(),
    }),
    pagination: pageSchema,
  })
  .openapi('DatasetList')

export const datasetAnswerSchema = answerSchema(datasetSchema).openapi('DatasetAnswer')

export const datasetUpdatedSchema = answerSchema(
  z.object({
    userId: z.uuid(),
    itemCount: countSchema,
    changes: z.object({
      nameChanged: z.boolean(),
      tagsChanged: z.boolean(),
      previousName: z.string().optional().openapi({ description: 'Where the name has changed' }),
    }),
  }),
).openapi('DatasetUpdated')

export const datasetDeletedSchema = doneSchema.openapi('DatasetDeleted')

const signedUrl = z.url().openapi({
  description: 'A signed URL: whoever has it sees the file until it expires; no header is needed',
})

const itemSchema = z
  .object({
    index: countSchema.openapi({ description: "The item's place in the dataset, from 0" }),
    imagePath: z.string(),
    maskPath: z.string(),
    imageUrl: signedUrl,
    maskUrl: signedUrl,
    frameIndex: countSchema
      .nullable()
      .openapi({ description: 'Of a frame, its place in its video, from 0; null for a picture' }),
    uploadIndex: z.int().min(1).openapi({
      description: 'The number of its upload, or of its video, in the dataset, from 1',
    }),
  })
  .openapi('Item')

export const itemsSchema = answerSchema(
  z.object({
    name: z.string(),
    type: z
      .enum(['unknown', 'image-mask', 'video-frames'])
      .openapi({ description: '`unknown` while the dataset is empty' }),
    ...pageFields,
    items: z.array(itemSchema),
  }),
).openapi('ItemList')
