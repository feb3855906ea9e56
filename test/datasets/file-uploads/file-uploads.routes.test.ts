import { describe, expect, it } from 'vitest'
import { markTaken } from '../../../src/datasets/file-uploads/file-uploads.repository.ts'
import { createUser, request, services } from '../../support/world.ts'
import { getFile, listParts, type OpenFile, openFile, partBytes, sendPart } from './files.ts'

const uploadId = crypto.randomUUID()

const take = ({ id, user }: OpenFile) =>
  markTaken(services.database, { id, userId: user.id, uploadId, nowMs: Date.now() })

describe('opening a file that is sent in parts', () => {
  it('answers where each part goes and how long it is', async () => {
    const user = await createUser()
    const { status, body } = await request(user, 'POST', '/api/uploads', {
      json: { fileName: 'C:\\clips\\città.mp4', bytes: partBytes + 7 },
    })
    expect(status).toBe(201)
    expect(body.data).toMatchObject({
      fileName: 'città.mp4',
      bytes: partBytes + 7,
      partBytes,
      partCount: 2,
      state: 'open',
      takenBy: null,
      receivedBytes: 0,
    })
    expect(body.data.parts).toMatchObject([
      { number: 1, bytes: partBytes, received: false },
      { number: 2, bytes: 7, received: false },
    ])
    const url = new URL(body.data.parts[1].url)
    expect(url.pathname).toContain(`/parts/${user.id}/${body.data.id}/00002`)
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host')
    const hour = Date.now() + 3_600_000
    expect(Math.abs(Date.parse(body.data.parts[1].urlExpiresAt) - hour)).toBeLessThan(10_000)
    const day = Date.now() + 24 * 3_600_000
    expect(Math.abs(Date.parse(body.data.expiresAt) - day)).toBeLessThan(10_000)
  })

  it('gives a hundred URLs at a time', async () => {
    const file = await openFile({ bytes: 150 * partBytes })
    const { parts } = (await getFile(file)).body.data
    expect(parts).toHaveLength(150)
    expect(parts.filter(({ url }: { url: string | null }) => url).length).toBe(100)
    expect(parts[99].url).not.toBeNull()
    expect(parts[100]).toMatchObject({ url: null, urlExpiresAt: null })
    await sendPart(file, 1)
    expect((await getFile(file)).body.data.parts[100].url).not.toBeNull()
  })

  const limit = '5000000000'
  it.each([
    [
      'no size',
      {},
      400,
      `bytes must be the size of the file, a whole number from 1 to ${limit} (received: nothing)`,
    ],
    ['no bytes', { bytes: 0 }, 400, '(received: 0)'],
    ['fewer than none', { bytes: -1 }, 400, '(received: -1)'],
    ['half a byte', { bytes: 1.5 }, 400, '(received: 1.5)'],
    ['a size in words', { bytes: '1000' }, 400, '(received: "1000")'],
    ['no number', { bytes: null }, 400, '(received: null)'],
    [
      'more than the limit',
      { bytes: 5_000_000_001 },
      413,
      `The file has 5000000001 bytes: a file that is sent in parts may have at most ${limit}. Encode it smaller, or cut it into several files.`,
    ],
    ['more than a number holds', { bytes: 1e300 }, 413, `at most ${limit}`],
    ['no name', { fileName: undefined }, 400, 'fileName must be text (received: nothing)'],
    ['a name that is no text', { fileName: ['a'] }, 400, 'fileName must be text (received: ["a"])'],
    ['a blank name', { fileName: '  ' }, 400, 'fileName holds no name (received: "  ")'],
    ['a folder’s name', { fileName: 'a/b/' }, 400, 'fileName holds no name (received: "a/b/")'],
    [
      'a name that is too long',
      { fileName: 'x'.repeat(256) },
      400,
      'fileName exceeds maximum length of 255 characters (current: 256)',
    ],
  ])('refuses %s', async (_case, changes, status, message) => {
    const json = { fileName: 'x.mp4', ...('fileName' in changes ? { bytes: 5 } : {}), ...changes }
    const user = await createUser()
    const answer = await request(user, 'POST', '/api/uploads', { json })
    expect(answer.body.message).toContain(message)
    expect(answer.status).toBe(status)
    expect((await request(user, 'GET', '/api/uploads')).body.data).toEqual([])
  })

  it('holds a user to a hundred files at a time, even when they are opened at once', async () => {
    const user = await createUser()
    const answers = []
    for (let round = 0; round < 3; round += 1) {
      const json = { fileName: 'x.mp4', bytes: 1 }
      const opened = Array.from({ length: 40 }, () =>
        request(user, 'POST', '/api/uploads', { json }),
      )
      answers.push(...(await Promise.all(opened)))
    }
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(100)
    const refused = answers.filter(({ status }) => status === 409)
    expect(refused).toHaveLength(20)
    expect(refused[0]?.body.message).toContain('You have 100 files in parts')
    expect((await openFile()).id).toBeDefined()
  })
})

