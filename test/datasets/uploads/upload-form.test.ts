import { describe, expect, it } from 'vitest'
import { receiveUploadForm } from '../../../src/datasets/uploads/upload-form.ts'
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
