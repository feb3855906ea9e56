import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from '../router.ts'
import { BodyReader } from '../shared/request-body.ts'
import { describeHeader } from '../shared/route-declaration.ts'
import { scopeOfAddress } from './address.rules.ts'
import { findLongestRefusal, formatPolicies, formatStates } from './headers.rules.ts'
import type { QuotaName } from './rate-limits.client.ts'
import { createExceededError, rateLimitErrors } from './rate-limits.errors.ts'

/** What a route that takes from a quota may refuse. */
export const quotaRefusals = rateLimitErrors.list('rate_limit.exceeded')

/** The headers of an answer of such a route. */
export const quotaHeaders = {
  'RateLimit-Policy': describeHeader('What each limit allows: `q` requests in `w` seconds'),
  RateLimit: describeHeader(
    'What is left of each limit: `r` requests, and in `t` seconds there is more',
  ),
}

type Wanted = { readonly name: QuotaName; readonly scope: string }

/** Where the request came from, as far as limits go. Cloudflare sets the header and lets no client set it. */
export function readAddress(context: Context<AppEnv>): string {
  return scopeOfAddress(context.req.header('cf-connecting-ip'))
}

/**
 * Takes one request from each quota and tells them in `RateLimit` and `RateLimit-Policy`. Throws `rate_limit.exceeded` where
 * one refuses, once the body is read: most clients send all of it before they listen.
 */
export async function takeQuotasOrThrow(
  context: Context<AppEnv>,
  wanted: readonly Wanted[],
): Promise<void> {
  const taken = await context.get('services').rateLimits.take(wanted)
  if (taken.length === 0) return
  context.header('RateLimit-Policy', formatPolicies(taken), { append: true })
  context.header('RateLimit', formatStates(taken), { append: true })
  const refusal = findLongestRefusal(taken)
  if (refusal === null) return
  if (!context.req.raw.bodyUsed) await new BodyReader(context.req.raw.body).dismiss()
  throw createExceededError(refusal)
}

/** Lets through as many requests from one address as the quota says. */
export function requireQuotaOfAddress(name: QuotaName): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    await takeQuotasOrThrow(context, [{ name, scope: readAddress(context) }])
    await next()
  }
}

/** Lets through as many uploads as one address and one account may send. Comes after `requireUser`. */
export const requireUploadQuotas: MiddlewareHandler<AppEnv> = async (context, next) => {
  await takeQuotasOrThrow(context, [
    { name: 'uploads-by-address', scope: readAddress(context) },
    { name: 'uploads-by-account', scope: context.get('user').id },
  ])
  await next()
}
