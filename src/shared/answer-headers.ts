/** The headers that answers have beside their own. Set in one go at the end: each copy of an answer costs more than all of them. */

const safety: readonly (readonly [name: string, value: string])[] = [
  // No answer of the API is a page: none may be framed, or load or run anything, whatever it is taken for.
  [
    'Content-Security-Policy',
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Origin-Agent-Cluster', '?1'],
  ['Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-DNS-Prefetch-Control', 'off'],
  ['X-Download-Options', 'noopen'],
  ['X-Frame-Options', 'DENY'],
  ['X-Permitted-Cross-Domain-Policies', 'none'],
  ['X-XSS-Protection', '0'],
]

const strictTransport = [
  'Strict-Transport-Security',
  'max-age=31536000; includeSubDomains',
] as const
const safetyElsewhere = [...safety, strictTransport]

const exposedHeaders = [
  'ETag',
  'Accept-Ranges',
  'Content-Range',
  'Content-Disposition',
  'Idempotency-Replayed',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
].join(',')

const methodsAllowed = 'GET,POST,PUT,DELETE'
const headersAllowed =
  'Authorization,Content-Type,Idempotency-Key,If-None-Match,If-Range,Prefer,Range'
const preflightSecondsMax = 86_400

export interface AnswerPolicy {
  readonly isDevelopment: boolean
  /** Which sites' scripts may read answers. */
  readonly corsOrigins: '*' | readonly string[]
}

export interface Asked {
  readonly requestId: string
  /** The site whose script asks, as its browser says. */
  readonly origin: string | undefined
}

/** Adds what an answer has not set for itself: what serves media or a page says what may be done with it. */
export function completeHeaders(headers: Headers, policy: AnswerPolicy, asked: Asked): void {
  headers.set('X-Request-Id', asked.requestId)
  // What has a policy of its own may have others of these too.
  const isOwn = headers.has('Content-Security-Policy')
  for (const [name, value] of policy.isDevelopment ? safety : safetyElsewhere) {
    if (!isOwn || !headers.has(name)) headers.set(name, value)
  }
  // JSON is about one person and at one moment.
  const isJson = headers.get('Content-Type')?.includes('json') ?? false
  if (isJson && !headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store')
  const origin = findAllowedOrigin(policy, asked)
  if (origin !== null) headers.set('Access-Control-Allow-Origin', origin)
  headers.set('Access-Control-Expose-Headers', exposedHeaders)
  if (policy.corsOrigins !== '*') headers.append('Vary', 'Origin')
}

/** The answer to a browser that asks what a script of another site may send. */
export function answerPreflight(): Response {
  const headers = {
    'Access-Control-Allow-Methods': methodsAllowed,
    'Access-Control-Allow-Headers': headersAllowed,
    'Access-Control-Max-Age': String(preflightSecondsMax),
    Vary: 'Access-Control-Request-Headers',
  }
  return new Response(null, { status: 204, statusText: 'No Content', headers })
}

function findAllowedOrigin({ corsOrigins }: AnswerPolicy, { origin = '' }: Asked): string | null {
  if (corsOrigins === '*') return '*'
  return corsOrigins.includes(origin) ? origin : null
}
