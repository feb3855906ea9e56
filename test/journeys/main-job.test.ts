import { beforeAll, describe, expect, inject, it } from 'vitest'
import { Client, readSample } from './client.ts'
import { compareWithPhoto } from './pictures.ts'

const apiUrl = inject('apiUrl')
const photo = readSample('chelsea-scratch.png')
const mask = readSample('chelsea-scratch-mask.png')

describe('a scratch comes out of a photo', () => {
  let mario: Client

  beforeAll(async () => {
    mario = await Client.register(apiUrl)
    await mario.send('POST', '/api/datasets/', { name: 'My photos', tags: ['scratch'] })
    const uploaded = await mario.upload('My photos', photo, mask)
    expect(uploaded.body).toMatchObject({ tokenSpent: 0.65, userTokens: 99.35 })
  })

  it.each(['default_inpainting', 'patchmatch', 'telea', 'navier-stokes'])(
    'by %s, and outside the mask nothing changes',
    async (modelId) => {
      const before = await mario.balance()
      const started = await mario.send('POST', '/api/inferences/', {
        datasetName: 'My photos',
        modelId,
      })
      expect(started.status).toBe(201)
      const { job } = await mario.watch(started.body.jobId)
      expect(job).toMatchObject({ status: 'completed', succeededItems: 1, failedItems: 0 })
      const { body } = await mario.send(
        'GET',
        `/api/inferences/${started.body.inference.id}/results`,
      )
      const download = await fetch(body.data.images[0].downloadUrl)
      expect(download.headers.get('content-type')).toBe('image/png')
      expect(download.headers.get('content-disposition')).toContain('photo_inpainted.png')
      const changed = compareWithPhoto(new Uint8Array(await download.arrayBuffer()))
      expect(changed.outside).toBe(0)
      expect(changed.inside).toBeGreaterThan(0.9 * changed.holePixels)
      expect(await mario.balance()).toBeCloseTo(before - 2.75, 9)
    },
  )

  it('and is a JPEG where that was asked for', async () => {
    const started = await mario.send('POST', '/api/inferences/', {
      datasetName: 'My photos',
      modelId: 'telea',
      parameters: { outputFormat: 'jpg', quality: 'medium' },
    })
    const { job } = await mario.watch(started.body.jobId)
    const [image] = job.result.result.images
    expect(image.outputPath).toMatch(/\.jpg$/)
    const results = await mario.send('GET', `/api/inferences/${started.body.inference.id}/results`)
    const download = await fetch(results.body.data.images[0].downloadUrl)
    expect(download.headers.get('content-type')).toBe('image/jpeg')
    const head = new Uint8Array(await download.arrayBuffer()).subarray(0, 3)
    expect([...head]).toEqual([0xff, 0xd8, 0xff])
  })

  it('and an administrator sees every token of it, and adds some', async () => {
    const admin = await Client.logInAsAdministrator(apiUrl)
    const recharged = await admin.send('POST', '/api/admin/user-tokens', {
      email: mario.email.toUpperCase(),
      amount: 200,
    })
    expect(recharged.body.data.amountAdded).toBe(200)
    const seen = await admin.send('GET', `/api/admin/users/${mario.email}/tokens`)
    const { currentBalance, transactions } = seen.body.data
    expect(currentBalance).toBe(await mario.balance())
    const moved = transactions
      .filter((entry: { status: string }) => entry.status !== 'aborted')
      .reduce((sum: number, entry: { amount: number }) => sum + entry.amount, 0)
    expect(moved).toBeCloseTo(currentBalance, 9)
  })
})

describe('a job of a hundred pictures', () => {
  it('is paid exactly, and its progress moves from start to end', async () => {
    const luigi = await Client.register(apiUrl)
    const admin = await Client.logInAsAdministrator(apiUrl)
    await admin.send('POST', '/api/admin/user-tokens', { email: luigi.email, amount: 240 })
    await luigi.send('POST', '/api/datasets/', { name: 'many' })
    for (let round = 0; round < 7; round += 1) {
      const count = round < 6 ? 16 : 4
      const answers = await Promise.all(
        Array.from({ length: count }, () => luigi.upload('many', photo, mask)),
      )
      expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200))
    }
    const started = await luigi.send('POST', '/api/inferences/', {
      datasetName: 'many',
      modelId: 'telea',
    })
    const { progress, job } = await luigi.watch(started.body.jobId)
    expect(job).toMatchObject({ status: 'completed', succeededItems: 100, failedItems: 0 })
    expect(progress).toEqual([...progress].sort((a, b) => a - b))
    expect(new Set(progress.filter((value) => value > 0 && value < 100)).size).toBeGreaterThan(3)
    expect(await luigi.balance()).toBeCloseTo(340 - 100 * (0.65 + 2.75), 9)
  })
})

describe('a picture that only decoding finds broken', () => {
  it('fails alone and is refunded; the others are kept and paid', async () => {
    const anna = await Client.register(apiUrl)
    await anna.send('POST', '/api/datasets/', { name: 'mixed' })
    expect((await anna.upload('mixed', photo, mask)).status).toBe(200)
    const broken = await anna.upload('mixed', createBrokenWebp(451, 300), mask)
    expect([broken.status, broken.body.message]).toEqual([
      200,
      'Data uploaded and processed successfully',
    ])
    const started = await anna.send('POST', '/api/inferences/', {
      datasetName: 'mixed',
      modelId: 'telea',
    })
    const { job } = await anna.watch(started.body.jobId)
    expect(job).toMatchObject({ status: 'completed', succeededItems: 1, failedItems: 1 })
    expect(job.failures).toEqual([expect.objectContaining({ code: 'media.undecodable' })])
    expect(await anna.balance()).toBeCloseTo(100 - 2 * 0.65 - 2.75, 9)
  })
})

/** A WebP whose lengths and header are right, and whose image data are noise. */
function createBrokenWebp(width: number, height: number): Uint8Array<ArrayBuffer> {
  const noise = Uint8Array.from({ length: 4000 }, (_, index) => (index * 7919) % 251)
  const data = new Uint8Array(10 + noise.length)
  const firstPartition = 2000
  const frameTag = (firstPartition << 5) | 0x10
  data.set([frameTag & 255, (frameTag >> 8) & 255, (frameTag >> 16) & 255, 0x9d, 0x01, 0x2a])
  const view = new DataView(data.buffer)
  view.setUint16(6, width, true)
  view.setUint16(8, height, true)
  data.set(noise, 10)
  const file = new Uint8Array(20 + data.length)
  file.set(new TextEncoder().encode('RIFF'))
  new DataView(file.buffer).setUint32(4, 12 + data.length, true)
  file.set(new TextEncoder().encode('WEBPVP8 '), 8)
  new DataView(file.buffer).setUint32(16, data.length, true)
  file.set(data, 20)
  return file
}
