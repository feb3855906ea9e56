import { createRoute } from '@hono/zod-openapi'
import {
  idempotencyHeaders,
  idempotencyRefusals,
  replayedHeader,
} from '../idempotency/idempotency.schemas.ts'
import { ledgerErrors } from '../ledger/ledger.errors.ts'
import { modelErrors } from '../models/models.errors.ts'
import {
  byAccessToken,
  jsonRequest,
  jsonResponse,
  refusedWith,
} from '../shared/route-declaration.ts'
import { jsonBodyRefusals, normalizeJsonBody, parameterRefusals } from '../shared/validation.ts'
import { requireUser, userRefusals } from '../users/require-user.ts'
import * as examples from './inference-examples.ts'
import { inferenceErrors } from './inferences.errors.ts'
import * as schemas from './inferences.schemas.ts'

const shared = { tags: ['Inferences'], security: byAccessToken }

/** What a route refuses that is about one inference. */
export const inferenceRefusals = inferenceErrors.list(
  'inferences.id_invalid',
  'inferences.not_found',
)

/** What a route refuses that ends one. */
export const abortRefusals = [...inferenceRefusals, ...inferenceErrors.list('inferences.ended')]

export const start = createRoute({
  ...shared,
  operationId: 'startInference',
  summary: 'Start a model over a dataset',
  description:
    'In the standard price plan a picture costs 2.75 tokens and a frame of a video 1.5. All of it is reserved now, and what fails is refunded. ' +
    'The answer comes at once, and the work goes on: watch it by its `jobId`.',
  method: 'post',
  path: '/',
  middleware: [requireUser, normalizeJsonBody] as const,
  request: {
    headers: idempotencyHeaders,
    ...jsonRequest(schemas.startInferenceBody, {
      examples: {
        default: {
          summary: 'The default model',
          value: { datasetName: examples.exampleListed.datasetName },
        },
        chosen: {
          summary: 'A model of your choice, with parameters',
          value: {
            datasetName: examples.exampleListed.datasetName,
            modelId: 'telea',
            parameters: { quality: 'high', outputFormat: 'png', radius: 5 },
          },
        },
      },
    }),
  },
  responses: {
    201: jsonResponse(schemas.startedSchema, 'Paid for in advance and queued', {
      headers: replayedHeader,
      example: {
        success: true,
        message: 'Inference created and queued successfully',
        inference: {
          id: examples.exampleListed.id,
          modelId: examples.exampleListed.modelId,
          datasetName: examples.exampleListed.datasetName,
          status: 'PENDING',
          createdAt: examples.exampleListed.createdAt,
        },
        jobId: examples.exampleListed.jobId,
      },
    }),
    ...refusedWith(
      userRefusals,
      jsonBodyRefusals,
      idempotencyRefusals,
      inferenceErrors.list(
        'inferences.dataset_required',
        'inferences.dataset_not_found',
        'inferences.dataset_empty',
        'inferences.model_unknown',
        'inferences.parameters_invalid',
        'inferences.too_many_running',
        'inferences.start_given_up',
      ),
      modelErrors.list('models.unavailable'),
      ledgerErrors.list('tokens.insufficient', 'tokens.account_closed', 'tokens.unavailable'),
    ),
  },
})

export const list = createRoute({
  ...shared,
  operationId: 'listInferences',
  summary: 'My inferences',
  description: 'Newest first.',
  method: 'get',
  path: '/',
  middleware: [requireUser] as const,
  request: { query: schemas.pageQuery },
  responses: {
    200: jsonResponse(schemas.inferenceListSchema, 'A page of inferences', {
      example: {
        success: true,
        message: 'Inferences retrieved successfully',
        data: {
          inferences: [examples.exampleListed],
          totalItems: 1,
          currentPage: 1,
          totalPages: 1,
          itemsPerPage: 10,
        },
      },
    }),
    ...refusedWith(userRefusals, parameterRefusals),
  },
})

export const jobStatus = createRoute({
  ...shared,
  operationId: 'getJobStatus',
  summary: 'How far a job is',
  description:
    'Ask again until `status` is `completed` or `failed`: every second is often enough for a few pictures.',
  method: 'get',
  path: '/job/{jobId}/status',
  middleware: [requireUser] as const,
  request: { params: schemas.jobParams },
  responses: {
    200: jsonResponse(schemas.jobSchema, 'State and progress', {
      examples: {
        active: {
          summary: 'A job that is being worked on',
          value: {
            success: true,
            message: 'Job status retrieved successfully',
            data: examples.exampleActiveJob,
          },
        },
        completed: {
          summary: 'A job that has ended',
          value: {
            success: true,
            message: 'Job status retrieved successfully',
            data: examples.exampleCompletedJob,
          },
        },
      },
    }),
    ...refusedWith(userRefusals, inferenceErrors.list('inferences.job_not_found')),
  },
})

export const get = createRoute({
  ...shared,
  operationId: 'getInference',
  summary: 'One inference',
  description: 'What was asked for, what it costs, how far it is, and why items failed.',
  method: 'get',
  path: '/{id}',
  middleware: [requireUser] as const,
  request: { params: schemas.idParams },
  responses: {
    200: jsonResponse(schemas.inferenceSchema, 'The inference', {
      example: {
        success: true,
        message: 'Inference retrieved successfully',
        data: examples.exampleInference,
      },
    }),
    ...refusedWith(userRefusals, inferenceRefusals),
  },
})

/** The answer to an abort, whoever asks. */
export const abortedResponse = jsonResponse(schemas.inferenceSchema, 'Aborted, now or before', {
  example: {
    success: true,
    message: 'Inference aborted successfully',
    data: {
      ...examples.exampleInference,
      status: 'ABORTED',
      failedItems: 0,
      abortedItems: 1,
      endReason: 'aborted_by_owner',
      failures: [],
    },
  },
})

export const abort = createRoute({
  ...shared,
  operationId: 'abortInference',
  summary: 'End an inference',
  description:
    'What succeeded is kept and paid, the rest is refunded. Aborting one again changes nothing.',
  method: 'post',
  path: '/{id}/abort',
  middleware: [requireUser] as const,
  request: { params: schemas.idParams },
  responses: { 200: abortedResponse, ...refusedWith(userRefusals, abortRefusals) },
})
