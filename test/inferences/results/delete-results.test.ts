import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { allSucceed, deliver, startWith } from '../../support/inferences.ts'
import { ask, balanceOf, createUser, request } from '../../support/world.ts'
import { askForZip, storeResults } from './stored-results.ts'

async function finish(images = 2) {
  const { mario, started, look } = await startWith(images)
  await deliver(allSucceed, started.messages)
  await storeResults(started.id)
  const address = `/api/inferences/${started.id}/results`
  const remove = () => request(mario, 'DELETE', address)
  return { mario, id: started.id, address, look, remove }
}

const countObjects = async (userId: string) =>
  (await env.MEDIA.list({ prefix: `inferences/${userId}/` })).objects.length

describe('the results of an inference', () => {
  it('carry the model, the carbon, the archive’s address and what became of each item', async () => {
    const { mario, id, address, look } = await finish()
    const { data } = (await request(mario, 'GET', address)).body
    const inference = await look()
    const zip = `http://127.0.0.1:8787/api/inferences/${id}/results.zip`
    const overview = {
      carbonFootprint: inference.carbonGrams,
      imageZip: zip,
      resultsDeletedAt: null,
    }
    expect(data).toMatchObject({ modelId: 'telea', ...overview })
    expect(inference).toMatchObject(overview)
    expect(data.items).toHaveLength(2)
    expect(data.items[0]).toEqual({
      position: 0,
      kind: 'image',
      originalPath: data.images[0].originalPath,
      imageName: 'photo 0.png',
      outputPath: data.images[0].outputPath,
      status: 'SUCCEEDED',
      width: 512,
      height: 512,
      sizeBytes: 1000,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      inpaintMs: 5,
      energyMethod: 'cpu-time-estimate',
      carbonGrams: expect.closeTo(inference.carbonGrams / 2, 9),
      error: null,
    })
  })

  it('name no archive before there is something in it', async () => {
    const { look } = await startWith(1)
    expect(await look()).toMatchObject({ imageZip: null, carbonFootprint: 0 })
  })
})

describe('deleting results', () => {
  it('deletes their objects, keeps the inference, and moves no token', async () => {
    const { mario, id, address, look, remove } = await finish()
    const before = await balanceOf(mario)
    const file = (await request(mario, 'GET', address)).body.data.images[0]
    const answer = await remove()
    expect(answer.status).toBe(200)
    const { resultsDeletedAt } = answer.body.data
    expect(answer.body.data).toEqual({
      inferenceId: id,
      resultsDeletedAt: expect.stringMatching(/^20.*Z$/),
      deletedObjects: 2,
    })
    expect(await countObjects(mario.id)).toBe(0)
    expect(await balanceOf(mario)).toBe(before)
    expect(await look()).toMatchObject({
      status: 'COMPLETED',
      succeededItems: 2,
      imageZip: null,
      resultsDeletedAt,
    })

    const name = file.outputPath.split('/').at(-1)
    const gone = [
      await request(mario, 'GET', address),
      await request(mario, 'GET', `/api/inferences/${id}/download/${name}`),
      await askForZip(mario, id),
    ]
    for (const { status, body } of gone) {
      expect([status, body.code, body.deletedAt]).toEqual([
        410,
        'inferences.results_deleted',
        resultsDeletedAt,
      ])
      expect(body.message).toContain(`were deleted at ${resultsDeletedAt}`)
    }
    const { pathname, search } = new URL(file.downloadUrl)
    const signed = await ask('GET', pathname + search)
    expect([signed.status, signed.body.code]).toEqual([404, 'media.not_found'])
  })

  it('again deletes what is left, and keeps the first time', async () => {
    const { mario, id, remove } = await finish()
    const first = await remove()
    await env.MEDIA.put(`inferences/${mario.id}/${id}/processed_late.png`, 'late')
    const again = await remove()
    expect(again.status).toBe(200)
    expect(again.body.data).toEqual({ ...first.body.data, deletedObjects: 1 })
    expect(await countObjects(mario.id)).toBe(0)
  })

  it('touches no other inference of the same user', async () => {
    const { mario, remove } = await finish()
    const other = `inferences/${mario.id}/${crypto.randomUUID()}/processed_x.png`
    await env.MEDIA.put(other, 'kept')
    await remove()
    expect(await env.MEDIA.head(other)).not.toBeNull()
  })

  it('is refused while the inference makes them', async () => {
    const { mario, started } = await startWith(17)
    await deliver(allSucceed, started.messages.slice(0, 1))
    const stored = await storeResults(started.id)
    const answer = await request(mario, 'DELETE', `/api/inferences/${started.id}/results`)
    expect([answer.status, answer.body.code]).toEqual([409, 'inferences.not_ended'])
    expect(answer.body.message).toBe(
      'The inference is RUNNING and still makes results. Delete them when it has ended.',
    )
    expect(await countObjects(mario.id)).toBe(stored.size)
  })

  it('is no other user’s business', async () => {
    const { mario, address } = await finish()
    const answer = await request(await createUser(), 'DELETE', address)
    expect([answer.status, answer.body.code]).toEqual([404, 'inferences.not_found'])
    expect(await countObjects(mario.id)).toBe(2)
  })
})
