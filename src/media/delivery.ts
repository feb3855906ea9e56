/** What a conditional or ranged request is answered with (RFC 9110, sections 13 and 14). */
export type Delivery =
  | { readonly status: 200 }
  | { readonly status: 206; readonly offset: number; readonly length: number }
  | { readonly status: 304 }
  | { readonly status: 416 }

export interface ObjectState {
  /** In quotes, as in the header. */
  readonly etag: string
  readonly bytes: number
}

/** Decides from a request's headers; what is malformed or asks for several ranges at once gets the whole object. */
export function decideDelivery(headers: Headers, object: ObjectState): Delivery {
  const known = headers.get('if-none-match')
  if (known !== null && namesEtag(known, object.etag)) return { status: 304 }

  const range = headers.get('range')
  if (range === null) return { status: 200 }
  const condition = headers.get('if-range')
  if (condition !== null && condition.trim() !== object.etag) return { status: 200 }
  return resolveRange(range, object.bytes)
}

function resolveRange(header: string, bytes: number): Delivery {
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header.trim())
  if (!match) return { status: 200 }
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return { status: 200 }
  if (first === '') return takeRange(Math.max(0, bytes - Number(last)), bytes - 1, bytes)
  if (last !== '' && Number(last) < Number(first)) return { status: 200 }
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  return takeRange(Number(first), end, bytes)
}

function takeRange(first: number, last: number, bytes: number): Delivery {
  if (first >= bytes || last < first) return { status: 416 }
  return { status: 206, offset: first, length: last - first + 1 }
}

function namesEtag(header: string, etag: string): boolean {
  if (header.trim() === '*') return true
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag)
}
