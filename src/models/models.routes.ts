import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type AppEnv, createRouter } from '../router.ts'
import { byAccessToken, jsonResponse, refusedWith } from '../shared/route-declaration.ts'
import { requireUser, userRefusals } from '../users/require-user.ts'
import { modelErrors } from './models.errors.ts'
import { formatModelsForApi } from './models.format.ts'
import { exampleModel, modelsSchema } from './models.schemas.ts'

/*
 * GET /   the models that an inference may name, and what each takes
 */

const list = createRoute({
  operationId: 'listModels',
  summary: 'The models that an inference may name',
  description: 'What each is, what it takes as `parameters`, and whether it is ready.',
  tags: ['Models'],
  security: byAccessToken,
  method: 'get',
  path: '/',
  middleware: [requireUser] as const,
  responses: {
    200: jsonResponse(modelsSchema, 'Every model of the inference service, ready or not', {
      example: {
        success: true,
        message: 'Models retrieved successfully',
        data: {
          default: exampleModel.id,
          models: [exampleModel],
          asOf: '2026-11-21T09:30:00.000Z',
          isCurrent: true,
        },
      },
    }),
    ...refusedWith(userRefusals, modelErrors.list('models.unavailable')),
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
