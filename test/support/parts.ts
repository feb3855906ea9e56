import { env } from 'cloudflare:workers'
import { insertFileUpload } from '../../src/datasets/file-uploads/file-uploads.repository.ts'
import { partKey } from '../../src/media/keys.ts'
import { services, type TestUser } from './world.ts'

/** What R2 asks of every part but the last. */
export const partBytesMin = 5 * 1024 * 1024

/** A file whose parts are all there, smaller than a client would cut them. */
export async function sendInParts(user: TestUser, bytes: Uint8Array): Promise<string> {
  const id = crypto.randomUUID()
  const partCount = Math.ceil(bytes.length / partBytesMin)
  const nowMs = Date.now()
  await insertFileUpload(
    services.database,
    {
      id,
      userId: user.id,
      fileName: 'sent in parts',
      bytes: bytes.length,
      partBytes: partBytesMin,
      partCount,
      createdAt: nowMs,
      expiresAt: nowMs + 24 * 60 * 60_000,
    },
    { openMax: 10 },
  )
  for (let number = 1; number <= partCount; number += 1) {
    const key = partKey({ userId: user.id, fileUploadId: id, number })
    await env.MEDIA.put(key, bytes.slice((number - 1) * partBytesMin, number * partBytesMin))
  }
  return id
}
