import { describe, expect, it } from 'vitest'
import { BodyReader } from '../../src/shared/request-body.ts'

const limits = { bytesMax: 50_000_000, msMax: 5_000, idleMsMax: 100 }
const chunkBytes = 1_000_000
const chunk = new Uint8Array(chunkBytes)

/** A sender of so many chunks, who then ends or says no more; tells how many were taken and whether it was cut off. */
function createSender({ chunks, ends = true }: { chunks: number; ends?: boolean }) {
  const sender = { taken: 0, isCutOff: false }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sender.taken < chunks) {
          sender.taken += 1
          controller.enqueue(chunk)
        } else if (ends) controller.close()
        else return new Promise(() => undefined)
      },
      cancel() {
        sender.isCutOff = true
      },
    },
    { highWaterMark: 0 },
  )
  return { sender, reader: new BodyReader(body) }
}

describe('a refused body', () => {
  it('is taken to its end, so that who sends before they listen hears the answer', async () => {
    const { sender, reader } = createSender({ chunks: 40 })
    await reader.read()
    await reader.dismiss(limits)
    expect(sender).toEqual({ taken: 40, isCutOff: false })
  })

  it('is taken by default up to more than an upload may hold', async () => {
    const { sender, reader } = createSender({ chunks: 100 })
    await reader.dismiss()
    expect(sender).toEqual({ taken: 100, isCutOff: false })
  })

  it('is cut off where it never ends', async () => {
    const { sender, reader } = createSender({ chunks: Number.POSITIVE_INFINITY })
    await reader.dismiss(limits)
    expect(sender.isCutOff).toBe(true)
    expect(sender.taken * chunkBytes).toBeLessThanOrEqual(limits.bytesMax + 2 * chunkBytes)
  })

  it('is cut off where its sender says no more, however often a read waits already', async () => {
    const { sender, reader } = createSender({ chunks: 3, ends: false })
    for (let read = 0; read < 3; read += 1) await reader.read()
    void reader.read()
    await reader.dismiss(limits)
    expect(sender).toEqual({ taken: 3, isCutOff: true })
  })

  it('that breaks off is got rid of without a word', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('the line is dead')),
    })
    await expect(new BodyReader(broken).dismiss(limits)).resolves.toBeUndefined()
    await expect(new BodyReader(null).dismiss(limits)).resolves.toBeUndefined()
  })
})

describe('a body that is waited for', () => {
  it('is given up where its sender falls silent, and the refusal says when', async () => {
    const { sender, reader } = createSender({ chunks: 2, ends: false })
    const told: unknown[] = []
    for (let read = 0; read < 3; read += 1) {
      told.push(await reader.readOrThrow(100).catch((error) => error))
    }
    expect(told).toMatchObject([chunk, chunk, { code: 'request.too_slow', status: 408 }])
    expect(sender).toEqual({ taken: 2, isCutOff: true })
  })

  it('that breaks off is refused as what it is, in words of ours', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('the line is dead')),
    })
    await expect(new BodyReader(broken).readOrThrow()).rejects.toMatchObject({
      code: 'request.broken_off',
      status: 400,
      message: expect.not.stringContaining('line'),
    })
  })

  it('is read to its end where it comes', async () => {
    const { reader } = createSender({ chunks: 1 })
    expect(await reader.readOrThrow()).toEqual(chunk)
    expect(await reader.readOrThrow()).toBeNull()
  })
})
