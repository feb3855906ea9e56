import { createRoute } from '@hono/zod-openapi'
import {
  idempotencyHeaders,
  idempotencyRefusals,
  replayedHeader,
} from '../../idempotency/idempotency.schemas.ts'
import {
  quotaHeaders,
  quotaRefusals,
  requireUploadQuotas,
} from '../../rate-limits/require-quota.ts'
import {
  byAccessToken,
  jsonRequest,
  jsonResponse,
  refusedWith,
} from '../../shared/route-declaration.ts'
import { jsonBodyRefusals, normalizeJsonBody, parameterRefusals } from '../../shared/validation.ts'
import { requireUser, userRefusals } from '../../users/require-user.ts'
import { exampleProfile } from '../../users/user-examples.ts'
import { fileUploadErrors } from './file-uploads.errors.ts'
import * as schemas from './file-uploads.schemas.ts'

const shared = { tags: ['Files in parts'], security: byAccessToken }

const notFound = fileUploadErrors.list('file_uploads.not_found')

const partBytes = 8_388_608
const id = '0b6f2f52-5c62-4d5a-9d3c-8f6f1a2b3c4d'

const file = {
  id,
  fileName: 'holiday.mp4',
  bytes: 12_582_912,
  partBytes,
  partCount: 2,
  createdAt: '2026-11-21T08:56:59.694Z',
  expiresAt: '2026-11-22T08:56:59.694Z',
}

const partUrl = (number: number) =>
  `https://0123456789abcdef.r2.cloudflarestorage.com/pa-inpainting-media/parts/${exampleProfile.id}/${id}/0000${number}?X-Amz-Expires=3600&X-Amz-Signature=8f3a`

const missing = (number: number, bytes: number) => ({
  number,
  bytes,
  received: false,
  url: partUrl(number),
  urlExpiresAt: '2026-11-21T09:56:59.694Z',
})

const opened = {
  ...file,
  state: 'open' as const,
  takenBy: null,
  receivedBytes: 0,
  parts: [missing(1, partBytes), missing(2, file.bytes - partBytes)],
}

const interrupted = {
  ...opened,
  receivedBytes: partBytes,
  parts: [
    { number: 1, bytes: partBytes, received: true, url: null, urlExpiresAt: null },
    missing(2, file.bytes - partBytes),
  ],
}

export const open = createRoute({
  ...shared,
  operationId: 'openFileUpload',
  summary: 'Begin a file in parts',
  description:
    'Answers a URL for each part: send it there by `PUT`, without an access token, in any order and several at a time. ' +
    'Then send the id of the file in the place of a file to `POST /api/datasets/data`. At most 100 files may wait so.',
  method: 'post',
  path: '/',
  middleware: [requireUser, requireUploadQuotas, normalizeJsonBody] as const,
  request: {
    headers: idempotencyHeaders,
    ...jsonRequest(schemas.openFileBody, {
      example: { fileName: file.fileName, bytes: file.bytes },
    }),
  },
  responses: {
    201: jsonResponse(schemas.fileAnswerSchema, 'The file with URLs for its first 100 parts', {
      headers: { ...replayedHeader, ...quotaHeaders },
      example: { success: true, message: 'File opened: send its parts', data: opened },
    }),
    ...refusedWith(
      userRefusals,
      quotaRefusals,
      jsonBodyRefusals,
      idempotencyRefusals,
      fileUploadErrors.list(
        'file_uploads.name_invalid',
        'file_uploads.bytes_invalid',
        'file_uploads.too_large',
        'file_uploads.too_many',
      ),
    ),
  },
})

export const list = createRoute({
  ...shared,
  operationId: 'listFileUploads',
  summary: 'My files in parts',
  description: 'Those that no upload has taken, newest first.',
  method: 'get',
  path: '/',
  middleware: [requireUser] as const,
  request: { query: schemas.pageQuery },
  responses: {
    200: jsonResponse(schemas.fileListSchema, 'A page of files, newest first', {
      example: {
        success: true,
        message: 'Files retrieved successfully',
        data: [file],
        pagination: { totalItems: 1, currentPage: 1, totalPages: 1, itemsPerPage: 10 },
      },
    }),
    ...refusedWith(userRefusals, parameterRefusals),
  },
})

export const get = createRoute({
  ...shared,
  operationId: 'getFileUpload',
  summary: 'A file in parts, with URLs for the parts that are missing',
  description: 'So an interrupted upload goes on, and so one gets URLs for the next 100 parts.',
  method: 'get',
  path: '/{id}',
  middleware: [requireUser] as const,
  request: { params: schemas.idParams, query: schemas.partsQuery },
  responses: {
    200: jsonResponse(
      schemas.fileAnswerSchema,
      'The file with new URLs for the first 100 parts that are missing',
      {
        example: { success: true, message: 'File retrieved successfully', data: interrupted },
      },
    ),
    ...refusedWith(userRefusals, parameterRefusals, notFound),
  },
})

export const remove = createRoute({
  ...shared,
  operationId: 'deleteFileUpload',
  summary: 'Delete a file in parts',
  description: 'With all its parts. What an upload has taken belongs to that.',
  method: 'delete',
  path: '/{id}',
  middleware: [requireUser] as const,
  request: { params: schemas.idParams },
  responses: {
    200: jsonResponse(schemas.fileDeletedSchema, 'Deleted', {
      example: { success: true, message: 'File deleted successfully' },
    }),
    ...refusedWith(userRefusals, notFound, fileUploadErrors.list('file_uploads.taken')),
  },
})
