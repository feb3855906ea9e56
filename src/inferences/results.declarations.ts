import { createRoute } from '@hono/zod-openapi'
import { createExampleUrl } from '../datasets/dataset-examples.ts'
import { mediaErrors } from '../media/media.errors.ts'
import {
  archiveResponses,
  describeObject,
  rangeHeaders,
  servedMedia,
} from '../media/media.schemas.ts'
import { byAccessToken, jsonResponse, refusedWith } from '../shared/route-declaration.ts'
import { requireUser, userRefusals } from '../users/require-user.ts'
import { exampleInference, exampleItems, exampleImage as image } from './inference-examples.ts'
import { inferenceRefusals } from './inferences.declarations.ts'
import { inferenceErrors } from './inferences.errors.ts'
import { downloadParams, idParams } from './inferences.schemas.ts'
import * as schemas from './results.schemas.ts'

const shared = { tags: ['Inferences'], security: byAccessToken }

const { id, failures } = exampleInference

export const results = createRoute({
  ...shared,
  operationId: 'getResults',
  summary: 'What an inference made',
  description:
    'With a signed URL for each picture and video, which works for about an hour; ask again for new ones. ' +
    '`carbonGrams` is what making it cost in CO₂.',
  method: 'get',
  path: '/{id}/results',
  middleware: [requireUser] as const,
  request: { params: idParams },
  responses: {
    200: jsonResponse(schemas.resultsSchema, 'The results, with the items that failed', {
      example: {
        success: true,
        message: 'Inference results retrieved successfully',
        data: {
          inferenceId: id,
          status: 'COMPLETED',
          modelId: exampleInference.modelId,
          resolvedModelId: exampleInference.resolvedModelId,
          carbonFootprint: exampleInference.carbonFootprint,
          imageZip: exampleInference.imageZip,
          resultsDeletedAt: null,
          images: [
            {
              ...image,
              downloadUrl: createExampleUrl(image.outputPath, 'chelsea-scratch_inpainted.png'),
            },
          ],
          videos: [],
          items: exampleItems,
          failures,
        },
      },
    }),
    ...refusedWith(
      userRefusals,
      inferenceRefusals,
      inferenceErrors.list('inferences.not_completed', 'inferences.results_deleted'),
    ),
  },
})

export const remove = createRoute({
  ...shared,
  operationId: 'deleteResults',
  summary: "Delete an inference's results",
  description:
    'They never come back; the inference itself stays. Deleting them again changes nothing.',
  method: 'delete',
  path: '/{id}/results',
  middleware: [requireUser] as const,
  request: { params: idParams },
  responses: {
    200: jsonResponse(schemas.resultsDeletedSchema, 'Deleted', {
      example: {
        success: true,
        message: 'Inference results deleted successfully',
        data: {
          inferenceId: id,
          resultsDeletedAt: '2026-11-21T10:00:00.000Z',
          deletedObjects: 1,
        },
      },
    }),
    ...refusedWith(userRefusals, inferenceRefusals, inferenceErrors.list('inferences.not_ended')),
  },
})

export const download = createRoute({
  ...shared,
  operationId: 'downloadResult',
  summary: 'One result',
  description: 'The same file as its `downloadUrl` leads to, by access token.',
  method: 'get',
  path: '/{id}/download/{filename}',
  middleware: [requireUser] as const,
  request: { params: downloadParams, headers: rangeHeaders },
  responses: {
    ...describeObject(servedMedia.results),
    ...refusedWith(
      userRefusals,
      inferenceRefusals,
      inferenceErrors.list('inferences.file_not_found', 'inferences.results_deleted'),
      mediaErrors.list('media.not_found'),
    ),
  },
})

export const archive = createRoute({
  ...shared,
  operationId: 'downloadResults',
  summary: 'Every result and a manifest in one ZIP',
  description:
    'Pictures and videos under the names of what they were made from, the frames of a video in a folder of its name, and `manifest.json`. ' +
    'A broken download goes on with `Range`; while the inference still makes results there are no ranges.',
  method: 'get',
  path: '/{id}/results.zip',
  middleware: [requireUser] as const,
  request: { params: idParams, headers: rangeHeaders },
  responses: {
    ...archiveResponses,
    ...refusedWith(
      userRefusals,
      inferenceRefusals,
      inferenceErrors.list('inferences.no_results', 'inferences.results_deleted'),
    ),
  },
})
