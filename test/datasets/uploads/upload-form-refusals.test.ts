import { describe, expect, it } from 'vitest'
import {
  receiveUploadForm,
  type UploadFormOptions,
} from '../../../src/datasets/uploads/upload-form.ts'
import { refusalOf } from '../../media/fixtures/checks.ts'
import { samples } from '../../media/fixtures/files.ts'
import { listKeys } from '../../media/fixtures/streams.ts'
import {
  createOptions,
  createRequest,
  createVideo,
  encodeForm,
  field,
  image,
  mask,
  megabyte,
  type Part,
  receive,
} from './upload-form-fixtures.ts'

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
