import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  type JoinProgress,
  joinParts,
  noJoinProgress,
} from '../../../src/datasets/file-uploads/join-parts.ts'
import {
  deleteFilesOf,
  readTakenFile,
  releaseFilesOf,
  takeFileUpload,
} from '../../../src/datasets/file-uploads/take-file-upload.ts'
import { datasetKey } from '../../../src/media/keys.ts'
import { createUser, services } from '../../support/world.ts'
import { getFile, listParts, type OpenFile, openFile, partBytes, sendPart } from './files.ts'

const hourMs = 3_600_000
const at = (nowMs: number) => ({ ...services, clock: { nowMs: () => nowMs } })
const take = (file: OpenFile, uploadId = crypto.randomUUID(), context = services) =>
  takeFileUpload(context, { userId: file.user.id, id: file.id, uploadId })

/** A file that is all there, with the hash of its bytes. */
async function sendFile(bytes: number): Promise<{ file: OpenFile; sha256: string }> {
  const file = await openFile({ bytes })
  const hash = createHash('sha256')
  for (let number = 1; number <= file.partCount; number += 1) {
    hash.update(await sendPart(file, number))
  }
  return { file, sha256: hash.digest('hex') }
}

describe('a file in parts that an upload takes', () => {
  it('is read as one, in the order of its parts', async () => {
    const { file, sha256 } = await sendFile(2 * partBytes + 3)
    const taken = await take(file)
    expect(taken).toMatchObject({ fileName: 'clip.mp4', bytes: 2 * partBytes + 3, partCount: 3 })
    const hash = createHash('sha256')
    for await (const chunk of readTakenFile(services.media, taken)) hash.update(chunk)
    expect(hash.digest('hex')).toBe(sha256)
  })

  it('is that upload’s alone, as often as it asks', async () => {
    const { file } = await sendFile(10)
    const uploadIds = Array.from({ length: 8 }, () => crypto.randomUUID())
    const takers = await Promise.allSettled(uploadIds.map((uploadId) => take(file, uploadId)))
    const winner = takers.findIndex(({ status }) => status === 'fulfilled')
    expect(takers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await take(file, uploadIds[winner])).id).toBe(file.id)
    await expect(take(file)).rejects.toMatchObject({
      code: 'file_uploads.taken',
      status: 409,
      message: expect.stringContaining(`was taken by the upload ${uploadIds[winner]}`),
    })
  })

  it('is not taken while parts are missing or too short, which are named', async () => {
    const file = await openFile({ bytes: 2 * partBytes + 10 })
    await sendPart(file, 2)
    await sendPart(file, 3, 9)
    await expect(take(file)).rejects.toMatchObject({
      code: 'file_uploads.parts_missing',
      status: 409,
      message: expect.stringContaining('2 of the 3 parts'),
      details: { missing: [1, 3], missingCount: 2 },
    })
    expect((await getFile(file)).body.data.takenBy).toBeNull()
  })

  it('names twenty of many missing parts', async () => {
    const file = await openFile({ bytes: 30 * partBytes })
    await expect(take(file)).rejects.toMatchObject({
      message: expect.stringContaining('18, 19, 20 and 10 more. GET /api/uploads/'),
    })
  })

  it('is none for another user, for an unknown id and after it has expired', async () => {
    const { file } = await sendFile(10)
    const stranger = { ...file, user: await createUser() }
    const gone = { code: 'file_uploads.not_found', status: 404 }
    await expect(take(stranger)).rejects.toMatchObject(gone)
    await expect(take({ ...file, id: crypto.randomUUID() })).rejects.toMatchObject(gone)
    await expect(take(file, undefined, at(Date.now() + 25 * hourMs))).rejects.toMatchObject(gone)
  })

  it('is there for another upload when it is given back, for an hour at least', async () => {
    const { file } = await sendFile(10)
    const uploadId = crypto.randomUUID()
    await take(file, uploadId)
    const late = { ...services, nowMs: Date.now() + 30 * hourMs }
    const userId = file.user.id
    await releaseFilesOf(late, { userId, uploadId: crypto.randomUUID() })
    await releaseFilesOf(late, { userId: crypto.randomUUID(), uploadId })
    await expect(take(file)).rejects.toMatchObject({ code: 'file_uploads.taken' })
    await releaseFilesOf(late, { userId, uploadId })
    expect((await take(file, undefined, at(Date.now() + 30.9 * hourMs))).id).toBe(file.id)
  })

  it('leaves nothing when the upload that took it deletes it', async () => {
    const { file } = await sendFile(10)
    const taking = { userId: file.user.id, id: file.id, uploadId: crypto.randomUUID() }
    await take(file, taking.uploadId)
    await deleteFilesOf(services, taking)
    await deleteFilesOf(services, taking)
    expect(await listParts(file)).toEqual([])
    expect((await getFile(file)).status).toBe(404)
  })
})

