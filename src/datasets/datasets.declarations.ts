import { createRoute } from '@hono/zod-openapi'
import {
  idempotencyHeaders,
  idempotencyRefusals,
  replayedHeader,
} from '../idempotency/idempotency.schemas.ts'
import {
  byAccessToken,
  jsonRequest,
  jsonResponse,
  refusedWith,
} from '../shared/route-declaration.ts'
import { jsonBodyRefusals, normalizeJsonBody, parameterRefusals } from '../shared/validation.ts'
import { requireUser, userRefusals } from '../users/require-user.ts'
import { exampleDataset } from './dataset-examples.ts'
import { datasetErrors } from './datasets.errors.ts'
import * as schemas from './datasets.schemas.ts'

const shared = { tags: ['Datasets'], security: byAccessToken }

const contentRefusals = datasetErrors.list(
  'datasets.name_required',
  'datasets.name_invalid',
  'datasets.name_taken',
  'datasets.tags_invalid',
)

const notFound = datasetErrors.list('datasets.not_found')

const { id, userId, name, tags, createdAt, updatedAt } = exampleDataset

const described = {
  userId,
  name,
  tags,
  createdAt,
  updatedAt,
  deletedAt: null,
  itemCount: 2,
  type: 'image-mask' as const,
  isDeleted: false,
  status: 'active' as const,
}

export const create = createRoute({
  ...shared,
  operationId: 'createDataset',
  summary: 'Create an empty dataset',
  description: 'Costs nothing. What it shall hold is sent to `POST /api/datasets/data`.',
  method: 'post',
  path: '/',
  middleware: [requireUser, normalizeJsonBody] as const,
  request: {
    headers: idempotencyHeaders,
    ...jsonRequest(schemas.createDatasetBody, { example: { name, tags } }),
  },
  responses: {
    201: jsonResponse(schemas.createdDatasetSchema, 'The empty dataset', {
      headers: replayedHeader,
      example: {
        success: true,
        message: 'Empty dataset created successfully',
        dataset: {
          id,
          deletedAt: null,
          userId,
          name,
          data: null,
          tags,
          isDeleted: false,
          nextUploadIndex: 1,
          updatedAt: createdAt,
          createdAt,
        },
      },
    }),
    ...refusedWith(userRefusals, jsonBodyRefusals, idempotencyRefusals, contentRefusals),
  },
})

export const list = createRoute({
  ...shared,
  operationId: 'listDatasets',
  summary: 'My datasets',
  description:
    'Newest first. A deleted dataset is listed for as long as it is known, where `includeDeleted` asks for it.',
  method: 'get',
  path: '/',
  middleware: [requireUser] as const,
  request: { query: schemas.listQuery },
  responses: {
    200: jsonResponse(schemas.datasetListSchema, 'A page of datasets, newest first', {
      example: {
        success: true,
        message: 'Datasets retrieved successfully',
        data: [described],
        summary: { total: 1, active: 1, deleted: 0, includeDeleted: false },
        pagination: {
          totalItems: 1,
          currentPage: 1,
          totalPages: 1,
          itemsPerPage: schemas.listLimitDefault,
        },
      },
    }),
    ...refusedWith(userRefusals, parameterRefusals),
  },
})

export const get = createRoute({
  ...shared,
  operationId: 'getDataset',
  summary: 'One dataset',
  description: 'Its items are at `GET /api/datasets/{name}/data`.',
  method: 'get',
  path: '/{name}',
  middleware: [requireUser] as const,
  request: { params: schemas.nameParams, query: schemas.datasetQuery },
  responses: {
    200: jsonResponse(schemas.datasetAnswerSchema, 'The dataset', {
      example: { success: true, message: 'Dataset retrieved successfully', data: described },
    }),
    ...refusedWith(userRefusals, parameterRefusals, notFound),
  },
})

export const update = createRoute({
  ...shared,
  operationId: 'updateDataset',
  summary: 'Rename a dataset or replace its tags',
  description: 'An update that would change nothing is refused. The order of tags says nothing.',
  method: 'put',
  path: '/{name}',
  middleware: [requireUser, normalizeJsonBody] as const,
  request: {
    params: schemas.nameParams,
    ...jsonRequest(schemas.updateDatasetBody, { example: { name: 'Holiday', tags: ['Mask'] } }),
  },
  responses: {
    200: jsonResponse(schemas.datasetUpdatedSchema, 'What has changed', {
      example: {
        success: true,
        message: 'Dataset updated successfully',
        data: {
          userId,
          itemCount: described.itemCount,
          changes: { nameChanged: true, tagsChanged: true, previousName: name },
        },
      },
    }),
    ...refusedWith(
      userRefusals,
      jsonBodyRefusals,
      contentRefusals,
      datasetErrors.list('datasets.nothing_to_update', 'datasets.no_changes'),
      notFound,
    ),
  },
})

export const remove = createRoute({
  ...shared,
  operationId: 'deleteDataset',
  summary: 'Delete a dataset',
  description:
    'The dataset takes part in nothing any more, and its name is free again. Results that were made of it stay; its own files are kept for some weeks and then deleted.',
  method: 'delete',
  path: '/{name}',
  middleware: [requireUser] as const,
  request: { params: schemas.nameParams },
  responses: {
    200: jsonResponse(schemas.datasetDeletedSchema, 'Deleted', {
      example: { success: true, message: 'Dataset deleted successfully' },
    }),
    ...refusedWith(userRefusals, notFound),
  },
})
