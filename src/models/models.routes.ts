import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type AppEnv, createRouter } from '../router.ts'
import { byAccessToken, errorResponses, jsonResponse } from '../shared/route-declaration.ts'
import { requireUser } from '../users/require-user.ts'
import { modelErrors } from './models.errors.ts'
import { formatModelsForApi } from './models.format.ts'
import { modelsSchema } from './models.schemas.ts'

/*
 * GET /   the models that an inference may name, and what each takes
 */

const list = createRoute({
  operationId: 'listModels',
  summary: 'The models that an inference may name',
  tags: ['Models'],
  security: byAccessToken,
  method: 'get',
  path: '/',
  middleware: [requireUser] as const,
  responses: {
    200: jsonResponse(modelsSchema, 'Every model of the inference service, ready or not'),
    ...errorResponses(401, 503),
  },
})

export const modelRoutes: OpenAPIHono<AppEnv> = createRouter().openapi(list, async (context) => {
  const { models, settings } = context.get('services')
  const known = await models.find()
  if (!known) {
    throw modelErrors.createError(
      'models.unavailable',
      'The inference service does not answer, so its models are not known. Ask again in a few seconds.',
    )
  }
  const data = formatModelsForApi(known, { picturePixelsMax: settings.PICTURE_PIXELS_MAX })
  return context.json(
    { success: true as const, message: 'Models retrieved successfully', data },
    200,
  )
})
