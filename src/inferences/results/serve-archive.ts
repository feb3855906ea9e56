import { streamZip } from '../../media/archives/zip-stream.ts'
import { type Delivery, decideDelivery } from '../../media/delivery.ts'
import { formatAttachmentDisposition } from '../../media/file-names.ts'
import { protectiveHeaders, setDeliveryHeaders } from '../../media/serve-object.ts'
import type { MediaStore } from '../../media/store.ts'
import { describeError, type Logger } from '../../shared/logger.ts'
import type { ResultsArchive } from './build-archive.ts'

/**
 * Answers with an archive or the part of it that the request's headers ask for. One that still grows has other bytes
 * the next time: it offers no ranges and is sent whole.
 */
export function serveArchive(
  context: { readonly media: Pick<MediaStore, 'get'>; readonly logger: Logger },
  served: {
    readonly archive: ResultsArchive
    readonly fileName: string
    readonly isGrowing: boolean
    readonly request: Pick<Request, 'method' | 'headers'>
  },
): Response {
  const { archive, fileName, isGrowing, request } = served
  const { layout, members, etag } = archive
  const state = { etag, bytes: layout.totalBytes }
  const delivery: Delivery = isGrowing ? { status: 200 } : decideDelivery(request.headers, state)
  const headers = new Headers({
    ...protectiveHeaders,
    'Content-Type': 'application/zip',
    'Content-Disposition': formatAttachmentDisposition(fileName),
    'Cache-Control': isGrowing ? 'no-store' : 'private, no-cache',
    ...(isGrowing ? {} : { ETag: etag, 'Accept-Ranges': 'bytes' }),
  })
  setDeliveryHeaders(headers, delivery, layout.totalBytes)
  if (delivery.status === 304 || delivery.status === 416 || request.method === 'HEAD') {
    return new Response(null, { status: delivery.status, headers })
  }
  const span = delivery.status === 206 ? delivery : { offset: 0, length: layout.totalBytes }
  const { body, sent } = streamZip({ media: context.media, layout, members, span })
  sent.catch((error) => context.logger.warn('results_archive.cut_off', describeError(error)))
  return new Response(body, { status: delivery.status, headers })
}
