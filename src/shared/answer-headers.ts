/** The headers that answers have beside their own. Set in one go at the end: each copy of an answer costs more than all of them. */

type Headline = readonly [name: string, value: string]

/** What OWASP's REST security cheat sheet asks of every answer. Each header costs time, of JSON as much as of a page. */
const safety: readonly Headline[] = [
  // No answer of the API is a page: none may be framed, or load or run anything, whatever it is taken for.
  [
    'Content-Security-Policy',
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
]

/** What says something of pages alone. */
const safetyOfPages: readonly Headline[] = [
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Origin-Agent-Cluster', '?1'],
  ['Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'],
  ['X-DNS-Prefetch-Control', 'off'],
]

const strictTransport: Headline = [
  'Strict-Transport-Security',
  'max-age=31536000; includeSubDomains',
]

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
  const complete = ([name, value]: Headline) => {
    if (!isOwn || !headers.has(name)) headers.set(name, value)
  }
  safety.forEach(complete)
  if (!policy.isDevelopment) complete(strictTransport)
  const type = headers.get('Content-Type') ?? ''
  if (type.startsWith('text/html')) safetyOfPages.forEach(complete)
  // JSON is about one person and at one moment.
  const isJson = type.includes('json')
  if (isJson && !headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store')
  const origin = findAllowedOrigin(policy, asked)
  if (origin !== null) headers.set('Access-Control-Allow-Origin', origin)
  // Only a script of another site is told more by it; what may be kept may be kept for one.
  if (asked.origin !== undefined || !isJson) {
    headers.set('Access-Control-Expose-Headers', exposedHeaders)
  }
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
