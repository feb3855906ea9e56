import type { OpenAPIHono } from '@hono/zod-openapi'
import { datasetKeyOf } from '../media/keys.ts'
import { serveObject } from '../media/serve-object.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { formatPage, readPageOrThrow } from '../shared/pagination.ts'
import { requireUser } from '../users/require-user.ts'
import { createDatasetNotFound, datasetErrors } from './datasets.errors.ts'
import { datasetTypeOf } from './datasets.rules.ts'
import * as declarations from './items.declarations.ts'
import { findDatasetFile, findDatasetWithItems } from './items.repository.ts'

/*
 * GET /:name/data              a page of a dataset's items, with URLs to see them
 * GET /:name/:type/:filename   an image or a mask, for the dataset's user
 */

/** Items never change under their key. */
const fileMaxAgeSeconds = 3600

export const itemRoutes: OpenAPIHono<AppEnv> = createRouter().openapi(
  declarations.list,
  async (context) => {
    const { database, signedUrls } = context.get('services')
    const query = context.req.valid('query')
    const page = readPageOrThrow(query)
    const found = await findDatasetWithItems(database, {
      userId: context.get('user').id,
      name: context.req.valid('param').name,
      includeDeleted: query.includeDeleted === 'true',
      page,
    })
    if (!found) throw createDatasetNotFound()
    const { dataset } = found
    const items = await Promise.all(
      found.items.map(async (item) => ({
        index: item.position,
        imagePath: item.imageKey,
        maskPath: item.maskKey,
        imageUrl: await signedUrls.sign({ key: item.imageKey, fileName: item.imageName }),
        maskUrl: await signedUrls.sign({ key: item.maskKey }),
        frameIndex: item.frameIndex,
        uploadIndex: item.uploadIndex,
      })),
    )
    const type = datasetTypeOf(dataset)
    return context.json(
      {
        success: true as const,
        message: 'Dataset data retrieved successfully',
        data: {
          name: dataset.name,
          type: type === 'empty' ? ('unknown' as const) : type,
          ...formatPage(page, dataset.itemCount),
          items,
        },
      },
      200,
    )
  },
)

itemRoutes.openAPIRegistry.registerPath(declarations.file)

itemRoutes.get('/:name/:type{image|mask}/:filename', requireUser, async (context) => {
  const { name, type, filename } = context.req.param()
  const userId = context.get('user').id
  const key = datasetKeyOf({ userId, fileName: filename })
  const found = await findDatasetFile(context.get('services').database, {
    userId,
    name,
    role: type === 'mask' ? 'mask' : 'image',
    key: key ?? '',
  })
  if (!found.datasetExists) throw createDatasetNotFound()
  if (key === null || found.name === null) {
    throw datasetErrors.createError('datasets.file_not_found', 'File not found in dataset')
  }
  return serveObject(context.get('services'), {
    key,
    fileName: type === 'image' ? found.name : null,
    maxAgeSeconds: fileMaxAgeSeconds,
    headers: context.req.raw.headers,
  })
})
