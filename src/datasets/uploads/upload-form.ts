import type { Hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type busboy from 'busboy'
import type { StoredExtension } from '../../media/keys.ts'
import { type ReceivedFile, receiveFile } from '../../media/received-file.ts'
import type { SpoolOptions } from '../../media/spool.ts'
import type { FileKind } from '../../media/stills/kind.ts'
import type { PairFile } from '../../media/stills/still-refusals.ts'
import type { ApiError } from '../../shared/errors.ts'
import { BodyReader } from '../../shared/request-body.ts'
import type { ContentDigest } from './content-digest.ts'
import {
  createCharsetError,
  createMalformedError,
  createParser,
  createParserError,
  ensureLength,
  fieldBytesMax,
  fieldsMax,
  pumpForm,
} from './form-parser.ts'
import { uploadErrors } from './uploads.errors.ts'

export interface UploadFormOptions {
  readonly limits: {
    /** The whole body. */
    readonly uploadBytesMax: number
    readonly pictureBytesMax: number
    readonly maskBytesMax: number
    readonly pixelsMax: number
  }
  readonly store: SpoolOptions['store']
  readonly createKey: (file: PairFile, extension: StoredExtension) => string
  /** Called when a file's kind is known; refuses it by throwing, before the rest is read. */
  readonly acceptKind?: (file: PairFile, kind: FileKind) => void | Promise<void>
  /** Awaited before the first byte of a file is stored. */
  readonly onSpill?: (file: PairFile, kind: FileKind) => Promise<void>
  /** Takes in what is sent, whole files and fields. */
  readonly digest?: ContentDigest | undefined
}

export interface UploadForm {
  /** The last value of each field. */
  readonly fields: Readonly<Record<string, string | undefined>>
  readonly image: ReceivedFile | null
  readonly mask: ReceivedFile | null
}

/**
 * Receives the form of an upload as it streams in: fields, and at most one file each under `image` and `mask`, in any
 * order. Files are checked on the way and not stored yet. Whatever it throws (`upload.…`, `media.…`, `mask.…`, and what
 * the options' callbacks throw), it has discarded what came before.
 */
export async function receiveUploadForm(
  request: Request,
  options: UploadFormOptions,
): Promise<UploadForm> {
  const body = new BodyReader(request.body)
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => undefined)
  const receptions = new Map<PairFile, Promise<ReceivedFile>>()
  const fields = new Map<string, string>()
  let parser: busboy.Busboy | null = null
  try {
    const { uploadBytesMax } = options.limits
    ensureLength(Number(request.headers.get('content-length') ?? 0), uploadBytesMax)
    parser = createParser(request)
    const closed = new Promise((resolve) => parser?.on('close', resolve))
    collectFields(parser, fields, options, failure.reject)
    collectFiles(parser, receptions, options, failure.reject)
    await Promise.race([failure.promise, pumpForm(body, parser, uploadBytesMax)])
    await Promise.race([failure.promise, closed])
    const image = (await receptions.get('image')) ?? null
    const mask = await readMask(image, receptions.get('mask'))
    return { fields: Object.fromEntries(fields), image, mask }
  } catch (error) {
    parser?.destroy()
    await discardAll(receptions)
    await body.dismiss()
    throw error
  }
}

/** An archive brings its masks with it: whatever came under `mask` is a placeholder. */
async function readMask(
  image: ReceivedFile | null,
  mask: Promise<ReceivedFile> | undefined,
): Promise<ReceivedFile | null> {
  if (image?.kind !== 'zip') return (await mask) ?? null
  await mask?.then(
    (placeholder) => placeholder.discard(),
    () => undefined,
  )
  return null
}

