import { z } from '@hono/zod-openapi'
import { type ErrorStatus, type ListedError, requestErrors } from './errors.ts'

/** Declares that a route wants an access token; `app.ts` says what that is. */
export const byAccessToken = [{ accessToken: [] as string[] }]

/** What every refusal holds; most hold figures and names beside, as their code's page says. */
const refusalFields = {
  success: z.literal(false),
  message: z.string(),
}

function describeRefusals(listed: readonly ListedError[]) {
  const [first = '', ...others] = listed.map(({ code }) => code)
  const schema = z.object({ ...refusalFields, code: z.enum([first, ...others]) }).loose()
  return {
    description: `Refused: ${[first, ...others].map((code) => `\`${code}\``).join(', ')}`,
    content: { 'application/json': { schema } },
  }
}

/** The refusals that a route's handler and middleware may give, by status; the renderer's 500 is among them unasked. */
export function refusedWith(...lists: readonly (readonly ListedError[])[]) {
  const all = [...lists.flat(), ...requestErrors.list('server.internal')]
  const byStatus = Map.groupBy(all, ({ status }) => status)
  return Object.fromEntries(
    [...byStatus].map(([status, listed]) => [status, describeRefusals(listed)]),
  ) as Record<ErrorStatus, ReturnType<typeof describeRefusals>>
}

/** The schema of every refusal, for the document of each route. */
const errorSchema = z
  .object({
    success: z.literal(false),
    message: z.string(),
    code: z.string(),
  })
  .loose()
  .openapi('Error')

/** The refusals that a route documents beside its success. */
export function errorResponses(...statuses: number[]) {
  const content = { 'application/json': { schema: errorSchema } }
  return Object.fromEntries(
    statuses.map((status) => [status, { description: `Refused (${status})`, content }]),
  ) as Record<number, { description: string; content: typeof content }>
}

/** A JSON answer's declaration, for a route's `responses`. */
export function jsonResponse<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** A JSON body's declaration, for a route's `request`. */
export function jsonRequest<Schema extends z.ZodType>(schema: Schema) {
  return { body: { required: true, content: { 'application/json': { schema } } } }
}
