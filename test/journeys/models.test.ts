import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { Client, readSample } from './client.ts'

const container = path.resolve(import.meta.dirname, '../../inference-container')

/** The picture in another format, by Pillow. */
function convert(name: string, ending: 'webp'): Uint8Array<ArrayBuffer> {
  const source = path.resolve(import.meta.dirname, '../../docs/samples', name)
  const target = path.join(mkdtempSync(path.join(tmpdir(), 'picture-')), `picture.${ending}`)
  const program = 'import sys; from PIL import Image; Image.open(sys.argv[1]).save(sys.argv[2])'
  execFileSync(path.join(container, '.venv/bin/python'), ['-c', program, source, target])
  return new Uint8Array(readFileSync(target))
}

describe('an inference by a model that GET /api/models tells', () => {
  let mario: Client

  beforeAll(async () => {
    mario = await Client.register(inject('apiUrl'))
    await mario.send('POST', '/api/datasets/', { name: 'formats' })
    const pairs = [
      [readSample('rocket.jpg'), readSample('rocket-object-mask.png')],
      [convert('chelsea-scratch.png', 'webp'), readSample('chelsea-scratch-mask.png')],
      [readSample('chelsea-scratch.png'), readSample('chelsea-scratch-mask.png')],
    ] as const
    for (const [image, mask] of pairs) {
      expect((await mario.upload('formats', image, mask)).status).toBe(200)
    }
  })

  /** The first bytes, the type and the name of each result. */
  async function run(wanted: object) {
    const started = await mario.send('POST', '/api/inferences', {
      datasetName: 'formats',
      ...wanted,
    })
    expect(started.status, JSON.stringify(started.body)).toBe(201)
    const { job } = await mario.watch(started.body.jobId)
    expect(job).toMatchObject({ status: 'completed', succeededItems: 3, failedItems: 0 })
    const { body } = await mario.send('GET', `/api/inferences/${started.body.inference.id}/results`)
    const files = await Promise.all(
      body.data.images.map(async ({ downloadUrl }: { downloadUrl: string }) => {
        const answer = await fetch(downloadUrl)
        const bytes = Buffer.from(await answer.arrayBuffer())
        return {
          type: answer.headers.get('content-type'),
          name: /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1],
          begins: bytes.subarray(0, 12).toString('latin1'),
          bytes,
        }
      }),
    )
    return { results: body.data, files }
  }

  it('finds the three that need no weights ready, with what they take, and the learned ones not', async () => {
    const { status, body } = await mario.send('GET', '/api/models')
    expect(status).toBe(200)
    const byId = new Map(body.data.models.map((model: { id: string }) => [model.id, model]))
    expect(byId.get('patchmatch')).toMatchObject({
      ready: true,
      isDefault: true,
      aliases: ['default_inpainting'],
      parameters: { properties: { seed: { minimum: 0 }, patchSize: { maximum: 15 } } },
      speed: { milliseconds: expect.any(Number) },
    })
    expect(byId.get('telea')).toMatchObject({ parameters: { properties: { radius: {} } } })
    expect(byId.get('navier-stokes')).toMatchObject({ ready: true, commercialUse: true })
    expect(byId.get('lama')).toMatchObject({ ready: false, reason: expect.any(String) })
    expect(JSON.stringify(body)).not.toMatch(/INFERENCE_|\/v1\/|127\.0\.0\.1/)
  })

  it('gives each result its picture’s format, name and type', async () => {
    const { results, files } = await run({
      modelId: 'telea',
      parameters: { radius: 5, outputFormat: 'source' },
    })
    expect(results).toMatchObject({ modelId: 'telea', resolvedModelId: 'telea' })
    expect(results.carbonFootprint).toBeGreaterThan(0)
    expect(files).toMatchObject([
      {
        type: 'image/jpeg',
        name: 'photo_inpainted.jpg',
        begins: expect.stringMatching(/^\xff\xd8\xff/),
      },
      {
        type: 'image/webp',
        name: 'photo_inpainted.webp',
        begins: expect.stringMatching(/^RIFF.{4}WEBP/s),
      },
      { type: 'image/png', name: 'photo_inpainted.png', begins: expect.stringMatching(/^\x89PNG/) },
    ])
  })

  it('fills alike with one seed and otherwise with another, and says which model the default was', async () => {
    const first = await run({ parameters: { seed: 7 } })
    const again = await run({ parameters: { seed: '7', temporal: false } })
    const other = await run({ parameters: { seed: 8 } })
    expect(first.results).toMatchObject({
      modelId: 'default_inpainting',
      resolvedModelId: 'patchmatch',
    })
    const bytes = (each: typeof first) => each.files.map((file) => file.bytes.toString('base64'))
    expect(bytes(again)).toEqual(bytes(first))
    expect(bytes(other)[0]).not.toEqual(bytes(first)[0])
  })

  it.each([
    [
      { modelId: 'telea', parameters: { radius: 500 } },
      /"radius" of telea must be .* Received: 500$/,
    ],
    [{ parameters: { patchSize: '2.5' } }, /"patchSize" of patchmatch must be .* Received: 2.5$/],
    [{ parameters: { radius: 5 } }, /^Invalid parameter: radius\. Allowed parameters are: quality/],
    [{ modelId: 'lama' }, /^Unknown model: lama\. Available models are: default_inpainting, patch/],
    [{ parameters: { outputFormat: 'gif' } }, /webp, source\. Received: gif$/],
  ])('refuses %j and charges nothing', async (wanted, message) => {
    const before = await mario.balance()
    const answer = await mario.send('POST', '/api/inferences', {
      datasetName: 'formats',
      ...wanted,
    })
    expect(answer.status).toBe(400)
    expect(answer.body.message).toMatch(message)
    expect(await mario.balance()).toBe(before)
  })
})
