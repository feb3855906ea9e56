import { createRoute } from '@hono/zod-openapi'
import { mediaErrors } from '../media/media.errors.ts'
import { describeObject, rangeHeaders, servedMedia } from '../media/media.schemas.ts'
import { requestErrors } from '../shared/errors.ts'
import { byAccessToken, jsonResponse, refusedWith } from '../shared/route-declaration.ts'
import { parameterRefusals } from '../shared/validation.ts'
import { requireUser, userRefusals } from '../users/require-user.ts'
import * as examples from './dataset-examples.ts'
import { datasetErrors } from './datasets.errors.ts'
import * as schemas from './datasets.schemas.ts'

const shared = { tags: ['Datasets'], security: byAccessToken }

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
          name: examples.exampleDataset.name,
          type: 'image-mask',
          totalItems: 2,
          currentPage: 1,
          totalPages: 1,
          itemsPerPage: 10,
          items: examples.examplePairs.map(({ imageName, imagePath, maskPath }, index) => ({
            index,
            imagePath,
            maskPath,
            imageUrl: examples.createExampleUrl(imagePath, imageName),
            maskUrl: examples.createExampleUrl(maskPath, null),
            frameIndex: null,
            uploadIndex: index + 1,
          })),
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
