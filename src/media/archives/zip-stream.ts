import type { MediaStore } from '../store.ts'
import type { ByteSpan, ZipFile, ZipLayout, ZipPiece } from './zip-layout.ts'

/** Where a file's bytes are: in the store, or here. */
export type ZipContent = { readonly key: string } | { readonly inMemory: Uint8Array }

export type ZipMember = ZipFile & { readonly content: ZipContent }

export interface ZipStream {
  /** Has a known length, which becomes the answer's Content-Length. */
  readonly body: ReadableStream<Uint8Array>
  /** Rejects when an object is missing or differs from what the archive promises, or when the reader goes away. */
  readonly sent: Promise<void>
}

/** Pieces that are opened before they are needed: a header and an object alternate, so that two objects are on their way. */
const piecesAhead = 4

type OpenPiece = Uint8Array | ReadableStream<Uint8Array>

/**
 * Sends a span of an archive whose `members` are those that its layout was made of. Objects are read by ranges from the
 * store as fast as the reader takes them; nothing of them is kept. A reader that goes away ends every read.
 */
export function streamZip(archive: {
  readonly media: Pick<MediaStore, 'get'>
  readonly layout: ZipLayout
  readonly members: readonly ZipMember[]
  readonly span: ByteSpan
}): ZipStream {
  const { media, layout, members, span } = archive
  const { readable, writable } = new FixedLengthStream(span.length)
  const open = (piece: ZipPiece) => openPiece(media, members, piece)
  return { body: readable, sent: send(writable, openAhead(layout.pieces(span), open)) }
}

async function send(
  writable: WritableStream<Uint8Array>,
  opened: AsyncGenerator<OpenPiece>,
): Promise<void> {
  try {
    for await (const piece of opened) {
      if (piece instanceof Uint8Array) await write(writable, piece)
      else await piece.pipeTo(writable, { preventClose: true })
    }
    await writable.close()
  } catch (error) {
    await writable.abort(error).catch(() => undefined)
    throw error
  }
}

async function write(writable: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter()
  try {
    await writer.write(bytes)
  } finally {
    writer.releaseLock()
  }
}

/** Opens some pieces before they are asked for; those that nobody asked for in the end are closed. */
async function* openAhead(
  pieces: Iterable<ZipPiece>,
  open: (piece: ZipPiece) => Promise<OpenPiece>,
): AsyncGenerator<OpenPiece> {
  const waiting: Promise<OpenPiece>[] = []
  const takeFirst = () => waiting.shift() ?? Promise.reject(new RangeError('nothing is open'))
  try {
    for (const piece of pieces) {
      const opening = open(piece)
      // A failure is told when its turn comes, and until then is no unhandled one.
      opening.catch(() => undefined)
      waiting.push(opening)
      if (waiting.length > piecesAhead) yield await takeFirst()
    }
    while (waiting.length > 0) yield await takeFirst()
  } finally {
    for (const opening of waiting) void opening.then(closePiece).catch(() => undefined)
  }
}

async function closePiece(piece: OpenPiece): Promise<void> {
  if (!(piece instanceof Uint8Array)) await piece.cancel()
}

async function openPiece(
  media: Pick<MediaStore, 'get'>,
  members: readonly ZipMember[],
  piece: ZipPiece,
): Promise<OpenPiece> {
  if (piece.kind === 'made') return piece.bytes
  const member = members[piece.index]
  if (!member) throw new RangeError(`there is no file ${piece.index}`)
  const { content, bytes } = member
  const { offset, length } = piece
  if ('inMemory' in content) return content.inMemory.subarray(offset, offset + length)
  const object = await media.get(content.key, length === bytes ? undefined : { offset, length })
  if (object === null) throw new Error(`the object ${content.key} is no longer stored`)
  if (object.size === bytes) return object.body
  await object.body.cancel()
  throw new Error(`the object ${content.key} has ${object.size} bytes instead of ${bytes}`)
}
