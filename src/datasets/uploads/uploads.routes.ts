import type { OpenAPIHono } from '@hono/zod-openapi'
import { formatTokens } from '../../ledger/amounts.ts'
import { type AppEnv, createRouter } from '../../router.ts'
import { byAccessToken, errorResponses, jsonResponse } from '../../shared/validation.ts'
import { requireUser } from '../../users/require-user.ts'
import { uploadMedia } from './upload-media.ts'
import { uploadedSchema, uploadFormSchema } from './uploads.schemas.ts'

// POST /data   a picture and its mask, into a dataset

export const uploadRoutes: OpenAPIHono<AppEnv> = createRouter()

// The form streams through the handler: a validator would hold the whole of it.
uploadRoutes.openAPIRegistry.registerPath({
  method: 'post',
  path: '/data',
  tags: ['Datasets'],
  security: byAccessToken,
  request: {
    body: { required: true, content: { 'multipart/form-data': { schema: uploadFormSchema } } },
  },
  responses: {
    200: jsonResponse(uploadedSchema, 'Stored and paid for'),
    ...errorResponses(400, 401, 404, 409, 413, 503),
  },
})

uploadRoutes.post('/data', requireUser, async (context) => {
  const services = context.get('services')
  const uploaded = await uploadMedia(
    { ...services, nowMs: services.clock.nowMs() },
    { userId: context.get('user').id, request: context.req.raw },
  )
  const spent = formatTokens(uploaded.spent)
  const balance = formatTokens(uploaded.balance)
  return context.json({
    success: true,
    message: 'Data uploaded and processed successfully',
    processedItems: uploaded.processedItems,
    tokenSpent: spent,
    userTokens: balance,
    tokenUsage: {
      tokensSpent: spent,
      remainingBalance: balance,
      operationType: 'dataset_upload',
    },
  })
})
