import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from '../router.ts'
import { requestErrors } from '../shared/errors.ts'
import { isUuid } from '../shared/ids.ts'
import { userErrors } from './users.errors.ts'

/** What a route behind `requireOwnId` may refuse. */
export const ownIdRefusals = [
  ...requestErrors.list('request.invalid'),
  ...userErrors.list('users.not_yours'),
]

/** Throws `request.invalid` for what is no id, and `users.not_yours` for anybody else's. */
export const requireOwnId: MiddlewareHandler<AppEnv> = async (context, next) => {
  const userId = context.req.param('userId') ?? ''
  if (!isUuid(userId)) {
    throw requestErrors.createError('request.invalid', 'Invalid userId format', {
      parameter: 'userId',
      hint: 'It must be your own id, a UUID, which GET /api/users/profile tells.',
    })
  }
  if (userId.toLowerCase() !== context.get('user').id) {
    throw userErrors.createError('users.not_yours', 'Access denied')
  }
  await next()
}
