import type { OpenAPIHono } from '@hono/zod-openapi'
import { inferencePrefix } from '../media/keys.ts'
import { serveObject } from '../media/serve-object.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { formatTime } from '../shared/clock.ts'
import { isUuid } from '../shared/ids.ts'
import { createResultsDeleted, inferenceErrors } from './inferences.errors.ts'
import {
  formatFailures,
  formatImage,
  resultFileName,
  succeededImages,
} from './inferences.format.ts'
import { mayHaveResults } from './inferences.lifecycle.ts'
import { findResultFile, listInferenceItems } from './inferences.repository.ts'
import { findInferenceOrThrow, findOutcome } from './inferences.routes.ts'
import { deleteResults } from './results/delete-results.ts'
import {
  formatResultItem,
  formatResultsOverview,
  resultsFormatOf,
} from './results/results.format.ts'
import * as declarations from './results.declarations.ts'
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

export const resultRoutes: OpenAPIHono<AppEnv> = createRouter()
  .openapi(declarations.results, async (context) => {
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
    const outcome = await findOutcome(services, inference, listInferenceItems)
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
  .openapi(declarations.remove, async (context) => {
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
  .openapi(declarations.download, async (context) => {
    const { id, filename } = context.req.valid('param')
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
