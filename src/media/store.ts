import { createHash } from 'node:crypto'
import { formatInlineDisposition } from './file-names.ts'
import { MultipartWriter } from './multipart-writer.ts'

export interface ObjectDescription {
  readonly key: string
  readonly contentType: string
  /** The name under which a client saves the object; null for none. */
  readonly fileName: string | null
}

export interface StoredFacts {
  readonly bytes: number
  /** Lower-case hexadecimal. */
  readonly sha256: string
}

export interface StoredObject {
  readonly key: string
  readonly bytes: number
  /** Milliseconds since the epoch. */
  readonly uploadedAtMs: number
}

/** Every byte of media and results. An object's content never changes: a key is written once. */
export interface MediaStore {
  /** Stores bytes whose SHA-256 is known; R2 refuses them where it differs. */
  put(object: ObjectDescription & { bytes: Uint8Array; sha256: string }): Promise<void>
  /** Stores a stream of unknown length in parts; nothing is left when the stream fails. */
  putStream(object: ObjectDescription & { chunks: AsyncIterable<Uint8Array> }): Promise<StoredFacts>
  startMultipart(object: ObjectDescription): Promise<MultipartWriter>
  head(key: string): Promise<R2Object | null>
  /** The whole object or a range of it; null where there is none. */
  get(key: string, range?: R2Range): Promise<R2ObjectBody | null>
  /** The objects whose keys begin so, in the order of their keys; those after the key `after`, where one is given. */
  list(prefix: string, after?: string): AsyncIterable<StoredObject>
  /** A multipart upload: a new one where `multipartId` is null, or that one again. */
  openMultipart(
    object: ObjectDescription & { multipartId: string | null },
  ): Promise<R2MultipartUpload>
  /** Deletes whatever of these exists. */
  deleteMany(keys: readonly string[]): Promise<void>
  /** Deletes everything whose key begins so (`datasets/<user>/` or more) and returns how many objects there were. */
  deletePrefix(prefix: string): Promise<number>
}

type Bucket = Pick<
  R2Bucket,
  'head' | 'get' | 'put' | 'delete' | 'list' | 'createMultipartUpload' | 'resumeMultipartUpload'
>

const deletedAtOnceMax = 1000
const prefixPattern = /^(datasets|inferences|parts)\/[0-9a-f-]{36}\/([0-9a-f-]{36}[_/])?$/

export function createMediaStore(bucket: Bucket): MediaStore {
  return {
    async put({ bytes, sha256, ...object }) {
      await bucket.put(object.key, bytes, { httpMetadata: createMetadata(object), sha256 })
    },

    async putStream({ chunks, ...object }) {
      const writer = await this.startMultipart(object)
      const hash = createHash('sha256')
      let bytes = 0
      try {
        for await (const chunk of chunks) {
          hash.update(chunk)
          bytes += chunk.length
          await writer.write(chunk)
        }
        await writer.complete()
      } catch (error) {
        await writer.abort().catch(() => undefined)
        throw error
      }
      return { bytes, sha256: hash.digest('hex') }
    },

    async startMultipart(object) {
      return new MultipartWriter(await this.openMultipart({ ...object, multipartId: null }))
    },

    async openMultipart({ multipartId, ...object }) {
      if (multipartId !== null) return bucket.resumeMultipartUpload(object.key, multipartId)
      return bucket.createMultipartUpload(object.key, { httpMetadata: createMetadata(object) })
    },

    head: (key) => bucket.head(key),

    get: (key, range) => bucket.get(key, range ? { range } : {}),

    async *list(prefix, after) {
      let startAfter = after
      for (;;) {
        const page = await bucket.list({ prefix, ...(startAfter ? { startAfter } : {}) })
        for (const { key, size, uploaded } of page.objects) {
          yield { key, bytes: size, uploadedAtMs: uploaded.getTime() }
        }
        startAfter = page.objects.at(-1)?.key
        if (!page.truncated || startAfter === undefined) return
      }
    },

    async deleteMany(keys) {
      for (let start = 0; start < keys.length; start += deletedAtOnceMax) {
        await bucket.delete(keys.slice(start, start + deletedAtOnceMax))
      }
    },

    async deletePrefix(prefix) {
      if (!prefixPattern.test(prefix)) throw new RangeError(`'${prefix}' is no prefix of one owner`)
      let deleted = 0
      for (;;) {
        const page = await bucket.list({ prefix, limit: deletedAtOnceMax })
        await this.deleteMany(page.objects.map((object) => object.key))
        deleted += page.objects.length
        if (!page.truncated) return deleted
      }
    },
  }
}

function createMetadata({ contentType, fileName }: ObjectDescription): R2HTTPMetadata {
  if (fileName === null) return { contentType }
  return { contentType, contentDisposition: formatInlineDisposition(fileName) }
}
