import { findRecordedOrThrow } from './recorded.ts'

/** What an answer is held to. */
export interface Expectation {
  readonly status: number
  /** An example of the JSON body, or `<N bytes>`. */
  readonly body: unknown
  /** In place of the example's own `message`. */
  readonly message?: string | RegExp
}

/** How what is expected departs from what was recorded. */
export interface Departure {
  readonly status?: number
  readonly message?: string | RegExp
  /** The body looks like that of this other recorded request. */
  readonly like?: string
  /** Examples in place of what was recorded, by path: `data.items.*.frameIndex`. */
  readonly body?: Readonly<Record<string, unknown>>
}

export function expectAsRecorded(name: string): Expectation {
  const { status, body } = findRecordedOrThrow(name)
  return { status, body }
}

/** A departure to a refusal expects the envelope of refusals, with a code. */
export function expectWith(name: string, departure: Departure): Expectation {
  const recorded = findRecordedOrThrow(name)
  const status = departure.status ?? recorded.status
  const isNewRefusal = status >= 400 && recorded.status < 400
  const refusal = { success: false, message: '', code: '' }
  const like = departure.like === undefined ? recorded : findRecordedOrThrow(departure.like)
  return {
    status,
    body: withExamples(isNewRefusal ? refusal : like.body, departure.body),
    ...(departure.message !== undefined && { message: departure.message }),
  }
}

/** The body with other examples at their paths; throws for a path that it does not have. */
export function withExamples(body: unknown, examples: Departure['body'] = {}): unknown {
  return Object.entries(examples).reduce(
    (changed, [path, example]) => replaceAt(changed, path.split('.'), example, path),
    body,
  )
}

/** The departure in its single points, each left out once: if the answer still fits, that point is stale. */
export function withoutEachPoint(
  departure: Departure,
): { readonly point: string; readonly rest: Departure }[] {
  const { status, message, like, body = {} } = departure
  const points: { point: string; rest: Departure }[] = []
  if (status !== undefined) points.push({ point: 'status', rest: omit(departure, 'status') })
  if (message !== undefined) points.push({ point: 'message', rest: omit(departure, 'message') })
  if (like !== undefined) points.push({ point: 'like', rest: omit(departure, 'like') })
  for (const path of Object.keys(body)) {
    points.push({ point: path, rest: { ...departure, body: omit(body, path) } })
  }
  return points
}

function omit<Value extends object>(value: Value, key: string): Value {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)) as Value
}

function replaceAt(
  value: unknown,
  [key, ...rest]: readonly string[],
  example: unknown,
  path: string,
): unknown {
  if (key === undefined) return example
  if (key === '*' && Array.isArray(value)) {
    return value.map((element) => replaceAt(element, rest, example, path))
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) {
    throw new Error(`The example has no ${path}.`)
  }
  if (Array.isArray(value)) {
    return value.with(Number(key), replaceAt(value[Number(key)], rest, example, path))
  }
  const inner = (value as Record<string, unknown>)[key]
  return { ...value, [key]: replaceAt(inner, rest, example, path) }
}