describe('a file that was interrupted', () => {
  it('tells which parts are there, and where the others go', async () => {
    const file = await openFile({ bytes: 2 * partBytes + 5 })
    await sendPart(file, 1)
    await sendPart(file, 3)
    const { data } = (await getFile(file)).body
    expect(data).toMatchObject({ state: 'open', receivedBytes: partBytes + 5 })
    expect(data.parts.map(({ received }: { received: boolean }) => received)).toEqual([
      true,
      false,
      true,
    ])
    expect(data.parts.map(({ url }: { url: string | null }) => url !== null)).toEqual([
      false,
      true,
      false,
    ])
    await sendPart(file, 2)
    expect((await getFile(file)).body.data).toMatchObject({
      state: 'complete',
      receivedBytes: 2 * partBytes + 5,
    })
  })

  it('takes a part of another size for missing', async () => {
    const file = await openFile({ bytes: 10 })
    await sendPart(file, 1, 9)
    expect((await getFile(file)).body.data).toMatchObject({ state: 'open', receivedBytes: 0 })
  })

  it('leaves URLs out where they are not wanted', async () => {
    const { parts } = (await getFile(await openFile(), '?urls=false')).body.data
    expect(parts[0]).toMatchObject({ received: false, url: null, urlExpiresAt: null })
  })

  it('is found in the list of those that no upload has taken, newest first', async () => {
    const first = await openFile({ fileName: 'first.zip' })
    const { user } = first
    await openFile({ user, fileName: 'second.zip' })
    const third = await openFile({ user, fileName: 'third.zip' })
    await openFile()
    await take(third)
    const { body } = await request(user, 'GET', '/api/uploads?limit=1')
    expect(body.data.map(({ fileName }: { fileName: string }) => fileName)).toEqual(['second.zip'])
    expect(body.pagination).toEqual({
      totalItems: 2,
      currentPage: 1,
      totalPages: 2,
      itemsPerPage: 1,
    })
    const next = await request(user, 'GET', '/api/uploads?limit=1&page=2')
    expect(next.body.data[0]).toMatchObject({ id: first.id, fileName: 'first.zip' })
  })

  it('is said to be taken when an upload has it', async () => {
    const file = await openFile()
    await take(file)
    const { data } = (await getFile(file)).body
    expect(data).toMatchObject({ state: 'taken', takenBy: uploadId })
    expect(data.parts[0].url).toBeNull()
  })
})

describe('deleting a file that is sent in parts', () => {
  it('leaves nothing of it', async () => {
    const file = await openFile()
    const other = await openFile({ user: file.user })
    await sendPart(file, 1)
    await sendPart(other, 1)
    const answer = await request(file.user, 'DELETE', `/api/uploads/${file.id}`)
    expect(answer.status).toBe(200)
    expect(await listParts(file)).toEqual([])
    expect(await listParts(other)).toHaveLength(1)
    expect((await getFile(file)).status).toBe(404)
    expect((await request(file.user, 'DELETE', `/api/uploads/${file.id}`)).status).toBe(404)
  })

  it('is refused while an upload has it', async () => {
    const file = await openFile()
    await sendPart(file, 1)
    await take(file)
    const answer = await request(file.user, 'DELETE', `/api/uploads/${file.id}`)
    expect(answer.status).toBe(409)
    expect(answer.body.code).toBe('file_uploads.taken')
    expect(await listParts(file)).toHaveLength(1)
  })
})

describe('a file of somebody else', () => {
  it.each(['GET', 'DELETE'])('is none for %s, and stays as it is', async (method) => {
    const file = await openFile()
    await sendPart(file, 1)
    const answer = await request(await createUser(), method, `/api/uploads/${file.id}`)
    expect(answer.status).toBe(404)
    expect(answer.body.message).toContain(`You have no file in parts with the id '${file.id}'`)
    expect((await getFile(file)).body.data.state).toBe('complete')
  })

  it.each(['x', '..%2F..', "' OR 1=1"])('is none for the id %j', async (id) => {
    const answer = await request(await createUser(), 'GET', `/api/uploads/${encodeURI(id)}`)
    expect(answer.status).toBe(404)
  })
})
