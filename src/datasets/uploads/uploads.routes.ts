import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { answerOnce, markReplayed, type Subject } from '../../idempotency/answer-once.ts'
import { createAmount } from '../../ledger/amounts.ts'
import { type AppEnv, createRouter } from '../../router.ts'
import { ApiError, type ErrorStatus } from '../../shared/errors.ts'
import { awaitIngestion } from './ingestion/await-ingestion.ts'
import { formatIngestion, readFailure } from './ingestion/ingestions.format.ts'
import { hasEnded } from './ingestion/ingestions.lifecycle.ts'
import { findIngestion } from './ingestion/ingestions.repository.ts'
import type { IngestionRow } from './ingestion/ingestions.table.ts'
import { readPreference } from './ingestion/prefer.rules.ts'
import { listEntries } from './ingestion/upload-entries.repository.ts'
import { digestUpload } from './read-upload.ts'
import { resumeUpload } from './resume-upload.ts'
import { type UploadedMedia, uploadMedia } from './upload-media.ts'
import * as declarations from './uploads.declarations.ts'
import { uploadErrors } from './uploads.errors.ts'
import { formatStored } from './uploads.format.ts'

/*
 * POST /data           a picture, a video or an archive with its masks, into a dataset
 * GET /uploads/:id     how far an upload came that outlived its request
 */

export const uploadRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(declarations.upload, (context) => {
    const { settings } = context.get('services')
    const limits = { uploadBytesMax: settings.UPLOAD_BYTES_MAX }
    const readContent = () => digestUpload(context.req.raw, limits)
    return answerOnce(context, (subject) => answerUpload(context, subject, readContent), {
      readContent,
    })
  })
  .openapi(declarations.watch, async (context) => {
    const { database } = context.get('services')
    const { uploadId } = context.req.valid('param')
    const row = await findIngestion(database, { id: uploadId, userId: context.get('user').id })
    if (!row) {
      throw uploadErrors.createError(
        'upload.not_found',
        `There is no upload '${uploadId}' of yours. Take the id from the Location of the answer that began it.`,
      )
    }
    const entries = hasEnded(row.state) ? await listEntries(database, row.id) : []
    return context.json(
      {
        success: true as const,
        message: 'Upload retrieved successfully',
        upload: formatIngestion(row, entries),
      },
      200,
    )
  })

async function answerUpload(
  context: Context<AppEnv>,
  subject: Subject,
  readContent: () => Promise<string>,
) {
  const services = context.get('services')
  const userId = context.get('user').id
  const preference = readPreference(context.req.header('prefer'))
  const uploaded = await takeUpload(context, subject, readContent)
  if (uploaded.kind === 'stored') return context.json(formatStored(uploaded), 200)
  if (preference.applied) context.header('Preference-Applied', preference.applied)
  const row = await awaitIngestion(services, {
    id: uploaded.uploadId,
    waitSeconds: preference.waitSeconds,
    keepAlive: (work) => keepAlive(context, work),
  })
  if (!row) throw new Error('An upload that was begun has its row.')
  if (row.state === 'FAILED') throw toRefusal(row)
  if (row.state !== 'COMPLETED') return answerLater(context, row)
  const upload = formatIngestion(row, await listEntries(services.database, row.id))
  const processedItems = upload.report?.entries.reduce(
    (sum, entry) => sum + (entry.itemCount ?? 0),
    0,
  )
  const balance = await services.ledger.balance(userId)
  const spent = createAmount(row.spent ?? 0)
  const stored = formatStored({ processedItems: processedItems ?? 0, spent, balance })
  return context.json({ ...stored, upload }, 200)
}

/** What an earlier run of the request has made of it, or what this one does. */
async function takeUpload(
  context: Context<AppEnv>,
  subject: Subject,
  readContent: () => Promise<string>,
): Promise<UploadedMedia> {
  const services = context.get('services')
  const userId = context.get('user').id
  const { ensureContent } = subject
  let uploadId = subject.id
  if (subject.isRepeat) {
    const made = await resumeUpload(services, { userId, uploadId })
    if (made) {
      await ensureContent?.(await readContent())
      markReplayed(context)
      return made
    }
    uploadId = await subject.renew()
  }
  return uploadMedia(
    { ...services, nowMs: services.clock.nowMs() },
    { userId, uploadId, request: context.req.raw, ensureContent },
  )
}

function answerLater(context: Context<AppEnv>, row: IngestionRow) {
  context.header('Location', `/api/datasets/uploads/${row.id}`)
  context.header('Retry-After', '1')
  return context.json(
    {
      success: true as const,
      message: `The upload was received and is being processed. Watch it at /api/datasets/uploads/${row.id}`,
      upload: formatIngestion(row, []),
    },
    202,
  )
}

function toRefusal(row: IngestionRow): Error {
  const failure = readFailure(row)
  if (!failure) return new Error('A failed upload says why.')
  return new ApiError(failure.code, failure.status as ErrorStatus, failure.message, failure.details)
}

/** Where there is no platform to keep it alive, as under a test's own request, the work lives as long as its process. */
function keepAlive(context: Context<AppEnv>, work: Promise<unknown>): void {
  try {
    context.executionCtx.waitUntil(work)
  } catch {
    work.catch(() => undefined)
  }
}
