import { z } from '@hono/zod-openapi'
import { type ErrorStatus, type ListedError, requestErrors } from './errors.ts'

/** Declares that a route wants an access token; the document's builder says what that is. */
export const byAccessToken = [{ accessToken: [] as string[] }]

/** Headers of an answer, by their names. */
type Headers = Readonly<Record<string, ReturnType<typeof describeHeader>>>

/** A header of an answer, for its declaration. */
export function describeHeader(description: string) {
  return { description, schema: { type: 'string' as const } }
}

const retryAfter: Headers = {
  'Retry-After': describeHeader('After how many seconds to ask again'),
}

/** Headers that only some refusals have, by their status. */
const headersOfRefusals: { readonly [Status in ErrorStatus]?: Headers } = {
  401: {
    'WWW-Authenticate': describeHeader('`Bearer`, where the access token is missing or wrong'),
  },
  409: retryAfter,
  429: retryAfter,
  503: retryAfter,
}

/** What every refusal holds; most hold figures and names beside, as their code's page says. */
const refusalSchema = z
  .object({
    success: z.literal(false),
    message: z.string().openapi({ description: 'What was wrong, and what to do' }),
    code: z.string(),
    documentation: z.url().openapi({ description: 'The page that says what the code means' }),
  })
  .loose()
  .openapi('Refusal')

function describeRefusals(status: ErrorStatus, listed: readonly ListedError[]) {
  const codes = [...new Set(listed.map(({ code }) => code))]
  const [first = '', ...others] = codes
  const schema = refusalSchema.extend({ code: z.enum([first, ...others]) })
  const headers = headersOfRefusals[status]
  // The document's builder has an example of each code.
  const examples = codes.map((code) => [code, { $ref: `#/components/examples/${code}` }] as const)
  return {
    description: `Refused: ${codes.map((code) => `[\`${code}\`](/docs/errors/${code})`).join(', ')}`,
    ...(headers && { headers }),
    content: { 'application/json': { schema, examples: Object.fromEntries(examples) } },
  }
}

/** The refusals that a route's handler and middleware may give, by status; the renderer's 500 is among them unasked. */
export function refusedWith(...lists: readonly (readonly ListedError[])[]) {
  const all = [...lists.flat(), ...requestErrors.list('server.internal')]
  const byStatus = Map.groupBy(all, ({ status }) => status)
  return Object.fromEntries(
    [...byStatus].map(([status, listed]) => [status, describeRefusals(status, listed)]),
  ) as Record<ErrorStatus, ReturnType<typeof describeRefusals>>
}

/** Either the only example, or several under a few words that say what each shows. */
type Examples<Value> =
  | { readonly example?: Value }
  | {
      readonly examples: Readonly<
        Record<string, { readonly summary?: string; readonly value: Value }>
      >
    }

/** A JSON answer's declaration, for a route's `responses`. Its examples are checked like what the handler answers. */
export function jsonResponse<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  { headers, ...examples }: Examples<z.output<Schema>> & { readonly headers?: Headers } = {},
) {
  return {
    description,
    ...(headers && { headers: { ...headers } }),
    content: { 'application/json': { schema, ...examples } },
  }
}

/** A JSON body's declaration, for a route's `request`. */
export function jsonRequest<Schema extends z.ZodType>(
  schema: Schema,
  examples: Examples<z.input<Schema>> = {},
) {
  return { body: { required: true, content: { 'application/json': { schema, ...examples } } } }
}
