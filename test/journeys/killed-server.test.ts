import { randomFillSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createArchive } from '../media/archives/archive-builder.ts'
import { Client, readSample } from './client.ts'
import { canListProcesses, waitForNoProcess } from './setup/processes.ts'
import { type System, startSystem } from './setup/system.ts'

const MiB = 1024 * 1024
const password = 'AdminPassword123!'
const email = 'admin@system.com'

interface Part {
  readonly number: number
  readonly bytes: number
  readonly received: boolean
  readonly url: string
}

/** A pair, and enough that cannot be deflated beside it for several parts. */
const archive = createArchive([
  { name: 'image_1.png', content: readSample('chelsea-scratch.png'), method: 0 },
  { name: 'mask_1.png', content: readSample('chelsea-scratch-mask.png'), method: 0 },
  { name: 'notes.txt', content: randomFillSync(new Uint8Array(18 * MiB)), method: 0 },
])

describe('a file in parts, whose server is killed while it is sent', () => {
  let system: System
  let id: string
  let parts: readonly Part[]

  /** Everything is on new ports after a start. */
  const logIn = () => Client.logIn(system.apiUrl, email, password)
  const look = async () => (await (await logIn()).send('GET', `/api/uploads/${id}`)).body.data
  const put = async ({ url, number, bytes }: Part) => {
    const start = (parts[0]?.bytes ?? 0) * (number - 1)
    const body = archive.slice(start, start + bytes)
    return (await fetch(url, { method: 'PUT', body })).status
  }

  beforeAll(async () => {
    system = await startSystem()
    const administrator = await logIn()
    const file = { fileName: 'pairs.zip', bytes: archive.length }
    const opened = (await administrator.send('POST', '/api/uploads', file)).body.data
    id = opened.id
    parts = opened.parts
  })
  afterAll(async () => {
    await system.stop('SIGKILL')
    if (canListProcesses) await waitForNoProcess(system.stateFolder, 10_000)
    system.forget()
  })

  it('keeps the parts that had arrived, and asks for the others alone', async () => {
    expect(parts.length).toBeGreaterThan(2)
    const [first, second] = parts
    if (!first || !second) throw new Error('There are parts.')
    expect(await put(first)).toBe(200)
    const interrupted = put(second).catch(() => 'broken off')
    await system.stop('SIGKILL')
    await interrupted
    if (canListProcesses) await waitForNoProcess(system.stateFolder, 10_000)

    system = await startSystem({ stateFolder: system.stateFolder })
    const after = await look()
    parts = after.parts
    expect(after.state).toBe('open')
    expect(parts[0]?.received).toBe(true)
    expect(parts.at(-1)?.received).toBe(false)
  })

  it('goes on to its end, and becomes what it holds', async () => {
    for (const part of parts) if (!part.received) expect(await put(part)).toBe(200)
    expect((await look()).state).toBe('complete')
    const administrator = await logIn()
    await administrator.send('POST', '/api/datasets', { name: 'after', tags: [] })
    const sent = await administrator.send('POST', '/api/datasets/data', {
      datasetName: 'after',
      image: id,
    })
    expect(sent).toMatchObject({ status: 200, body: { processedItems: 1 } })
    const gone = await administrator.send('GET', `/api/uploads/${id}`)
    expect(gone.status).toBe(404)
  })
})