describe('the parts of a file, joined into one object', () => {
  const never = Number.POSITIVE_INFINITY

  async function prepare(bytes: number) {
    const { file, sha256 } = await sendFile(bytes)
    const place = { userId: file.user.id, uploadId: crypto.randomUUID() }
    const key = datasetKey({ ...place, fileId: crypto.randomUUID(), extension: 'mp4' })
    const taken = await take(file)
    const join = (progress: JoinProgress, untilMs = never) =>
      joinParts(services, { file: taken, key, contentType: 'video/mp4', untilMs, progress })
    return { file, key, sha256, join }
  }

  async function hashOf(key: string): Promise<string | null> {
    const object = await env.MEDIA.get(key)
    if (!object) return null
    return createHash('sha256')
      .update(new Uint8Array(await object.arrayBuffer()))
      .digest('hex')
  }

  it.each([1, partBytes, partBytes + 1, 5 * partBytes + 3])(
    'are the file again: %i bytes',
    async (bytes) => {
      const { key, sha256, join } = await prepare(bytes)
      expect((await join(noJoinProgress)).isDone).toBe(true)
      expect(await hashOf(key)).toBe(sha256)
      expect((await env.MEDIA.head(key))?.httpMetadata).toMatchObject({
        contentType: 'video/mp4',
        contentDisposition: expect.stringContaining('clip.mp4'),
      })
    },
  )

  it('go on where an earlier call had to stop, from its progress as JSON', async () => {
    const { key, sha256, join } = await prepare(9 * partBytes + 3)
    const first = await join(noJoinProgress, 0)
    expect(first).toMatchObject({ isDone: false })
    expect(first.parts).toHaveLength(4)
    expect(await hashOf(key)).toBeNull()
    const kept = JSON.parse(JSON.stringify(first)) as JoinProgress
    const second = await join(kept, 0)
    expect(second).toMatchObject({ multipartId: first.multipartId, isDone: false })
    expect(second.parts).toHaveLength(8)
    // The second call's progress was lost in a crash.
    expect((await join(kept)).isDone).toBe(true)
    expect(await hashOf(key)).toBe(sha256)
  })

  it('are done when the object is there, although a crash lost the word of it', async () => {
    const { key, sha256, join } = await prepare(5 * partBytes)
    const first = await join(noJoinProgress, 0)
    await join(first)
    expect((await join(first)).isDone).toBe(true)
    expect((await join(noJoinProgress)).isDone).toBe(true)
    expect(await hashOf(key)).toBe(sha256)
  })

  it('begin again when R2 has given the multipart upload up', async () => {
    const { key, sha256, join } = await prepare(5 * partBytes)
    const first = await join(noJoinProgress, 0)
    await env.MEDIA.resumeMultipartUpload(key, first.multipartId ?? '').abort()
    const again = await join(first)
    expect(again).toEqual(noJoinProgress)
    expect((await join(again)).isDone).toBe(true)
    expect(await hashOf(key)).toBe(sha256)
  })

  it('are refused when one of them is gone, which is named', async () => {
    const { file, key, join } = await prepare(2 * partBytes)
    await env.MEDIA.delete((await listParts(file))[1] ?? '')
    await expect(join(noJoinProgress)).rejects.toMatchObject({
      code: 'file_uploads.parts_missing',
      details: { missing: [2] },
    })
    expect(await hashOf(key)).toBeNull()
  })
})
