import { env } from 'cloudflare:workers'
import {
  receiveUploadForm,
  type UploadFormOptions,
} from '../../../src/datasets/uploads/upload-form.ts'
import { datasetKey, uploadPrefix } from '../../../src/media/keys.ts'
import { createMediaStore } from '../../../src/media/store.ts'
import { samples } from '../../media/fixtures/files.ts'
import { createBytes } from '../../media/fixtures/streams.ts'

const store = createMediaStore(env.MEDIA)
export const megabyte = 1024 * 1024
const boundary = 'form-boundary-7f3a'

export interface Part {
  readonly name: string
  readonly fileName?: string
  /** Replaces what `name` and `fileName` would give. */
  readonly disposition?: string
  readonly content: Uint8Array | string
}

export const image: Part = { name: 'image', fileName: 'cat.png', content: samples.chelsea }
export const mask: Part = { name: 'mask', fileName: 'mask.png', content: samples.chelseaMask }
export const field: Part = { name: 'datasetName', content: 'photos' }

export function encodeForm(parts: readonly Part[], end = `--${boundary}--\r\n`): Uint8Array {
  const pieces = parts.flatMap(({ name, fileName, disposition, content }) => {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`
    const type = fileName === undefined && !disposition ? '' : 'Content-Type: image/png\r\n'
    const header = `Content-Disposition: ${disposition ?? `form-data; name="${name}"${file}`}`
    return [`--${boundary}\r\n${header}\r\n${type}\r\n`, content, '\r\n']
  })
  return Buffer.concat([...pieces, end].map((piece) => Buffer.from(piece)))
}

export function createRequest(
  body: Uint8Array | ReadableStream,
  headers: Record<string, string> = {},
): Request {
  return new Request('https://api.example.com/api/datasets/data', {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, ...headers },
    body,
  })
}

type Changes = Omit<Partial<UploadFormOptions>, 'limits'> & {
  readonly limits?: Partial<UploadFormOptions['limits']>
}

export function createOptions(changes: Changes = {}) {
  const place = { userId: crypto.randomUUID(), uploadId: crypto.randomUUID() }
  const options: UploadFormOptions = {
    store,
    createKey: (_file, extension) =>
      datasetKey({ ...place, fileId: crypto.randomUUID(), extension }),
    ...changes,
    limits: {
      uploadBytesMax: 95_000_000,
      pictureBytesMax: 64_000_000,
      maskBytesMax: 32_000_000,
      pixelsMax: 64_000_000,
      ...changes.limits,
    },
  }
  return { options, prefix: uploadPrefix(place) }
}

export function receive(parts: readonly Part[], changes: Changes = {}) {
  const { options, prefix } = createOptions(changes)
  return { form: receiveUploadForm(createRequest(encodeForm(parts)), options), prefix }
}

/** A video by its first bytes. */
export function createVideo(length: number): Uint8Array {
  const video = createBytes(length)
  video.set(Buffer.from('\0\0\0\x18ftypisom', 'latin1'))
  return video
}
