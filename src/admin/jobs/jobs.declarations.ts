import { createRoute } from '@hono/zod-openapi'
import {
  idempotencyHeaders,
  idempotencyRefusals,
  replayedHeader,
} from '../../idempotency/idempotency.schemas.ts'
import {
  exampleInference,
  exampleListed,
  exampleFailure as failure,
} from '../../inferences/inference-examples.ts'
import {
  abortedResponse,
  abortRefusals,
  inferenceRefusals,
} from '../../inferences/inferences.declarations.ts'
import { inferenceErrors } from '../../inferences/inferences.errors.ts'
import { ledgerErrors } from '../../ledger/ledger.errors.ts'
import { modelErrors } from '../../models/models.errors.ts'
import { pageRefusals } from '../../shared/pagination.ts'
import { byAccessToken, jsonResponse, refusedWith } from '../../shared/route-declaration.ts'
import { adminRefusals, requireAdmin } from '../../users/require-user.ts'
import { exampleProfile } from '../../users/user-examples.ts'
import * as schemas from './jobs.schemas.ts'

const shared = { tags: ['Administration'], security: byAccessToken }

const user = { ...exampleProfile, role: 'user' as const, isDeleted: false }
const times = { endedAt: exampleInference.updatedAt, settledAt: exampleInference.updatedAt }
const onePage = { totalItems: 1, currentPage: 1, totalPages: 1, itemsPerPage: 10 }

export const list = createRoute({
  ...shared,
  operationId: 'listAllInferences',
  summary: "Everybody's inferences",
  description: 'Newest first, each with its owner and how far it is.',
  method: 'get',
  path: '/',
  middleware: [requireAdmin] as const,
  request: { query: schemas.jobQuerySchema },
  responses: {
    200: jsonResponse(schemas.jobListSchema, 'A page of inferences, newest first', {
      example: {
        success: true,
        message: 'All inferences retrieved successfully',
        data: {
          inferences: [
            {
              ...exampleListed,
              userId: user.id,
              user,
              itemCount: 2,
              succeededItems: 1,
              failedItems: 1,
              endReason: null,
              retryOf: null,
              ...times,
            },
          ],
          pagination: onePage,
          filters: { status: 'COMPLETED' },
        },
      },
    }),
    ...refusedWith(adminRefusals, pageRefusals),
  },
})

export const get = createRoute({
  ...shared,
  operationId: 'getAnyInference',
  summary: 'An inference with its tasks and failures',
  description: 'What each of its tasks waits for, and why its items failed.',
  method: 'get',
  path: '/{id}',
  middleware: [requireAdmin] as const,
  request: { params: schemas.jobParamsSchema, query: schemas.taskPageSchema },
  responses: {
    200: jsonResponse(schemas.jobDetailSchema, 'The inference, with a page of its tasks', {
      example: {
        success: true,
        message: 'Inference retrieved successfully',
        data: {
          ...exampleInference,
          user,
          ...times,
          taskCounts: { COMPLETED: 1 },
          tasks: [
            {
              id: '2c9a7f10-6d3e-4b58-9f21-8e0d7c6b5a43',
              kind: 'inpaint',
              videoId: null,
              state: 'COMPLETED',
              firstPosition: 0,
              itemCount: 2,
              attempts: 1,
              waitsFor: null,
              lastErrorCode: null,
              lease: null,
              sentAt: exampleInference.createdAt,
              updatedAt: exampleInference.updatedAt,
            },
          ],
          tasksPagination: onePage,
          failureCounts: { [failure.code]: 1 },
          failedParts: [
            {
              position: 1,
              kind: 'image',
              name: failure.imageName,
              code: failure.code,
              message: failure.message,
            },
          ],
        },
      },
    }),
    ...refusedWith(adminRefusals, pageRefusals, inferenceRefusals),
  },
})

export const abort = createRoute({
  ...shared,
  operationId: 'abortAnyInference',
  summary: "End anybody's inference",
  description: 'What succeeded is kept and paid, the rest is refunded.',
  method: 'post',
  path: '/{id}/abort',
  middleware: [requireAdmin] as const,
  request: { params: schemas.jobParamsSchema },
  responses: {
    200: abortedResponse,
    ...refusedWith(adminRefusals, abortRefusals),
  },
})

export const retry = createRoute({
  ...shared,
  operationId: 'retryInference',
  summary: "Try an inference's failed items again",
  description:
    'As a new inference of the same user, dataset, model and parameters, which costs them what a start costs.',
  method: 'post',
  path: '/{id}/retry',
  middleware: [requireAdmin] as const,
  request: { headers: idempotencyHeaders, params: schemas.jobParamsSchema },
  responses: {
    201: jsonResponse(schemas.describedJobSchema, 'The new inference, paid for by the owner', {
      headers: replayedHeader,
      example: {
        success: true,
        message: 'The failed items are being tried again',
        data: {
          ...exampleInference,
          id: '6e1d0c9b-8a7f-4e5d-9c3b-2a1f0e9d8c7b',
          status: 'PENDING',
          jobId: exampleInference.jobId + 1,
          progress: 0,
          itemCount: 1,
          succeededItems: 0,
          failedItems: 0,
          retryOf: exampleInference.id,
          tokensSpent: null,
          carbonGrams: 0,
          carbonFootprint: 0,
          imageZip: null,
          result: null,
          failures: [],
        },
      },
    }),
    ...refusedWith(
      adminRefusals,
      idempotencyRefusals,
      inferenceRefusals,
      inferenceErrors.list(
        'inferences.not_ended',
        'inferences.nothing_to_retry',
        'inferences.retry_running',
        'inferences.dataset_gone',
        'inferences.owner_cannot_pay',
        'inferences.model_unknown',
        'inferences.too_many_running',
        'inferences.start_given_up',
      ),
      modelErrors.list('models.unavailable'),
      ledgerErrors.list('tokens.account_closed', 'tokens.unavailable'),
    ),
  },
})
