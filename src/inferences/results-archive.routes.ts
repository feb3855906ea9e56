import type { OpenAPIHono } from '@hono/zod-openapi'
import { type AppEnv, createRouter } from '../router.ts'
import { createResultsDeleted, inferenceErrors } from './inferences.errors.ts'
import { hasEnded } from './inferences.lifecycle.ts'
import { findInferenceOrThrow } from './inferences.routes.ts'
import type { InferenceRow } from './inferences.table.ts'
import { buildResultsArchive } from './results/build-archive.ts'
import { serveArchive } from './results/serve-archive.ts'
import { archive as declaration } from './results.declarations.ts'

// GET /:id/results.zip   everything that the inference has made, in one archive

export const resultsArchiveRoutes: OpenAPIHono<AppEnv> = createRouter().openapi(
  declaration,
  async (context) => {
    const services = context.get('services')
    const inference = await findInferenceOrThrow(services, {
      userId: context.get('user').id,
      id: context.req.valid('param').id,
    })
    if (inference.resultsDeletedAt !== null) throw createResultsDeleted(inference.resultsDeletedAt)
    const archive = await buildResultsArchive(services, inference)
    if (archive === null) throw createNoResults(inference)
    return serveArchive(services, {
      archive,
      fileName: `${inference.datasetName.replace(/[/\\]/g, '_')}_results.zip`,
      isGrowing: !hasEnded(inference.state),
      request: context.req.raw,
    })
  },
)

function createNoResults({ state, itemCount, failedCount }: InferenceRow) {
  const advice = hasEnded(state)
    ? 'GET the inference to see why its items failed.'
    : 'Ask again when it has gone further.'
  return inferenceErrors.createError(
    'inferences.no_results',
    `There is nothing to download: the inference is ${state}, and of its ${itemCount} items none has succeeded and ${failedCount} failed. ${advice}`,
    { status: state, itemCount, failedItems: failedCount },
  )
}
