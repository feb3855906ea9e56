import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { sweepFileUploads } from '../../../src/datasets/file-uploads/sweep-file-uploads.ts'
import {
  releaseFilesOf,
  takeFileUpload,
} from '../../../src/datasets/file-uploads/take-file-upload.ts'
import { fileUploadPrefix, partKey } from '../../../src/media/keys.ts'
import { listKeys } from '../../media/fixtures/streams.ts'
import { request, services } from '../../support/world.ts'
import { getFile, listParts, openFile, sendPart } from './files.ts'

const hourMs = 3_600_000

/** Sweeps as if so many hours had passed, looking at parts from the first on. */
const sweep = (hours = 0, createId = () => '') =>
  sweepFileUploads({
    ...services,
    createId,
    clock: { nowMs: () => Date.now() + hours * hourMs },
  })

describe('the sweep of files in parts', () => {
  it('deletes what has expired, with its parts', async () => {
    const file = await openFile()
    await sendPart(file, 1)
    await sweep(24.1)
    expect((await getFile(file)).status).toBe(200)
    await sweep(24.5)
    expect(await listParts(file)).toEqual([])
    expect((await getFile(file)).status).toBe(404)
    await sweep(24.5)
  })

  it('leaves alone what an upload has taken, until it is given back', async () => {
    const file = await openFile()
    await sendPart(file, 1)
    const taking = { userId: file.user.id, id: file.id, uploadId: crypto.randomUUID() }
    await takeFileUpload(services, taking)
    await sweep(1000)
    expect(await listParts(file)).toHaveLength(1)
    await releaseFilesOf({ ...services, nowMs: Date.now() }, taking)
    await sweep(1000)
    expect(await listParts(file)).toEqual([])
  })

  it('deletes parts that arrive after their file was deleted', async () => {
    const [file, kept] = [await openFile(), await openFile()]
    await request(file.user, 'DELETE', `/api/uploads/${file.id}`)
    await sendPart(file, 1)
    await sendPart(kept, 1)
    await sweep()
    expect(await listParts(file)).toEqual([])
    expect(await listParts(kept)).toHaveLength(1)
  })

  it('looks at other parts each time, so that many do not hide a lost one', async () => {
    const place = (userId: string) => ({ userId, fileUploadId: crypto.randomUUID() })
    const lost = place('ffffffff-0000-4000-8000-000000000000')
    await env.MEDIA.put(partKey({ ...lost, number: 1 }), 'x')
    await sweep(0, () => 'ffffffff-ffff-4fff-8fff-ffffffffffff')
    expect(await listKeys(fileUploadPrefix(lost))).toHaveLength(1)
    await sweep(0, () => 'f0000000-0000-4000-8000-000000000000')
    expect(await listKeys(fileUploadPrefix(lost))).toEqual([])
  })

  it('deletes no more than fifty files in one run, and the rest in the next', async () => {
    const first = await openFile()
    for (let count = 1; count < 60; count += 1) await openFile({ user: first.user })
    const left = async () => {
      const query = 'SELECT count(*) AS count FROM file_uploads WHERE user_id = ?'
      return (await env.DB.prepare(query).bind(first.user.id).first<{ count: number }>())?.count
    }
    await sweep(30)
    expect(await left()).toBeGreaterThanOrEqual(10)
    await sweep(30)
    expect(await left()).toBe(0)
  })
})
