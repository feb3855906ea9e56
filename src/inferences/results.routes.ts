import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { inferencePrefix } from '../media/keys.ts'
import { describeObject, servedMedia } from '../media/media.schemas.ts'
import { serveObject } from '../media/serve-object.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { formatTime } from '../shared/clock.ts'
import { isUuid } from '../shared/ids.ts'
import { byAccessToken, errorResponses, jsonResponse } from '../shared/route-declaration.ts'
import { requireUser } from '../users/require-user.ts'
import { createResultsDeleted, inferenceErrors } from './inferences.errors.ts'
import {
  formatFailures,
  formatImage,
  resultFileName,
  succeededImages,
} from './inferences.format.ts'
import { mayHaveResults } from './inferences.lifecycle.ts'
import { findResultFile } from './inferences.repository.ts'
import { findInferenceOrThrow, findOutcome } from './inferences.routes.ts'
import * as schemas from './inferences.schemas.ts'
import { deleteResults } from './results/delete-results.ts'
import {
  formatResultItem,
  formatResultsOverview,
  resultsFormatOf,
} from './results/results.format.ts'
import { readStoredParameters } from './stored-parameters.rules.ts'
import { formatVideoFacts, succeededVideos } from './videos/videos.format.ts'

/*
 * GET    /:id/results              what the inference made, with URLs to download it
 * DELETE /:id/results              deletes it, and keeps the inference
 * GET    /:id/download/:filename   one result, for the inference's user
 *
 * All of it as one archive is in results-archive.routes.ts.
 */

/** Results never change under their key. */
const fileMaxAgeSeconds = 3600

const shared = { tags: ['Inferences'], security: byAccessToken }

const results = createRoute({
  ...shared,
  operationId: 'getResults',
  summary: 'What an inference made',
  method: 'get',
  path: '/{id}/results',
  middleware: [requireUser] as const,
  request: { params: schemas.idParams },
  responses: {
    200: jsonResponse(schemas.resultsSchema, 'The results, with the items that failed'),
    ...errorResponses(400, 401, 404, 410),
  },
})

const remove = createRoute({
  ...shared,
  operationId: 'deleteResults',
  summary: "Delete an inference's results",
  method: 'delete',
  path: '/{id}/results',
  middleware: [requireUser] as const,
  request: { params: schemas.idParams },
  responses: {
    200: jsonResponse(schemas.resultsDeletedSchema, 'Deleted'),
    ...errorResponses(400, 401, 404, 409),
  },
})

export const resultRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(results, async (context) => {
    const services = context.get('services')
    const { signedUrls } = services
    const format = resultsFormatOf(services)
    const inference = await findInferenceOrThrow(services, {
      userId: context.get('user').id,
      id: context.req.valid('param').id,
    })
    if (inference.resultsDeletedAt !== null) throw createResultsDeleted(inference.resultsDeletedAt)
    if (!mayHaveResults(inference.state)) {
      throw inferenceErrors.createError(
        'inferences.not_completed',
        `Inference is not completed. Current status: ${inference.state}`,
        { status: inference.state },
      )
    }
    const outcome = await findOutcome(services, inference)
    const images = await Promise.all(
      succeededImages(outcome.items).map(async (item) => ({
        ...formatImage(item),
        downloadUrl: await signedUrls.sign({ key: item.resultKey, fileName: resultFileName(item) }),
      })),
    )
    const videos = await Promise.all(
      succeededVideos(outcome.videos).map(async (video) => ({
        ...formatVideoFacts(video, format),
        downloadUrl: await signedUrls.sign({
          key: video.resultKey,
          fileName: resultFileName({ imageName: video.name, resultKey: video.resultKey }),
        }),
      })),
    )
    return context.json(
      {
        success: true as const,
        message: 'Inference results retrieved successfully',
        data: {
          inferenceId: inference.id,
          status: inference.state,
          modelId: inference.modelId,
          resolvedModelId: readStoredParameters(inference).resolvedModelId,
          ...formatResultsOverview(inference, format),
          images,
          videos,
          items: outcome.items.map((item) => formatResultItem(item, format)),
          failures: formatFailures(outcome),
        },
      },
      200,
    )
  })
  .openapi(remove, async (context) => {
    const services = context.get('services')
    const inference = await findInferenceOrThrow(services, {
      userId: context.get('user').id,
      id: context.req.valid('param').id,
    })
    const nowMs = services.clock.nowMs()
    const { id, role } = context.get('user')
    const by = { id, role, requestId: context.get('requestId') }
    const deleted = await deleteResults({ ...services, nowMs, by }, inference)
    const data = {
      inferenceId: inference.id,
      resultsDeletedAt: formatTime(deleted.deletedAtMs),
      deletedObjects: deleted.objectCount,
    }
    const message = 'Inference results deleted successfully'
    return context.json({ success: true as const, message, data }, 200)
  })

// A file's answer is bytes, which a declared route cannot type.
resultRoutes.openAPIRegistry.registerPath({
  ...shared,
  operationId: 'downloadResult',
  summary: 'One result',
  method: 'get',
  path: '/{id}/download/{filename}',
  request: { params: schemas.downloadParams },
  responses: { ...describeObject(servedMedia.results), ...errorResponses(400, 401, 404, 410) },
})

resultRoutes.get('/:id/download/:filename', requireUser, async (context) => {
  const { id, filename } = context.req.param()
  if (!isUuid(id)) {
    throw inferenceErrors.createError('inferences.id_invalid', 'Invalid id format')
  }
  const userId = context.get('user').id
  const key = `${inferencePrefix({ userId, inferenceId: id })}${filename}`
  const found = await findResultFile(context.get('services').database, {
    userId,
    inferenceId: id,
    key,
  })
  if (!found.inferenceExists) {
    throw inferenceErrors.createError(
      'inferences.not_found',
      'Inference not found or access denied',
    )
  }
  if (found.resultsDeletedAt !== null) throw createResultsDeleted(found.resultsDeletedAt)
  if (found.item === null) {
    throw inferenceErrors.createError(
      'inferences.file_not_found',
      'File not found in inference results',
    )
  }
  return serveObject(context.get('services'), {
    key,
    fileName: resultFileName(found.item),
    maxAgeSeconds: fileMaxAgeSeconds,
    headers: context.req.raw.headers,
  })
})
