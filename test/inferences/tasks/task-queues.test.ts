import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  createSendTasks,
  readTaskMessage,
  type TaskMessage,
} from '../../../src/inferences/tasks/tasks.queue.ts'
import { end, ndjson, type ServiceCall, startWith, succeeded } from '../../support/inferences.ts'
import { assembleEnd, deliverAll, startVideos, videoConsumer } from '../../support/videos.ts'
import { services } from '../../support/world.ts'

afterEach(() => vi.restoreAllMocks())

const ids = { taskId: crypto.randomUUID(), inferenceId: crypto.randomUUID() }

describe('the queues of tasks', () => {
  it('lets what may last for minutes wait apart from what ends within seconds', async () => {
    const sent: Record<string, TaskMessage[]> = { tasks: [], videos: [] }
    const queueOf = (name: string) => ({
      sendBatch: (async (batch: Iterable<MessageSendRequest<TaskMessage>>) => {
        sent[name]?.push(...[...batch].map((message) => message.body))
      }) as unknown as Queue<TaskMessage>['sendBatch'],
    })
    const sendTasks = createSendTasks({ tasks: queueOf('tasks'), videos: queueOf('videos') })
    const messages = (['assemble', 'inpaint', 'encode'] as const).map((kind) => ({ ...ids, kind }))
    await sendTasks(messages)
    expect(sent).toEqual({ tasks: [messages[1], messages[2]], videos: [messages[0]] })
  })

  it('reads a message that names no kind', () => {
    expect(readTaskMessage(ids)).toEqual({ ...ids, kind: 'inpaint' })
    expect(readTaskMessage({ ...ids, kind: 'dance' })).toBeNull()
  })

  it('finishes and acknowledges pictures while a video of the same user hangs', async () => {
    const { assemble, look } = await startReadyToAssemble()
    const pictures = [await startWith(1), await startWith(1)]
    let isHeld = true
    const asked: string[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
      const { pathname } = new URL(String(url))
      asked.push(pathname)
      if (pathname === '/v1/assemble') {
        // Asked again and again: nothing of the test's own may be waited for within a consumer.
        while (isHeld) await new Promise((resolve) => setTimeout(resolve, 20))
        return ndjson([assembleEnd])
      }
      const { items } = JSON.parse(String(init?.body)) as ServiceCall
      return ndjson([...items.map((item) => succeeded(item.id)), end])
    })

    await services.sendTasks([assemble])
    await vi.waitFor(() => expect(asked).toEqual(['/v1/assemble']), { timeout: 5000 })
    // The second is delivered only when the first has been acknowledged.
    for (const { started, look: lookAtPicture } of pictures) {
      await services.sendTasks(started.messages)
      await vi.waitFor(async () => expect((await lookAtPicture()).status).toBe('COMPLETED'), {
        timeout: 5000,
      })
    }
    expect((await look()).status).toBe('RUNNING')
    isHeld = false
    await vi.waitFor(async () => expect((await look()).status).toBe('COMPLETED'), { timeout: 5000 })
    expect(asked).toEqual(['/v1/assemble', '/v1/inpaint', '/v1/inpaint'])
  }, 30_000)

  it('runs a video that waits for another one only once, though the sweep sent it again', async () => {
    const { assemble, look } = await startReadyToAssemble()
    let calls = 0
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
      calls += 1
      return ndjson([assembleEnd])
    })
    await services.sendTasks([assemble, assemble, assemble])
    await vi.waitFor(async () => expect((await look()).status).toBe('COMPLETED'), { timeout: 5000 })
    expect(calls).toBe(1)
  }, 30_000)
})

/** A video of which nothing is left to do but to be put together, and the message for that. */
async function startReadyToAssemble() {
  const { started, look } = await startVideos([{ frames: 2 }])
  let assemble: TaskMessage | undefined
  const context = videoConsumer()
  const sendTasks: typeof context.sendTasks = async (messages) => {
    assemble ??= messages.find((message) => message.kind === 'assemble')
    context.sent.push(...messages.filter((message) => message.kind !== 'assemble'))
  }
  await deliverAll({ ...context, sendTasks }, started.messages)
  if (!assemble) throw new Error('Nothing is left to be put together.')
  return { assemble, look }
}
