import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { receiveUploadForm, type UploadFormOptions } from '../../src/datasets/upload-form.ts'
import { datasetKey, uploadPrefix } from '../../src/media/keys.ts'
import { createMediaStore } from '../../src/media/store.ts'
import { refusalOf } from '../media/fixtures/checks.ts'
import { samples } from '../media/fixtures/files.ts'
import { createBytes, listKeys } from '../media/fixtures/streams.ts'

const store = createMediaStore(env.MEDIA)
const megabyte = 1024 * 1024
const boundary = 'form-boundary-7f3a'

interface Part {
  readonly name: string
  readonly fileName?: string
  /** Replaces what `name` and `fileName` would give. */
  readonly disposition?: string
  readonly content: Uint8Array | string
}

const image: Part = { name: 'image', fileName: 'cat.png', content: samples.chelsea }
const mask: Part = { name: 'mask', fileName: 'mask.png', content: samples.chelseaMask }
const field: Part = { name: 'datasetName', content: 'photos' }

function encodeForm(parts: readonly Part[], end = `--${boundary}--\r\n`): Uint8Array {
  const pieces = parts.flatMap(({ name, fileName, disposition, content }) => {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`
    const type = fileName === undefined && !disposition ? '' : 'Content-Type: image/png\r\n'
    const header = `Content-Disposition: ${disposition ?? `form-data; name="${name}"${file}`}`
    return [`--${boundary}\r\n${header}\r\n${type}\r\n`, content, '\r\n']
  })
  return Buffer.concat([...pieces, end].map((piece) => Buffer.from(piece)))
}

function createRequest(
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

function createOptions(changes: Changes = {}) {
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

function receive(parts: readonly Part[], changes: Changes = {}) {
  const { options, prefix } = createOptions(changes)
  return { form: receiveUploadForm(createRequest(encodeForm(parts)), options), prefix }
}

/** A video by its first bytes. */
function createVideo(length: number): Uint8Array {
  const video = createBytes(length)
  video.set(Buffer.from('\0\0\0\x18ftypisom', 'latin1'))
  return video
}

describe("an upload's form", () => {
  const fps: Part = { name: 'fps', content: '2' }
  const orders: [string, Part[]][] = [
    ['fields first', [field, fps, image, mask]],
    ['fields last', [image, mask, field, fps]],
    ['the mask first', [mask, field, image, fps]],
    ['fields between', [image, field, fps, mask]],
  ]

  it.each(orders)('is received in any order: %s', async (_order, parts) => {
    const form = await receive(parts).form
    expect(form.fields).toEqual({ datasetName: 'photos', fps: '2' })
    expect(form.image).toMatchObject({
      fileName: 'cat.png',
      bytes: samples.chelsea.length,
      kind: 'picture',
    })
    expect(form.mask?.mask?.holePixels).toBeGreaterThan(0)
  })

  it('is not stored before it is told to be, and then is', async () => {
    const { form, prefix } = receive([field, image, mask])
    const { image: picture, mask: still } = await form
    expect(await listKeys(prefix)).toEqual([])
    await picture?.store()
    await still?.store()
    expect((await listKeys(prefix)).toSorted()).toEqual([picture?.key, still?.key].toSorted())
  })

  it('may lack files, or have them left open by a browser', async () => {
    expect(await receive([field]).form).toMatchObject({ image: null, mask: null })
    expect(await receive([field, image]).form).toMatchObject({ mask: null })
    const open = { name: 'mask', disposition: 'form-data; name="mask"; filename=""', content: '' }
    const form = await receive([field, image, open]).form
    expect(form.mask).toBeNull()
  })

  it('takes the form that a browser or fetch makes', async () => {
    const made = new FormData()
    made.set('datasetName', 'città')
    made.set('image', new File([samples.chelsea], 'gattò "1".png', { type: 'image/png' }))
    made.set('mask', new File([samples.chelseaMask], 'm.png'))
    const request = new Request('https://api.example.com/', { method: 'POST', body: made })
    const form = await receiveUploadForm(request, createOptions().options)
    expect(form.fields.datasetName).toBe('città')
    expect(form.mask?.mask?.width).toBe(451)
  })

  it.each([
    ['raw UTF-8', 'form-data; name="image"; filename="città 日本.png"', 'città 日本.png'],
    [
      'an encoded name',
      `form-data; name="image"; filename="x.png"; filename*=UTF-8''citt%C3%A0.png`,
      'città.png',
    ],
    ['a path', 'form-data; name="image"; filename="C:\\\\photos\\\\cat.png"', 'cat.png'],
    ['a climbing path', 'form-data; name="image"; filename="../../cat.png"', 'cat.png'],
  ])('keeps the name of a file: %s', async (_case, disposition, fileName) => {
    const form = await receive([{ name: 'image', disposition, content: samples.chelsea }]).form
    expect(form.image?.fileName).toBe(fileName)
  })

  it('is received sixteen at once, each whole', async () => {
    const forms = await Promise.all(
      Array.from({ length: 16 }, () => receive([field, image, mask]).form),
    )
    for (const form of forms) {
      expect(form.image?.sha256).toBe(forms[0]?.image?.sha256)
      expect(form.mask?.bytes).toBe(samples.chelseaMask.length)
    }
  })

  it('is received from the smallest pieces', async () => {
    const body = encodeForm([field, mask])
    let offset = 0
    const stream = new ReadableStream({
      pull(controller) {
        if (offset === body.length) return controller.close()
        controller.enqueue(body.subarray(offset, offset + 7))
        offset = Math.min(body.length, offset + 7)
      },
    })
    const form = await receiveUploadForm(createRequest(stream), createOptions().options)
    expect(form).toMatchObject({ fields: { datasetName: 'photos' }, mask: { kind: 'picture' } })
  })

  it('asks once before anything is stored, though both files are larger than memory', async () => {
    const calls: string[] = []
    const video = { ...image, content: createVideo(6 * megabyte) }
    const { form, prefix } = receive([field, video, { ...video, name: 'mask' }], {
      onSpill: async () => {
        calls.push('spill')
      },
    })
    const { image: picture, mask: still } = await form
    expect(calls).toEqual(['spill'])
    await picture?.store()
    await still?.store()
    expect(await listKeys(prefix)).toHaveLength(2)
  })
})

describe('a form that is refused', () => {
  const other = { ...image, name: 'photo' }
  const cases: [string, Part[], string][] = [
    ['a file under another name', [field, other], 'upload.unexpected_file'],
    ['two images', [image, image, mask], 'upload.unexpected_file'],
    ['two masks, the first in order', [image, mask, mask], 'upload.unexpected_file'],
    ['a wrong image', [{ ...image, content: 'no picture at all' }, mask], 'media.kind_unsupported'],
    [
      'a wrong mask behind a right image',
      [image, { ...mask, content: samples.chelsea }],
      'mask.not_binary',
    ],
    [
      'a cut image before a right mask',
      [{ ...image, content: samples.chelsea.subarray(0, 9000) }, mask],
      'media.truncated',
    ],
    ['an empty file', [{ ...image, content: '' }, mask], 'media.empty'],
    [
      'a field that is a book',
      [{ name: 'datasetName', content: 'x'.repeat(70_000) }, image],
      'upload.form_malformed',
    ],
    [
      'a hundred fields',
      [...Array.from({ length: 100 }, () => field), image],
      'upload.form_malformed',
    ],
  ]

  it.each(cases)('leaves nothing in the store: %s', async (_name, parts, code) => {
    const { form, prefix } = receive(parts)
    expect((await refusalOf(form)).code).toBe(code)
    expect(await listKeys(prefix)).toEqual([])
  })

  it("says it in the original's words", async () => {
    const unexpected = await refusalOf(receive([other]).form)
    expect(unexpected).toMatchObject({
      status: 400,
      message: 'Unexpected file field or too many files',
    })
    const request = createRequest(Buffer.from('{}'), { 'content-type': 'application/json' })
    const noForm = await refusalOf(receiveUploadForm(request, createOptions().options))
    expect(noForm).toMatchObject({
      status: 400,
      code: 'upload.files_required',
      message: 'Both image and mask files are required',
    })
  })

  it('is malformed where it is cut, wherever that is', async () => {
    const whole = encodeForm([field, mask, { name: 'fps', content: '1' }])
    const lastNeeded = whole.length - 4
    for (let length = 0; length < lastNeeded; length += Math.ceil(whole.length / 60)) {
      const { options, prefix } = createOptions()
      const form = receiveUploadForm(createRequest(whole.slice(0, length)), options)
      const { code } = await refusalOf(form)
      expect(code, `cut after ${length} bytes`).toBe('upload.form_malformed')
      expect(await listKeys(prefix)).toEqual([])
    }
  })

  it.each([
    ['no boundary', { 'content-type': 'multipart/form-data' }],
    ['another boundary', { 'content-type': 'multipart/form-data; boundary=other' }],
  ])('is malformed with %s', async (_case, headers) => {
    const request = createRequest(encodeForm([field, image, mask]), headers)
    const { code } = await refusalOf(receiveUploadForm(request, createOptions().options))
    expect(code).toBe('upload.form_malformed')
  })

  it('is malformed where its connection breaks', async () => {
    const body = encodeForm([field, image, mask])
    const pieces = [body.subarray(0, 50_000)]
    const stream = new ReadableStream({
      pull(controller) {
        const piece = pieces.pop()
        if (piece) controller.enqueue(piece)
        else controller.error(new Error('the client is gone'))
      },
    })
    const { options, prefix } = createOptions()
    const { code } = await refusalOf(receiveUploadForm(createRequest(stream), options))
    expect(code).toBe('upload.form_malformed')
    expect(await listKeys(prefix)).toEqual([])
  })

  it('is too large by what it says, before any of it is read', async () => {
    const request = createRequest(encodeForm([image]), { 'content-length': '95000001' })
    const refusal = await refusalOf(receiveUploadForm(request, createOptions().options))
    expect(refusal).toMatchObject({ code: 'upload.too_large', status: 413 })
    expect(refusal.message).toContain('95000000 bytes')
  })

  it('is too large by what comes, and its files each by their own limit', async () => {
    const limitsOf = async (limits: Partial<UploadFormOptions['limits']>) => {
      const { form, prefix } = receive([field, image, mask], { limits })
      const { code, status, message } = await refusalOf(form)
      expect(await listKeys(prefix)).toEqual([])
      return { code, status, message }
    }
    const whole = await limitsOf({ uploadBytesMax: 100_000 })
    expect(whole).toMatchObject({ code: 'upload.too_large', status: 413 })
    const picture = await limitsOf({ pictureBytesMax: 100_000 })
    expect(picture).toMatchObject({ code: 'media.too_large', status: 413 })
    expect(picture.message).toContain('The image has more than 100000 bytes')
    const still = await limitsOf({ maskBytesMax: 1000 })
    expect(still.message).toContain('The mask has more than 1000 bytes')
  })

  it('is refused by the caller for its kind, with most of it unread and nothing stored', async () => {
    const { form, prefix } = receive(
      [field, { ...image, content: createVideo(40 * megabyte) }, mask],
      {
        acceptKind(file, kind) {
          throw new RangeError(`no ${kind} as ${file}`)
        },
      },
    )
    await expect(form).rejects.toThrow('no video as image')
    expect(await listKeys(prefix)).toEqual([])
  })

  it('is refused when the spill is, and leaves nothing', async () => {
    const { form, prefix } = receive(
      [field, mask, { ...image, content: createVideo(8 * megabyte) }],
      {
        onSpill: async () => {
          throw new RangeError('no tokens left')
        },
      },
    )
    await expect(form).rejects.toThrow('no tokens left')
    expect(await listKeys(prefix)).toEqual([])
  })

  it('is answered though its body never ends, and the body is cancelled', async () => {
    const cancelled = Promise.withResolvers<string>()
    const start = encodeForm([{ ...image, content: 'no picture, and more '.repeat(9) }, mask], '')
    const stream = new ReadableStream({
      start: (controller) => controller.enqueue(start),
      cancel: () => cancelled.resolve('cancelled'),
    })
    const form = receiveUploadForm(createRequest(stream), createOptions().options)
    expect((await refusalOf(form)).code).toBe('media.kind_unsupported')
    expect(await cancelled.promise).toBe('cancelled')
  })
})
