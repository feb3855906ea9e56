import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { answerOnce, type Subject } from '../idempotency/answer-once.ts'
import { createFingerprint } from '../idempotency/fingerprint.ts'
import { idempotencyHeaders } from '../idempotency/idempotency.schemas.ts'
import { createLedgerRoutes } from '../ledger/ledger.routes.ts'
import {
  readAddress,
  requireQuotaOfAddress,
  takeQuotasOrThrow,
} from '../rate-limits/require-quota.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { requestErrors } from '../shared/errors.ts'
import { isUuid } from '../shared/ids.ts'
import {
  byAccessToken,
  errorResponses,
  jsonRequest,
  jsonResponse,
} from '../shared/route-declaration.ts'
import { normalizeJsonBody } from '../shared/validation.ts'
import { deleteUser } from './delete-user.ts'
import { logIn } from './log-in.ts'
import { registerUser } from './register-user.ts'
import { readBearer, requireUser } from './require-user.ts'
import { updateUser } from './update-user.ts'
import { userErrors } from './users.errors.ts'
import { formatProfileForApi } from './users.format.ts'
import { createEmailKey } from './users.repository.ts'
import * as schemas from './users.schemas.ts'

/*
 * POST   /user      register
 * POST   /login     an access token for an e-mail address and a password
 * GET    /profile   who I am
 * GET    /tokens    my balance
 * PUT    /:userId   change my name, e-mail address or password
 * DELETE /:userId   delete my account
 */

const tags = ['Users']

/** Throws `request.invalid` for what is no id, and `users.not_yours` for anybody else's. */
const requireOwnId: MiddlewareHandler<AppEnv> = async (context, next) => {
  const userId = context.req.param('userId') ?? ''
  if (!isUuid(userId)) throw requestErrors.createError('request.invalid', 'Invalid userId format')
  if (userId.toLowerCase() !== context.get('user').id) {
    throw userErrors.createError('users.not_yours', 'Access denied')
  }
  await next()
}

const register = createRoute({
  operationId: 'registerUser',
  summary: 'Register',
  method: 'post',
  path: '/user',
  tags,
  middleware: [requireQuotaOfAddress('registrations-by-address'), normalizeJsonBody] as const,
  request: { headers: idempotencyHeaders, ...jsonRequest(schemas.registerSchema) },
  responses: {
    201: jsonResponse(schemas.registeredSchema, 'The new user'),
    ...errorResponses(400, 409, 413, 422, 429),
  },
})

const login = createRoute({
  operationId: 'logIn',
  summary: 'Log in',
  method: 'post',
  path: '/login',
  tags,
  middleware: [requireQuotaOfAddress('logins-by-address'), normalizeJsonBody] as const,
  request: jsonRequest(schemas.loginSchema),
  responses: {
    200: jsonResponse(schemas.loggedInSchema, 'An access token'),
    ...errorResponses(400, 401, 413, 429),
  },
})

const getProfile = createRoute({
  operationId: 'getProfile',
  summary: 'Who I am',
  method: 'get',
  path: '/profile',
  tags,
  security: byAccessToken,
  middleware: [requireUser] as const,
  responses: {
    200: jsonResponse(schemas.profileSchema, 'The user of the access token'),
    ...errorResponses(401),
  },
})

const update = createRoute({
  operationId: 'updateUser',
  summary: 'Change my name, e-mail address or password',
  method: 'put',
  path: '/{userId}',
  tags,
  security: byAccessToken,
  middleware: [requireUser, requireOwnId, normalizeJsonBody] as const,
  request: { params: schemas.userIdSchema, ...jsonRequest(schemas.updateUserSchema) },
  responses: {
    200: jsonResponse(schemas.updatedSchema, 'The user as they are now'),
    ...errorResponses(400, 401, 403, 413),
  },
})

const remove = createRoute({
  operationId: 'deleteUser',
  summary: 'Delete my account',
  method: 'delete',
  path: '/{userId}',
  tags,
  security: byAccessToken,
  middleware: [requireUser, requireOwnId] as const,
  request: { params: schemas.userIdSchema },
  responses: {
    200: jsonResponse(schemas.deletedSchema, 'Deleted'),
    ...errorResponses(400, 401, 403),
  },
})

const routes = createRouter()

routes.openapi(
  register,
  async (context) => {
    const services = context.get('services')
    const registration = context.req.valid('json')
    const scope = createEmailKey(registration.email)
    await takeQuotasOrThrow(context, [{ name: 'registrations-by-account', scope }])
    // Nobody has logged in: the keys belong to whoever registers the address.
    const owner = `registration ${createFingerprint(services.settings.JWT_SECRET, 'registration', scope)}`
    const run = async ({ id }: Subject) => {
      const { user, tokens } = await registerUser(services, registration, {
        id,
        requestId: context.get('requestId'),
      })
      const data = { ...formatProfileForApi(user), tokens, role: user.role }
      const message = 'User created successfully'
      return context.json({ success: true as const, message, data }, 201)
    }
    return answerOnce(context, run, { owner })
  },
  schemas.throwRegistrationIssue,
)

routes.openapi(
  login,
  async (context) => {
    const { token, user } = await logIn(context.get('services'), context.req.valid('json'), {
      address: readAddress(context),
      accessToken: readBearer(context.req.header('authorization')),
    })
    const data = { token, user: { id: user.id, name: user.name, email: user.email } }
    return context.json({ success: true as const, message: 'Login successful', data }, 200)
  },
  schemas.throwLoginIssue,
)

routes.openapi(getProfile, (context) =>
  context.json({ success: true as const, data: formatProfileForApi(context.get('user')) }, 200),
)

routes.use('/tokens', requireUser)
routes.route('/', createLedgerRoutes())

routes.openapi(update, async (context) => {
  const { user, token } = await updateUser(context.get('services'), {
    user: context.get('user'),
    update: context.req.valid('json'),
    requestId: context.get('requestId'),
  })
  const data = { ...formatProfileForApi(user), ...(token !== undefined && { token }) }
  return context.json({ success: true as const, message: 'User updated successfully', data }, 200)
})

routes.openapi(remove, async (context) => {
  const { id, role } = context.get('user')
  const { datasetCount } = await deleteUser(context.get('services'), {
    userId: id,
    by: { id, role, requestId: context.get('requestId') },
  })
  const message = `User deleted successfully. ${datasetCount} associated datasets have been marked as deleted but preserved in the database.`
  return context.json({ success: true as const, message }, 200)
})

export const usersRoutes: OpenAPIHono<AppEnv> = routes
