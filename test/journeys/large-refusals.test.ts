import { beforeAll, describe, expect, inject, it } from 'vitest'
import { Client } from './client.ts'

const apiUrl = inject('apiUrl')
const megabyte = 1_000_000

/** A body whose length its sender does not tell. */
function createStream(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close()
      left -= megabyte
      controller.enqueue(new Uint8Array(megabyte).fill(0x20))
    },
  })
}

describe('who sends many bytes for nothing is told why', () => {
  let mario: Client

  beforeAll(async () => {
    mario = await Client.register(apiUrl)
    await mario.send('POST', '/api/datasets/', { name: 'Large' })
  })

  const send = async (route: string, body: BodyInit, headers: Record<string, string> = {}) => {
    const answer = await fetch(apiUrl + route, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${mario.accessToken}`, ...headers },
      duplex: 'half',
    } as RequestInit)
    return { status: answer.status, body: await answer.json() }
  }

  it('when the mask that comes before 40 MB of picture is wrong', async () => {
    const form = new FormData()
    form.append('datasetName', 'Large')
    form.append('mask', new File(['no picture at all'], 'mask.png'))
    form.append('image', new File([new Uint8Array(40 * megabyte)], 'photo.png'))
    const refused = await send('/api/datasets/data', form)
    expect(refused).toMatchObject({ status: 400, body: { code: 'media.kind_unsupported' } })
  })

  it('when an upload is larger than an upload may be', async () => {
    const form = new FormData()
    form.append('image', new File([new Uint8Array(96 * megabyte)], 'photo.png'))
    const refused = await send('/api/datasets/data', form)
    expect(refused).toMatchObject({ status: 413, body: { code: 'upload.too_large' } })
  })

  it('when JSON of untold length passes its limit', async () => {
    const refused = await send('/api/datasets/', createStream(20 * megabyte))
    expect(refused).toMatchObject({ status: 413, body: { code: 'request.too_large' } })
  })

  it('and none of it has cost anything', async () => {
    expect(await mario.balance()).toBe(100)
  })
})
