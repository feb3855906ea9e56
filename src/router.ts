import { OpenAPIHono } from '@hono/zod-openapi'
import type { Services } from './services.ts'
import { throwFirstIssue } from './shared/validation.ts'
import type { UserRow } from './users/users.table.ts'

/** What every handler finds in its context. */
export interface AppEnv {
  Bindings: Env
  Variables: {
    services: Services
    requestId: string
    /** The person whose access token came with the request; set by `requireUser`. */
    user: UserRow
  }
}

/** A router whose schemas' refusals are answered in the API's envelope; a slash at the end of an address says nothing. */
export function createRouter() {
  return new OpenAPIHono<AppEnv>({
    strict: false,
    defaultHook: (result) => throwFirstIssue(result),
  })
}
