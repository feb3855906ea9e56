import { createRoute } from '@hono/zod-openapi'
import { mediaErrors } from '../media/media.errors.ts'
import { describeObject, rangeHeaders, servedMedia } from '../media/media.schemas.ts'
import { requestErrors } from '../shared/errors.ts'
import { byAccessToken, jsonResponse, refusedWith } from '../shared/route-declaration.ts'
import { parameterRefusals } from '../shared/validation.ts'
import { requireUser, userRefusals } from '../users/require-user.ts'
import { datasetErrors } from './datasets.errors.ts'
import * as schemas from './datasets.schemas.ts'

const shared = { tags: ['Datasets'], security: byAccessToken }

const userId = '98ba966c-595a-4c79-9ac3-4285400a126a'
const prefix = `datasets/${userId}/1715ddf7-c718-42a3-bbc0-a1fb9628ef8f_`
const imagePath = `${prefix}f4b0a3c1-6a0b-4c53-8a5e-1f6f0a0d9b11.jpg`
const maskPath = `${prefix}d4ecbb74-bb60-4759-bdb3-b4f09c81c2a0.png`
const signed = (path: string, query: string) =>
  `http://127.0.0.1:8787/media/${path}?expires=1795251600${query}&signature=rZ0n1lq3m8a4Vbq4mZ0T8cYw2oWl3Yk0bYQ9d1cE7uI`

export const list = createRoute({
  ...shared,
  operationId: 'listItems',
  summary: "A dataset's items, with URLs to see them",
  description:
    'In the order in which they came. An item is a picture or a frame of a video, with the mask of what is to go from it.',
  method: 'get',
  path: '/{name}/data',
  middleware: [requireUser] as const,
  request: { params: schemas.nameParams, query: schemas.itemsQuery },
  responses: {
    200: jsonResponse(schemas.itemsSchema, 'A page of items', {
      example: {
        success: true,
        message: 'Dataset data retrieved successfully',
        data: {
          name: 'Inpainting dataset',
          type: 'image-mask',
          totalItems: 1,
          currentPage: 1,
          totalPages: 1,
          itemsPerPage: 10,
          items: [
            {
              index: 0,
              imagePath,
              maskPath,
              imageUrl: signed(imagePath, '&filename=chelsea-scratch.jpg'),
              maskUrl: signed(maskPath, ''),
              frameIndex: null,
              uploadIndex: 1,
            },
          ],
        },
      },
    }),
    ...refusedWith(userRefusals, parameterRefusals, datasetErrors.list('datasets.not_found')),
  },
})

/** Its answer is bytes, and a type that is neither is no route: so it has no validators. */
export const file = createRoute({
  ...shared,
  operationId: 'getItemFile',
  summary: 'An image or a mask of a dataset',
  description: 'The same file as `imageUrl` and `maskUrl` lead to, by access token.',
  method: 'get',
  path: '/{name}/{type}/{filename}',
  request: { params: schemas.fileParams, headers: rangeHeaders },
  responses: {
    ...describeObject(servedMedia.pictures),
    ...refusedWith(
      userRefusals,
      datasetErrors.list('datasets.not_found', 'datasets.file_not_found'),
      mediaErrors.list('media.not_found'),
      requestErrors.list('request.route_not_found'),
    ),
  },
})
