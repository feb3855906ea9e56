import type { Settings } from '../config.ts'
import { type Delivery, decideDelivery } from './delivery.ts'
import { formatInlineDisposition } from './file-names.ts'
import { fileNameOf } from './keys.ts'
import { mediaErrors } from './media.errors.ts'
import type { PresignedUrls } from './presigned.ts'
import type { MediaStore } from './store.ts'

/** What delivery needs of the services. */
export interface DeliveryServices {
  readonly media: Pick<MediaStore, 'get' | 'head'>
  readonly presignedUrls: Pick<PresignedUrls, 'presignGet'>
  readonly settings: Pick<Settings, 'MEDIA_DELIVERY'>
}

export interface ServedObject {
  readonly key: string
  /** The name to save it under; null for the one it was stored with. */
  readonly fileName?: string | null
  /** How long the client may keep it. */
  readonly maxAgeSeconds: number
  /** The request's headers: conditions and range are honoured. */
  readonly headers: Headers
}

/** Long enough to follow a redirect, too short to be worth passing on. A transfer that began goes on after it. */
const redirectSeconds = 300

/**
 * Answers with an object that the caller has checked the right to: its bytes, or a redirect to R2's own host where
 * `MEDIA_DELIVERY` says so. Throws `media.not_found`.
 */
export async function serveObject(
  services: DeliveryServices,
  served: ServedObject,
): Promise<Response> {
  if (services.settings.MEDIA_DELIVERY === 'redirect') return redirectToObject(services, served)
  if (served.headers.has('range') || served.headers.has('if-none-match')) {
    return answerOnConditions(services, served)
  }
  const object = await services.media.get(served.key)
  if (object === null) throw createNotFoundError(served.key)
  const headers = createHeaders(object, served)
  headers.set('Content-Length', String(object.size))
  return new Response(object.body, { status: 200, headers })
}

async function redirectToObject(
  { media, presignedUrls }: DeliveryServices,
  { key, fileName = null }: ServedObject,
): Promise<Response> {
  const object = await media.head(key)
  if (object === null) throw createNotFoundError(key)
  const location = await presignedUrls.presignGet({
    key,
    fileName,
    contentType: contentTypeOf(object),
    expiresInSeconds: redirectSeconds,
  })
  return new Response(null, {
    status: 302,
    headers: { Location: location, 'Cache-Control': 'no-store' },
  })
}

async function answerOnConditions(
  { media }: DeliveryServices,
  served: ServedObject,
): Promise<Response> {
  const object = await media.head(served.key)
  if (object === null) throw createNotFoundError(served.key)
  const state = { etag: object.httpEtag, bytes: object.size }
  const delivery = decideDelivery(served.headers, state)
  const headers = createHeaders(object, served)
  setDeliveryHeaders(headers, delivery, object.size)
  if (delivery.status === 304 || delivery.status === 416) {
    return new Response(null, { status: delivery.status, headers })
  }
  const range = delivery.status === 206 ? delivery : undefined
  const stored = await media.get(served.key, range)
  if (stored === null) throw createNotFoundError(served.key)
  return new Response(stored.body, { status: delivery.status, headers })
}

/** Says how much of something of that many bytes comes, and which part. */
export function setDeliveryHeaders(headers: Headers, delivery: Delivery, bytes: number): void {
  if (delivery.status === 200) headers.set('Content-Length', String(bytes))
  if (delivery.status === 416) headers.set('Content-Range', `bytes */${bytes}`)
  if (delivery.status === 206) {
    const last = delivery.offset + delivery.length - 1
    headers.set('Content-Length', String(delivery.length))
    headers.set('Content-Range', `bytes ${delivery.offset}-${last}/${bytes}`)
  }
}

/** What people upload is shown, never run: no sniffing, no scripts, no plug-ins. */
export const protectiveHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "sandbox; default-src 'none'",
  // Pages of other origins show these pictures, by URLs that are secrets: so CORS does, and so this.
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Referrer-Policy': 'no-referrer',
} as const

function createHeaders(object: R2Object, { fileName, maxAgeSeconds }: ServedObject): Headers {
  const headers = new Headers({
    ETag: object.httpEtag,
    'Last-Modified': object.uploaded.toUTCString(),
    'Accept-Ranges': 'bytes',
    'Cache-Control': `private, max-age=${Math.max(0, Math.floor(maxAgeSeconds))}`,
    'Content-Type': contentTypeOf(object),
    'Content-Disposition': nameOf(object, fileName ?? null),
    ...protectiveHeaders,
  })
  return headers
}

/** What the API stores, by what it found in the bytes. None of these is run by a browser. */
const servedTypes = new Set([
  'image/png',
  'image/jpeg',
  'image/webp',
  'video/mp4',
  'video/quicktime',
  'video/x-msvideo',
  'video/x-matroska',
  'video/webm',
  'application/zip',
])

/** The type that the object was stored with; bytes without a meaning for any other, and never one after a name. */
function contentTypeOf(object: R2Object): string {
  const type = object.httpMetadata?.contentType ?? ''
  return servedTypes.has(type) ? type : 'application/octet-stream'
}

function nameOf(object: R2Object, fileName: string | null): string {
  if (fileName !== null) return formatInlineDisposition(fileName)
  return object.httpMetadata?.contentDisposition ?? formatInlineDisposition(fileNameOf(object.key))
}

function createNotFoundError(key: string) {
  return mediaErrors.createError(
    'media.not_found',
    `There is no file '${fileNameOf(key)}': it was deleted, or was never stored. Ask the API for the item or the result again to see whether it has one.`,
  )
}
