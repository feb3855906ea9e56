import { env } from 'cloudflare:workers'
import { bytesOfPart } from '../../../src/datasets/file-uploads/file-uploads.rules.ts'
import { fileUploadPrefix, partKey } from '../../../src/media/keys.ts'
import { createBytes, listKeys } from '../../media/fixtures/streams.ts'
import { createUser, request, type TestUser } from '../../support/world.ts'

export const partBytes = 8 * 1024 * 1024

export interface OpenFile {
  readonly user: TestUser
  readonly id: string
  readonly bytes: number
  readonly partBytes: number
  readonly partCount: number
}

/** A file that some user has opened. */
export async function openFile(
  options: { user?: TestUser; bytes?: number; fileName?: string } = {},
): Promise<OpenFile> {
  const user = options.user ?? (await createUser())
  const { body } = await request(user, 'POST', '/api/uploads', {
    json: { fileName: options.fileName ?? 'clip.mp4', bytes: options.bytes ?? 1000 },
  })
  const { id, bytes, partCount } = body.data
  return { user, id, bytes, partBytes: body.data.partBytes, partCount }
}

/** Stores a part as a client's PUT does, and answers its bytes. */
export async function sendPart(
  file: OpenFile,
  number: number,
  bytes?: number,
): Promise<Uint8Array> {
  const content = createBytes(bytes ?? bytesOfPart(file, number), number)
  const place = { userId: file.user.id, fileUploadId: file.id }
  await env.MEDIA.put(partKey({ ...place, number }), content)
  return content
}

export const listParts = (file: OpenFile) =>
  listKeys(fileUploadPrefix({ userId: file.user.id, fileUploadId: file.id }))

export const getFile = (file: OpenFile, query = '') =>
  request(file.user, 'GET', `/api/uploads/${file.id}${query}`)