function collectFields(
  parser: busboy.Busboy,
  fields: Map<string, string>,
  { digest }: Pick<UploadFormOptions, 'digest'>,
  fail: (error: ApiError) => void,
): void {
  const refuse = () =>
    fail(createMalformedError(`it has more than ${fieldsMax} fields or too many parts`))
  parser.on('fieldsLimit', refuse)
  parser.on('partsLimit', refuse)
  parser.on('field', (name, value: string | undefined, { nameTruncated, valueTruncated }) => {
    if (value === undefined) return fail(createCharsetError(name))
    if (nameTruncated || valueTruncated) {
      fail(createMalformedError(`a field has more than ${fieldBytesMax} bytes`))
    }
    fields.set(name, value)
    digest?.addField(name, value)
  })
  parser.on('error', (error) => fail(createParserError(error)))
}

function collectFiles(
  parser: busboy.Busboy,
  receptions: Map<PairFile, Promise<ReceivedFile>>,
  options: UploadFormOptions,
  fail: (error: unknown) => void,
): void {
  const failMaskOf = createMaskJudge(fail)
  parser.on('file', (name, stream, { filename }) => {
    // A form sends a part without a file name where the user chose no file.
    const isChosen = typeof filename === 'string' && filename !== ''
    const isExpected = isPairFile(name) && !receptions.has(name)
    // A part that is refused is read no further, and what becomes of it then is nobody's error.
    stream.on('error', () => undefined)
    if (!isChosen || !isExpected) {
      stream.resume()
      if (isChosen) fail(createUnexpectedFileError(name))
      return
    }
    const { store, createKey, acceptKind, onSpill, limits, digest } = options
    const reception = receiveFile({
      file: name,
      fileName: filename,
      chunks: readPart(stream, digest?.beginFile(name, filename)),
      bytesMax: name === 'mask' ? limits.maskBytesMax : limits.pictureBytesMax,
      mediaBytesMax: limits.uploadBytesMax,
      // What its bytes are for is known with the image alone: a mask waits in memory until then.
      ...(name === 'mask' && { memoryBytesMax: limits.maskBytesMax }),
      pixelsMax: limits.pixelsMax,
      store,
      onSpill: onSpill && ((kind) => onSpill(name, kind)),
      createKey: (extension) => createKey(name, extension),
      async acceptKind(kind) {
        await acceptKind?.(name, kind)
        if (name === 'image') failMaskOf.image(kind)
      },
    })
    receptions.set(name, reception)
    reception.catch(name === 'mask' ? failMaskOf.mask : fail)
  })
}

/** A wrong mask ends the form as soon as the image is known not to be an archive, whose mask is a placeholder. */
function createMaskJudge(fail: (error: unknown) => void) {
  let imageKind: FileKind | null = null
  let failure: { readonly error: unknown } | null = null
  const judge = () => {
    if (failure && imageKind !== null && imageKind !== 'zip') fail(failure.error)
  }
  return {
    image(kind: FileKind) {
      imageKind = kind
      judge()
    },
    mask(error: unknown) {
      failure = { error }
      judge()
    },
  }
}

/**
 * A part's bytes; where the form breaks off in it, that is the form's error and not the file's. All of them go into the
 * hash, also those that nobody wants any more.
 */
async function* readPart(stream: Readable, hash: Hash | undefined): AsyncGenerator<Uint8Array> {
  try {
    // A file that is refused half-way is read on: the form goes on behind it.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      hash?.update(chunk)
      yield chunk
    }
  } catch (error) {
    throw createParserError(error)
  } finally {
    if (hash) stream.on('data', (chunk) => hash.update(chunk))
    stream.resume()
  }
}

async function discardAll(receptions: Map<PairFile, Promise<ReceivedFile>>): Promise<void> {
  const outcomes = await Promise.allSettled(receptions.values())
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') await outcome.value.discard()
  }
}

function isPairFile(name: string): name is PairFile {
  return name === 'image' || name === 'mask'
}

function createUnexpectedFileError(field: string) {
  return uploadErrors.createError(
    'upload.unexpected_file',
    'Unexpected file field or too many files',
    { field, expected: ['image', 'mask'] },
  )
}
