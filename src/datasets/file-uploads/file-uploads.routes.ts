import type { OpenAPIHono } from '@hono/zod-openapi'
import { answerOnce } from '../../idempotency/answer-once.ts'
import { fileUploadPrefix } from '../../media/keys.ts'
import { type AppEnv, createRouter } from '../../router.ts'
import type { Services } from '../../services.ts'
import { formatPage, readPageOrThrow } from '../../shared/pagination.ts'
import { formatPartsForApi, readParts } from './file-parts.ts'
import * as declarations from './file-uploads.declarations.ts'
import { createFileUploadNotFound, createTakenError } from './file-uploads.errors.ts'
import { formatFileUploadForApi, formatFileWithPartsForApi } from './file-uploads.format.ts'
import {
  deleteOpenFileUpload,
  findFileUpload,
  listOpenFileUploads,
} from './file-uploads.repository.ts'
import type { FileUploadRow } from './file-uploads.table.ts'
import { openFileUpload } from './open-file-upload.ts'

/*
 * POST   /       a file that will be sent in parts: where each part goes
 * GET    /       the user's files that no upload has taken
 * GET    /:id    one of them: which parts are there, and where the missing ones go
 * DELETE /:id    delete it and its parts
 */

async function describeFile(
  { media, presignedUrls, clock }: Services,
  { file, withUrls }: { file: FileUploadRow; withUrls: boolean },
) {
  const parts = await readParts(media, file)
  const context = { presignedUrls, nowMs: clock.nowMs() }
  return formatFileWithPartsForApi(
    file,
    await formatPartsForApi(context, { file, parts, withUrls }),
  )
}

export const fileUploadRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(declarations.open, (context) =>
    answerOnce(context, async ({ id }) => {
      const services = context.get('services')
      const { fileName, bytes } = context.req.valid('json')
      const file = await openFileUpload(
        { ...services, nowMs: services.clock.nowMs() },
        { id, userId: context.get('user').id, fileName, bytes },
      )
      const data = await describeFile(services, { file, withUrls: true })
      const message = 'File opened: send its parts'
      return context.json({ success: true as const, message, data }, 201)
    }),
  )
  .openapi(declarations.list, async (context) => {
    const { database, clock } = context.get('services')
    const page = readPageOrThrow(context.req.valid('query'))
    const userId = context.get('user').id
    const { rows, total } = await listOpenFileUploads(database, {
      userId,
      page,
      nowMs: clock.nowMs(),
    })
    return context.json(
      {
        success: true as const,
        message: 'Files retrieved successfully',
        data: rows.map(formatFileUploadForApi),
        pagination: formatPage(page, total),
      },
      200,
    )
  })
  .openapi(declarations.get, async (context) => {
    const services = context.get('services')
    const { id } = context.req.valid('param')
    const nowMs = services.clock.nowMs()
    const userId = context.get('user').id
    const file = await findFileUpload(services.database, { id, userId, nowMs })
    if (!file) throw createFileUploadNotFound(id)
    const withUrls = context.req.valid('query').urls !== 'false'
    const data = await describeFile(services, { file, withUrls })
    return context.json(
      { success: true as const, message: 'File retrieved successfully', data },
      200,
    )
  })
  .openapi(declarations.remove, async (context) => {
    const { database, media, clock } = context.get('services')
    const owned = { id: context.req.valid('param').id, userId: context.get('user').id }
    if (!(await deleteOpenFileUpload(database, owned))) {
      const file = await findFileUpload(database, { ...owned, nowMs: clock.nowMs() })
      throw file ? createTakenError(file) : createFileUploadNotFound(owned.id)
    }
    await media.deletePrefix(fileUploadPrefix({ userId: owned.userId, fileUploadId: owned.id }))
    return context.json({ success: true as const, message: 'File deleted successfully' }, 200)
  })
