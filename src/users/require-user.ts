import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from '../router.ts'
import { userErrors } from './users.errors.ts'
import { findUserById } from './users.repository.ts'
import type { UserRow } from './users.table.ts'

/** What a route behind `requireUser` may refuse. */
export const userRefusals = userErrors.list(
  'auth.missing',
  'auth.malformed',
  'auth.invalid',
  'auth.user_not_found',
)

/** What a route behind `requireAdmin` may refuse. */
export const adminRefusals = [...userRefusals, ...userErrors.list('auth.admin_required')]

/** Lets through whoever brings a live access token, and puts their row of `users` into the context. One D1 query. */
export const requireUser: MiddlewareHandler<AppEnv> = async (context, next) => {
  context.set('user', await readUserOrThrow(context))
  await next()
}

/** As `requireUser`, for administrators alone. The role comes from the database, never from the token or the request. */
export const requireAdmin: MiddlewareHandler<AppEnv> = async (context, next) => {
  const user = await readUserOrThrow(context)
  if (user.role !== 'admin') {
    throw userErrors.createError(
      'auth.admin_required',
      'Administrator privileges required for this operation',
    )
  }
  context.set('user', user)
  await next()
}

/** The token of an `Authorization` header; null where there is none. */
export function readBearer(header: string | undefined): string | null {
  return /^Bearer +(\S+)$/i.exec(header?.trim() ?? '')?.[1] ?? null
}

async function readUserOrThrow(context: Context<AppEnv>): Promise<UserRow> {
  const { accessTokens, database } = context.get('services')
  // Every refusal below is a 401, which names the scheme that would be accepted (RFC 9110, 11.6.1).
  const refuse = (code: Parameters<typeof userErrors.createError>[0], message: string) => {
    context.header('WWW-Authenticate', 'Bearer')
    return userErrors.createError(code, message)
  }

  const header = context.req.header('authorization')
  if (header === undefined) throw refuse('auth.missing', 'Access token required')
  const token = readBearer(header)
  if (token === null) throw refuse('auth.malformed', 'Invalid token format')

  const claims = await accessTokens.read(token)
  if (claims === null) throw refuse('auth.invalid', 'Invalid or expired token')
  const user = await findUserById(database, claims.userId)
  if (user === undefined || user.deletedAt !== null) {
    throw refuse('auth.user_not_found', 'Invalid token - user not found')
  }
  if (user.accessVersion !== claims.accessVersion) {
    throw refuse('auth.invalid', 'Invalid or expired token')
  }
  return user
}
