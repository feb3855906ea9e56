import type { Sent } from './requests.ts'

/** What was answered, read to its end. */
export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly ms: number
}

/** Longer than any refusal takes on a slow machine, shorter than patience. */
export const answerMsMax = 10_000

/** Words of the workshop: names of errors and libraries, of places in the code and on the network, values that are none. */
const internalWords =
  /\n\s+at |\b(?:D1_ERROR|SQLITE\w*|SQL|drizzle|zod|Zod\w+|\w*TypeError|RangeError|SyntaxError|ReferenceError|DOMException|undefined|NaN|node_modules|workerd|miniflare|busboy|hono|ECONN\w+|stack|localhost|prototype)\b|\[object |\b\w+\.(?:ts|js|mjs):\d|(?:^|[\s'"(])\/(?:home|work|tmp|src|usr|etc)\/|127\.0\.0\.1|Invalid input|Maximum call/g

/** What a request said is no secret of ours when it comes back. */
function saidBy(sent: Sent): string {
  const body =
    sent.body instanceof Uint8Array ? new TextDecoder().decode(sent.body) : (sent.body ?? '')
  const path = sent.path.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded)
    } catch {
      return encoded
    }
  })
  return `${sent.path}\n${path}\n${sent.headers.join('\n')}\n${body}`
}

export function findInternalWords(told: string, sent: Sent): string[] {
  const said = saidBy(sent)
  return [...told.matchAll(internalWords)]
    .map(([word]) => word)
    .filter((word) => !said.includes(word))
}

/** Two words at least: a name of something alone tells nobody what to do. */
const isSentence = (message: string) => /^\S+ +\S/.test(message)

function findWrongsOfRefusal({ status, headers, text }: Answered, sent: Sent): string[] {
  if (!headers.get('content-type')?.includes('json')) {
    // A range that cannot be served has no body to say more.
    return status === 416 && headers.has('content-range') ? [] : ['a refusal that is no JSON']
  }
  const body: unknown = JSON.parse(text)
  if (typeof body !== 'object' || body === null) return ['a refusal that is no object']
  const { documentation, ...told } = body as Record<string, unknown>
  const { success, message, code } = told
  const wrongs: string[] = []
  if (success !== false) wrongs.push('a refusal without success: false')
  if (typeof code !== 'string' || !/^[a-z_]+\.[a-z_]+$/.test(code)) wrongs.push(`the code ${code}`)
  if (typeof message !== 'string' || !isSentence(message))
    return [...wrongs, `the message ${message}`]
  if (!String(documentation).endsWith(`/docs/errors/${code}`))
    wrongs.push(`the link ${documentation}`)
  // Where the product is reached is told on purpose, by the link alone.
  const found = findInternalWords(JSON.stringify(told), sent)
  if (found.length > 0) wrongs.push(`the words ${found.join(', ')} in: ${message}`)
  return wrongs
}

/** Everything about an answer that must not be so whatever was asked; nothing for a right one. */
export function findWrongs(answered: Answered, sent: Sent): string[] {
  const wrongs: string[] = []
  const { status, headers, ms } = answered
  if (status >= 500) wrongs.push(`${status}: ${answered.text}`)
  if (ms > answerMsMax) wrongs.push(`${Math.round(ms)} ms until the answer`)
  if (!headers.has('x-request-id')) wrongs.push('no request id')
  if (status >= 400) wrongs.push(...findWrongsOfRefusal(answered, sent))
  return wrongs
}
