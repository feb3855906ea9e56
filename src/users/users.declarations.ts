import { createRoute } from '@hono/zod-openapi'
import {
  idempotencyHeaders,
  idempotencyRefusals,
  replayedHeader,
} from '../idempotency/idempotency.schemas.ts'
import { quotaHeaders, quotaRefusals, requireQuotaOfAddress } from '../rate-limits/require-quota.ts'
import {
  byAccessToken,
  jsonRequest,
  jsonResponse,
  refusedWith,
} from '../shared/route-declaration.ts'
import { jsonBodyRefusals, normalizeJsonBody } from '../shared/validation.ts'
import { ownIdRefusals, requireOwnId } from './require-own-id.ts'
import { requireUser, userRefusals } from './require-user.ts'
import {
  exampleAccessToken,
  examplePassword,
  examplePerson,
  exampleProfile,
} from './user-examples.ts'
import { userErrors } from './users.errors.ts'
import * as schemas from './users.schemas.ts'

const tags = ['Users']

export const register = createRoute({
  operationId: 'registerUser',
  summary: 'Register',
  description: 'A new user has 100 tokens. Log in next: registering gives no access token.',
  method: 'post',
  path: '/user',
  tags,
  middleware: [requireQuotaOfAddress('registrations-by-address'), normalizeJsonBody] as const,
  request: {
    headers: idempotencyHeaders,
    ...jsonRequest(schemas.registerSchema, {
      example: { ...examplePerson, password: examplePassword },
    }),
  },
  responses: {
    201: jsonResponse(schemas.registeredSchema, 'The new user', {
      example: {
        success: true,
        message: 'User created successfully',
        data: { ...exampleProfile, tokens: 100, role: 'user' },
      },
      headers: { ...quotaHeaders, ...replayedHeader },
    }),
    ...refusedWith(
      quotaRefusals,
      jsonBodyRefusals,
      idempotencyRefusals,
      userErrors.list('users.email_taken'),
    ),
  },
})

export const login = createRoute({
  operationId: 'logIn',
  summary: 'Log in',
  description:
    'Answers an access token. After many failures an account has to wait; whoever sends an access token of the account that is still good does not.',
  method: 'post',
  path: '/login',
  tags,
  middleware: [requireQuotaOfAddress('logins-by-address'), normalizeJsonBody] as const,
  request: jsonRequest(schemas.loginSchema, {
    example: { email: examplePerson.email, password: examplePassword },
  }),
  responses: {
    200: jsonResponse(schemas.loggedInSchema, 'An access token', {
      example: {
        success: true,
        message: 'Login successful',
        data: {
          token: exampleAccessToken,
          user: {
            id: exampleProfile.id,
            name: exampleProfile.name,
            email: exampleProfile.email,
          },
        },
      },
      headers: quotaHeaders,
    }),
    ...refusedWith(
      quotaRefusals,
      jsonBodyRefusals,
      userErrors.list('auth.bad_credentials', 'auth.too_many_failures'),
    ),
  },
})

export const getProfile = createRoute({
  operationId: 'getProfile',
  summary: 'Who I am',
  method: 'get',
  path: '/profile',
  tags,
  security: byAccessToken,
  middleware: [requireUser] as const,
  responses: {
    200: jsonResponse(schemas.profileSchema, 'The user of the access token', {
      example: { success: true, data: exampleProfile },
    }),
    ...refusedWith(userRefusals),
  },
})

export const update = createRoute({
  operationId: 'updateUser',
  summary: 'Change my name, e-mail address or password',
  description:
    'A field that is missing, null or blank stays as it is. A new password ends every access token; the answer has a new one.',
  method: 'put',
  path: '/{userId}',
  tags,
  security: byAccessToken,
  middleware: [requireUser, requireOwnId, normalizeJsonBody] as const,
  request: {
    params: schemas.userIdSchema,
    ...jsonRequest(schemas.updateUserSchema, {
      examples: {
        name: { summary: 'Another name', value: { name: 'Luigi' } },
        password: { summary: 'Another password', value: { password: 'staple battery horse' } },
      },
    }),
  },
  responses: {
    200: jsonResponse(schemas.updatedSchema, 'The user as they are now', {
      examples: {
        name: {
          summary: 'After another name',
          value: {
            success: true,
            message: 'User updated successfully',
            data: { ...exampleProfile, name: 'Luigi' },
          },
        },
        password: {
          summary: 'After another password, with a new access token',
          value: {
            success: true,
            message: 'User updated successfully',
            data: { ...exampleProfile, token: exampleAccessToken },
          },
        },
      },
    }),
    ...refusedWith(
      userRefusals,
      ownIdRefusals,
      jsonBodyRefusals,
      userErrors.list('users.email_taken'),
    ),
  },
})

export const remove = createRoute({
  operationId: 'deleteUser',
  summary: 'Delete my account',
  description:
    'Ends every access token, aborts what is running, and marks the datasets as deleted. The e-mail address is free again.',
  method: 'delete',
  path: '/{userId}',
  tags,
  security: byAccessToken,
  middleware: [requireUser, requireOwnId] as const,
  request: { params: schemas.userIdSchema },
  responses: {
    200: jsonResponse(schemas.deletedSchema, 'Deleted', {
      example: {
        success: true,
        message:
          'User deleted successfully. 2 associated datasets have been marked as deleted but preserved in the database.',
      },
    }),
    ...refusedWith(userRefusals, ownIdRefusals),
  },
})
