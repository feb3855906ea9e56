import { createRoute } from '@hono/zod-openapi'
import { idempotencyRefusals, replayedHeader } from '../../idempotency/idempotency.schemas.ts'
import { serviceErrors } from '../../inference-service/service.errors.ts'
import { ledgerErrors } from '../../ledger/ledger.errors.ts'
import { archiveErrors } from '../../media/archives/archives.errors.ts'
import { mediaErrors } from '../../media/media.errors.ts'
import {
  quotaHeaders,
  quotaRefusals,
  requireUploadQuotas,
} from '../../rate-limits/require-quota.ts'
import {
  byAccessToken,
  describeHeader,
  jsonResponse,
  refusedWith,
} from '../../shared/route-declaration.ts'
import { jsonBodyRefusals, parameterRefusals } from '../../shared/validation.ts'
import { requireUser, userRefusals } from '../../users/require-user.ts'
import { exampleDataset } from '../dataset-examples.ts'
import { datasetErrors } from '../datasets.errors.ts'
import { fileUploadErrors } from '../file-uploads/file-uploads.errors.ts'
import * as examples from './upload-examples.ts'
import { uploadErrors } from './uploads.errors.ts'
import * as schemas from './uploads.schemas.ts'

const shared = { tags: ['Datasets'], security: byAccessToken }

export const upload = createRoute({
  ...shared,
  operationId: 'uploadMedia',
  summary: 'Put pictures or videos with their masks into a dataset',
  description:
    'As a form with the files, or as JSON with the ids of files that were sent in parts. A file is what its bytes say, whatever its name. What it costs, in the standard price plan:\n\n' +
    '- A **picture** with its mask costs 0.65 tokens.\n' +
    '- A **video** costs 0.4 for each frame that is taken: one a second, unless `fps` says otherwise.\n' +
    '- In a **ZIP archive** each picture or video costs 0.7. A file is a mask when its name contains `mask`; pairs match by their number, such as `image_1.png` and `mask_1.png`, and the only pair of a folder needs none.\n\n' +
    'It is all or nothing: a refusal costs nothing and leaves nothing behind. An archive or a video that is not done within 20 seconds is answered with 202 and goes on: watch it at its `Location`.',
  method: 'post',
  path: '/data',
  middleware: [requireUser, requireUploadQuotas] as const,
  request: {
    headers: schemas.uploadHeaders,
    body: {
      required: true,
      content: {
        'multipart/form-data': { schema: schemas.uploadForm },
        'application/json': {
          schema: schemas.uploadOfParts,
          example: {
            datasetName: exampleDataset.name,
            image: '0b6f2f52-5c62-4d5a-9d3c-8f6f1a2b3c4d',
            mask: '5f0c1d2e-3b4a-4c5d-8e6f-7a8b9c0d1e2f',
            fps: 'source',
          },
        },
      },
    },
  },
  responses: {
    200: jsonResponse(schemas.uploadedSchema, 'Stored and paid for', {
      headers: {
        ...replayedHeader,
        ...quotaHeaders,
        'Preference-Applied': describeHeader('What of `Prefer` was followed'),
      },
      examples: {
        picture: {
          summary: 'A picture with its mask',
          value: examples.createExampleUploaded(650, 99_350),
        },
        archive: {
          summary: 'An archive',
          value: {
            ...examples.createExampleUploaded(700, 98_650),
            upload: examples.exampleCompleted,
          },
        },
      },
    }),
    202: jsonResponse(schemas.watchedUploadSchema, 'Received; it goes on', {
      headers: {
        Location: describeHeader('Where to watch the upload'),
        'Retry-After': describeHeader('Seconds to wait before looking'),
        ...replayedHeader,
        ...quotaHeaders,
        'Preference-Applied': describeHeader('What of `Prefer` was followed'),
      },
      example: {
        success: true,
        message: `The upload was received and is being processed. Watch it at ${examples.exampleLocation}`,
        upload: examples.exampleRunning,
      },
    }),
    ...refusedWith(
      userRefusals,
      quotaRefusals,
      jsonBodyRefusals,
      idempotencyRefusals,
      uploadErrors.list(
        'upload.files_required',
        'upload.unexpected_file',
        'upload.form_malformed',
        'upload.kind_unsupported',
        'upload.too_large',
        'upload.too_slow',
        'upload.nothing_valid',
        'upload.fps_invalid',
        'upload.processing_failed',
      ),
      datasetErrors.list('datasets.name_required', 'datasets.name_invalid', 'datasets.not_found'),
      fileUploadErrors.list(
        'file_uploads.not_found',
        'file_uploads.parts_missing',
        'file_uploads.taken',
      ),
      mediaErrors.list(
        'media.empty',
        'media.kind_unsupported',
        'media.truncated',
        'media.corrupt',
        'media.animated',
        'media.too_many_pixels',
        'media.too_large',
        'media.size_mismatch',
        'mask.not_binary',
        'mask.covers_everything',
        'mask.too_many_pixels',
      ),
      archiveErrors.list(
        'archive.malformed',
        'archive.multi_disk',
        'archive.directory_too_large',
        'archive.too_many_entries',
        'archive.too_large_inflated',
        'archive.ratio_too_high',
        'archive.entries_overlap',
        'archive.path_unsafe',
        'archive.path_too_long',
        'archive.link',
        'archive.encrypted',
        'archive.method_unsupported',
      ),
      serviceErrors.all,
      ledgerErrors.list('tokens.insufficient', 'tokens.account_closed', 'tokens.unavailable'),
    ),
  },
})

export const watch = createRoute({
  ...shared,
  operationId: 'getUpload',
  summary: 'How far an upload is, and what became of its files',
  description:
    'Of an archive or a video, while it is being processed and after. `report` tells of every file what became of it: for 30 days, then only the counts.',
  method: 'get',
  path: '/uploads/{uploadId}',
  middleware: [requireUser] as const,
  request: { params: schemas.uploadParams },
  responses: {
    200: jsonResponse(schemas.watchedUploadSchema, 'How far the upload came', {
      examples: {
        running: {
          summary: 'A video that is being taken apart',
          value: {
            success: true,
            message: 'Upload retrieved successfully',
            upload: examples.exampleRunning,
          },
        },
        completed: {
          summary: 'An archive that has become data',
          value: {
            success: true,
            message: 'Upload retrieved successfully',
            upload: examples.exampleCompleted,
          },
        },
      },
    }),
    ...refusedWith(userRefusals, parameterRefusals, uploadErrors.list('upload.not_found')),
  },
})
