import type { OpenAPIHono } from '@hono/zod-openapi'
import { answerOnce, type Subject } from '../idempotency/answer-once.ts'
import { createFingerprint } from '../idempotency/fingerprint.ts'
import { createLedgerRoutes } from '../ledger/ledger.routes.ts'
import { readAddress, takeQuotasOrThrow } from '../rate-limits/require-quota.ts'
import { type AppEnv, createRouter } from '../router.ts'
import { deleteUser } from './delete-user.ts'
import { logIn } from './log-in.ts'
import { registerUser } from './register-user.ts'
import { readBearer, requireUser, userRefusals } from './require-user.ts'
import { updateUser } from './update-user.ts'
import * as declarations from './users.declarations.ts'
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

const routes = createRouter()

routes.openapi(
  declarations.register,
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
  declarations.login,
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

routes.openapi(declarations.getProfile, (context) =>
  context.json({ success: true as const, data: formatProfileForApi(context.get('user')) }, 200),
)

routes.use('/tokens', requireUser)
routes.route('/', createLedgerRoutes(userRefusals))

routes.openapi(declarations.update, async (context) => {
  const { user, token } = await updateUser(context.get('services'), {
    user: context.get('user'),
    update: context.req.valid('json'),
    requestId: context.get('requestId'),
  })
  const data = { ...formatProfileForApi(user), ...(token !== undefined && { token }) }
  return context.json({ success: true as const, message: 'User updated successfully', data }, 200)
})

routes.openapi(declarations.remove, async (context) => {
  const { id, role } = context.get('user')
  const { datasetCount } = await deleteUser(context.get('services'), {
    userId: id,
    by: { id, role, requestId: context.get('requestId') },
  })
  const message = `User deleted successfully. ${datasetCount} associated datasets have been marked as deleted but preserved in the database.`
  return context.json({ success: true as const, message }, 200)
})

export const usersRoutes: OpenAPIHono<AppEnv> = routes
